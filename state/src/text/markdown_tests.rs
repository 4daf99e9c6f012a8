//! Tests of `markdown.rs`.

use super::markdown_to_plain;

fn check(markdown: &str, plain: &str) {
    assert_eq!(markdown_to_plain(markdown), plain, "{markdown:?}");
}

#[test]
fn inline_markup_vanishes() {
    check("**bold** text", "bold text");
    check("*a* __b__ _c_ ***d***", "a b c d");
    check("snake_case_name", "snake_case_name");
    check("a `code  span` b", "a code span b");
    check("``with ` tick``", "with ` tick");
    check("[text](http://x \"title\")", "text");
    check("[ref][a]\n\n[a]: http://x", "ref");
    check("<http://auto.link>", "http://auto.link");
    check("![alt *text*](pic.png)", "alt text");
    check("w**o**rd", "word");
}

#[test]
fn unmatched_markup_stays() {
    check("a * b ** c", "a * b ** c");
    check("[not a link] (x)", "[not a link] (x)");
    check("2 * 3 * 4", "2 * 3 * 4");
    check("`open", "`open");
}

#[test]
fn breaks_and_block_ends_become_one_space() {
    check("a\nb", "a b");
    check("a  \nb\\\nc", "a b c");
    check("a\n\nb", "a b");
    check("# head\ntext", "head text");
    check("head\n====\ntext", "head text");
    check("## closed ##\n", "closed");
    check("a\n\n---\n\nb", "a b");
    check("> quote\n> more\n\nafter", "quote more after");
    check("```rust\nfn main() {}\n```\nafter", "fn main() {} after");
    check("    indented\n\nafter", "indented after");
    check("~~~\n**not bold**\n~~~", "**not bold**");
}

#[test]
fn list_items_are_separated() {
    check("- a\n- b", "a b");
    check("1. a\n2. b", "a b");
    check("- a\n\n- b", "a b");
    check("* a\n+ b", "a b");
}

#[test]
fn a_nested_list_starts_without_separator() {
    check("- a\n- b\n  - c\n  - d\n- e", "a bc d e");
    check("1. x\n   1. y", "xy");
}

#[test]
fn a_list_nested_in_a_loose_item_is_separated() {
    check("- b\n\n  - c", "b c");
}

#[test]
fn raw_html_stays_as_written() {
    check("a <b>bold</b> c", "a <b>bold</b> c");
    check("<div>\n  *x*\n</div>\n\nafter", "<div> *x* </div> after");
    check("</script> &amp; ${x}", "</script> & ${x}");
    check("<!-- note -->", "<!-- note -->");
}

#[test]
fn entities_and_escapes_are_resolved() {
    check("a &amp; b &lt;c&gt; &copy; &#65; &#x42;", "a & b <c> © A B");
    check("\\*not\\* \\`code\\` \\\\", "*not* `code` \\");
    check("&unknown; &", "&unknown; &");
    check("`&amp; \\*`", "&amp; \\*");
    check("a&nbsp;b", "a b");
}

#[test]
fn extensions_are_off() {
    check("~~gone~~", "~~gone~~");
    check("| a | b |\n|---|---|\n| 1 | 2 |", "| a | b | |---|---| | 1 | 2 |");
    check("note[^1] here", "note[^1] here");
    check("[^1]: /url\n\nnote[^1]", "note^1");
    check("- [ ] open\n- [x] done", "[ ] open [x] done");
    check("$x^2$ and $$y$$", "$x^2$ and $$y$$");
    check("# head {#id}", "head {#id}");
    check("\"quoted\" -- dash...", "\"quoted\" -- dash...");
}

#[test]
fn white_space_is_collapsed_and_trimmed() {
    check("  a \t b\u{a0} c  ", "a b c");
    check("\n\n\n", "");
    check("", "");
}
