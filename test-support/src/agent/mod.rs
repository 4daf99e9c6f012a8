//! What an agent emits while it works: facts in the canonical and in the legacy form, and generated sessions of them.
//!
//! Only declares and re-exports.

mod fact;
mod items;
mod messages;
mod session;

pub use fact::{Fact, Form, Record, Turn};
pub use session::{Pause, Session, session};

#[cfg(test)]
mod session_tests;
