//! Reduces Markdown to plain text for the occurrence search in agent messages (`rollout-format.md` 13.3).
//!
//! CommonMark without extensions. Never used for display.

use pulldown_cmark::{Event, Options, Parser, TagEnd};

use super::collapse_whitespace;

/// Returns the text that a reader of the rendered Markdown sees, white space collapsed.
///
/// Text, code and raw HTML stay as written; breaks and ends of blocks become a space; all other markup vanishes.
pub fn markdown_to_plain(markdown: &str) -> String {
    let mut plain = String::with_capacity(markdown.len());
    for event in Parser::new_ext(markdown, Options::empty()) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                plain.push_str(&text);
            }
            Event::SoftBreak | Event::HardBreak | Event::Rule => plain.push(' '),
            // Only ends separate. So a list nested in a tight item starts without separator (`- b`, `  - c` is
            // `bc`): the real server does the same, and its offsets are to be met.
            Event::End(end) if ends_block(end) => plain.push(' '),
            Event::Start(_) | Event::End(_) => {}
            // Extensions, all off.
            Event::InlineMath(text) | Event::DisplayMath(text) => plain.push_str(&text),
            Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
        }
    }
    collapse_whitespace(&plain).into_owned()
}

/// Tells whether rendering Markdown can make words that are not in the source: by markup that vanishes within a word, by a
/// character that is written in another way, or by blocks that follow each other without a separator.
pub fn may_join_words(markdown: &str) -> bool {
    markdown.bytes().any(|byte| b"*_`[]()\\&<>~\n\r".contains(&byte))
}

fn ends_block(end: TagEnd) -> bool {
    match end {
        TagEnd::Emphasis
        | TagEnd::Strong
        | TagEnd::Strikethrough
        | TagEnd::Superscript
        | TagEnd::Subscript
        | TagEnd::Link
        | TagEnd::Image => false,
        TagEnd::Paragraph
        | TagEnd::Heading(_)
        | TagEnd::BlockQuote(_)
        | TagEnd::CodeBlock
        | TagEnd::HtmlBlock
        | TagEnd::List(_)
        | TagEnd::Item
        | TagEnd::FootnoteDefinition
        | TagEnd::DefinitionList
        | TagEnd::DefinitionListTitle
        | TagEnd::DefinitionListDefinition
        | TagEnd::Table
        | TagEnd::TableHead
        | TagEnd::TableRow
        | TagEnd::TableCell
        | TagEnd::MetadataBlock(_) => true,
    }
}

#[cfg(test)]
#[path = "markdown_tests.rs"]
mod markdown_tests;
