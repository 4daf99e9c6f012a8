//! Checks the shape of the workspace: the arrows between its crates, and what must not be there (design section 3, style guide).
//!
//! Reads the tree as text, with the standard library only. Each test names all offenders at once.
#![allow(clippy::disallowed_methods, reason = "reads the source tree")]

mod arrows;
mod limits;
mod source;
mod text;
mod tree;
