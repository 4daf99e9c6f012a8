//! Hiding of secrets in the *view* of commands and queries (format 13.3).
//!
//! Never applied to stored lines or to output.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Regex, RegexSet};

/// Text that stands for a secret.
pub const REDACTED: &str = "[REDACTED_SECRET]";

struct Rule {
    pattern: Regex,
    replacement: &'static str,
}

struct Rules {
    /// Tells in one pass that no rule has anything to do, which is nearly always so.
    any: RegexSet,
    rules: [Rule; 4],
}

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let rule = |pattern: &str, replacement| Rule {
        pattern: Regex::new(pattern).expect("the patterns are constants and tested"),
        replacement,
    };
    let rules = [
        rule(r"sk-[A-Za-z0-9]{20,}", "[REDACTED_SECRET]"),
        rule(r"\bAKIA[0-9A-Z]{16}\b", "[REDACTED_SECRET]"),
        rule(r"(?i)\b(Bearer)(\s+)[A-Za-z0-9._\-]{16,}\b", "${1} [REDACTED_SECRET]"),
        rule(
            r#"(?i)\b(api[_-]?key|token|secret|password)\b(\s*[:=]\s*)(["']?)[^\s"']{8,}"#,
            "${1}${2}${3}[REDACTED_SECRET]",
        ),
    ];
    let any = RegexSet::new(rules.iter().map(|rule| rule.pattern.as_str())).expect("each of them is a pattern");
    Rules { any, rules }
});

/// Replaces what looks like a secret.
#[must_use]
pub fn redact_secrets(text: &str) -> Cow<'_, str> {
    let mut result = Cow::Borrowed(text);
    if !RULES.any.is_match(text) {
        return result;
    }
    for rule in &RULES.rules {
        if let Cow::Owned(changed) = rule.pattern.replace_all(&result, rule.replacement) {
            result = Cow::Owned(changed);
        }
    }
    result
}
