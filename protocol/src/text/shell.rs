//! Joining of program and arguments to one shell text (format 13.3).
//!
//! The only place that quotes for a shell.

/// Joins words with POSIX shell quoting, as the `shlex` crate's `try_join`.
///
/// A NUL byte cannot be quoted for any shell; words that hold one are joined with plain spaces,
/// all of them unquoted, so that nothing is lost from view.
#[must_use]
pub fn shell_join(words: &[String]) -> String {
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_nul| words.join(" "))
}
