//! `codex-threads search -i`: a search as you type, with the thread beside the hits.
//!
//! Declares only. What keys do (`state`) and what is shown (`view`) are pure; `run` and `terminal` do the rest.

mod run;
mod state;
mod terminal;
mod view;

pub(super) use self::run::run;
