//! A corpus with known answers, for how well a search ranks: stories among threads that share their words, and queries.

mod facts;
mod home;
mod queries;

pub use facts::{Facts, STORIES};
pub use home::{relevance_home, story_id};
pub use queries::{KnownQuery, Remembered, known_queries};
