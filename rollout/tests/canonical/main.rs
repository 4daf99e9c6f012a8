//! The canonicalizer seen from outside: one scripted session to its exact lines, and properties of generated sessions.

mod properties;
mod reader;
mod script;
mod session;
