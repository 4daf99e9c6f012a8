//! Collapses runs of white space.
//!
//! White space is Unicode's `White_Space`, as everywhere in this module.

use std::borrow::Cow;

/// Replaces every run of white space by one space and trims the ends.
///
/// Text that is already in this form is returned as it is.
pub fn collapse_whitespace(text: &str) -> Cow<'_, str> {
    if is_collapsed(text) {
        return Cow::Borrowed(text);
    }
    let mut collapsed = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(word);
    }
    Cow::Owned(collapsed)
}

fn is_collapsed(text: &str) -> bool {
    let mut after_space = true; // a space at the start would have to go
    for c in text.chars() {
        if c.is_whitespace() {
            if after_space || c != ' ' {
                return false;
            }
            after_space = true;
        } else {
            after_space = false;
        }
    }
    !after_space || text.is_empty()
}

#[cfg(test)]
#[path = "collapse_tests.rs"]
mod collapse_tests;
