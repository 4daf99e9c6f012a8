//! A store that keeps rollouts as bytes in memory and nothing else: the strict model that other stores are held to.
//!
//! Every request folds from the first byte and answers by building whole lists, then filtering, sorting and cutting.
//! Shares only pure code with the local store; none of its walking over segments, none of its index.

mod history;
mod history_search;
mod home;
mod inherited;
mod lifecycle;
mod list;
mod pages;
mod rollout;
mod search;
mod store;
mod trash;
mod writes;

pub use self::home::MemoryRollout;
pub use self::store::MemoryStore;
