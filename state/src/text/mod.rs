//! Text rules: reducing Markdown, matching literals, cutting snippets, folding case, and what a preview is.
//!
//! Pure functions over strings; no SQL, no files, no positions in logs.

mod char_kind;
mod collapse;
mod folding;
mod markdown;
mod matcher;
mod parts;
mod preview;
mod snippet;
mod user_text;

pub use self::char_kind::MAX_TOKEN_CHARS;
pub(crate) use self::char_kind::{CharKind, char_kind};
pub use self::collapse::collapse_whitespace;
pub use self::folding::fold_into;
pub use self::markdown::{markdown_to_plain, may_join_words};
pub use self::matcher::{LiteralMatcher, LowercaseMatcher, MAX_TERM_BYTES, TermTooLong};
pub use self::parts::{MAX_IDENTIFIER_PARTS, Part, PartKind, each_part, has_word};
pub use self::preview::{Attachments, REQUEST_MARKER, UserText, is_context_text, request_text};
pub use self::snippet::{
    OccurrenceSnippet, SNIPPET_CHARS_AFTER, SNIPPET_CHARS_BEFORE, occurrence_snippet, search_snippet,
};
pub use self::user_text::{user_text_of_event, user_text_of_item};
