//! As much of Codex's `config.toml` as its few settings need that concern this server.
//!
//! Understands top-level strings and integers and the names of tables; everything else is passed over.

/// Codex's provider when the configuration names none.
pub const DEFAULT_PROVIDER: &str = "openai";

/// Finds a top-level string of a TOML text.
///
/// Passes over comments, tables and multi-line strings, so that a key inside them is not taken for a top-level one.
pub fn top_level_string(toml: &str, key: &str) -> Option<String> {
    top_level_value(toml, key).and_then(string_value)
}

/// Finds a top-level integer of a TOML text that is not negative.
pub(crate) fn top_level_integer(toml: &str, key: &str) -> Option<u64> {
    let value = top_level_value(toml, key)?;
    let digits = value.split('#').next().unwrap_or_default().trim();
    digits.replace('_', "").parse().ok()
}

/// Lists the tables `[parent.NAME]` of a TOML text, in their order; their own sub-tables are not listed.
pub(crate) fn table_names(toml: &str, parent: &str) -> Vec<String> {
    let name = |part: Part<'_>| {
        let Part::Table(header) = part else { return None };
        let name = header
            .trim()
            .strip_prefix(parent)?
            .trim_start()
            .strip_prefix('.')?
            .trim();
        match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
            Some(quoted) => Some(quoted.to_owned()),
            None => (!name.contains('.')).then(|| name.to_owned()),
        }
    };
    parts(toml).filter_map(name).collect()
}

fn top_level_value<'a>(toml: &'a str, key: &str) -> Option<&'a str> {
    let top_level = parts(toml).map_while(|part| match part {
        Part::Pair(name, value) => Some((name, value)),
        Part::Table(_) => None,
    });
    top_level
        .filter(|(name, _)| *name == key)
        .last()
        .map(|(_, value)| value)
}

/// A line of a TOML text that says something.
enum Part<'a> {
    /// Header of a table, without brackets.
    Table(&'a str),
    /// Key, and the start of its value.
    Pair(&'a str, &'a str),
}

fn parts(toml: &str) -> impl Iterator<Item = Part<'_>> {
    let mut inside: Option<&str> = None;
    toml.lines().filter_map(move |line| {
        if let Some(quotes) = inside {
            if line.contains(quotes) {
                inside = None;
            }
            return None;
        }
        let line = line.trim_start();
        if let Some(header) = line.strip_prefix('[') {
            return Some(Part::Table(header.split(']').next().unwrap_or_default()));
        }
        let (name, value) = line.split_once('=')?;
        let (name, value) = (name.trim().trim_matches(['"', '\'']), value.trim_start());
        if let Some(quotes) = ["\"\"\"", "'''"].into_iter().find(|quotes| value.starts_with(quotes)) {
            if !value[3..].contains(quotes) {
                inside = Some(quotes);
            }
            return None;
        }
        Some(Part::Pair(name, value))
    })
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
