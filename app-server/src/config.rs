//! The one setting of Codex's configuration that reading depends on: the default provider.
//!
//! Understands as much TOML as top-level string keys need; everything else is passed over.

/// Codex's provider when the configuration names none.
pub const DEFAULT_PROVIDER: &str = "openai";

/// Finds a top-level string of a TOML text.
///
/// Passes over comments, tables and multi-line strings, so that a key inside them is not taken for a top-level one.
pub fn top_level_string(toml: &str, key: &str) -> Option<String> {
    let mut inside: Option<&str> = None;
    let mut found = None;
    for line in toml.lines() {
        if let Some(quotes) = inside {
            if line.contains(quotes) {
                inside = None;
            }
            continue;
        }
        let line = line.trim_start();
        if line.starts_with('[') {
            break;
        }
        let Some((name, value)) = line.split_once('=') else {
            continue;
        };
        let (name, value) = (name.trim().trim_matches(['"', '\'']), value.trim_start());
        if let Some(quotes) = ["\"\"\"", "'''"].into_iter().find(|quotes| value.starts_with(quotes)) {
            if !value[3..].contains(quotes) {
                inside = Some(quotes);
            }
            continue;
        }
        if name == key {
            found = string_value(value);
        }
    }
    found
}

/// Decodes a basic or literal string at the start of a text.
fn string_value(text: &str) -> Option<String> {
    if let Some(literal) = text.strip_prefix('\'') {
        return literal.split_once('\'').map(|(value, _)| value.to_owned());
    }
    let mut value = String::new();
    let mut characters = text.strip_prefix('"')?.chars();
    loop {
        match characters.next()? {
            '"' => return Some(value),
            '\\' => value.push(escaped(&mut characters)?),
            other => value.push(other),
        }
    }
}

fn escaped(characters: &mut std::str::Chars<'_>) -> Option<char> {
    let digits = match characters.next()? {
        'b' => return Some('\u{8}'),
        't' => return Some('\t'),
        'n' => return Some('\n'),
        'f' => return Some('\u{c}'),
        'r' => return Some('\r'),
        'u' => 4,
        'U' => 8,
        other @ ('"' | '\\') => return Some(other),
        _ => return None,
    };
    let code: String = characters.take(digits).collect();
    char::from_u32(u32::from_str_radix(&code, 16).ok()?)
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod config_tests;
