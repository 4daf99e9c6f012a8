//! Lexical path rules: file URIs, joining, normalising (format 4, 13.3).
//!
//! Works on text only; never asks the file system.

use std::borrow::Cow;

/// Returns the native path text of a `file:` URI; any other text is returned as it is.
#[must_use]
pub fn file_uri_to_path(text: &str) -> Cow<'_, str> {
    let Some(rest) = text.strip_prefix("file://") else {
        return Cow::Borrowed(text);
    };
    let Some(slash) = rest.find('/') else {
        return Cow::Borrowed(text);
    };
    let (host, path) = rest.split_at(slash);
    let path = percent_decoded(path);
    if !host.is_empty() && !host.eq_ignore_ascii_case("localhost") {
        return Cow::Owned(format!("//{host}{path}"));
    }
    match windows_drive(&path) {
        Some(drive_path) => Cow::Owned(drive_path),
        None => path,
    }
}

/// Returns `C:\dir` for `/C:/dir`.
fn windows_drive(path: &str) -> Option<String> {
    let bytes = path.as_bytes();
    let drive = bytes.len() >= 3 && bytes[1].is_ascii_alphabetic() && bytes[2] == b':';
    let rooted = bytes.get(3).is_none_or(|&byte| byte == b'/');
    (drive && rooted).then(|| path[1..].replace('/', "\\"))
}

fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let decoded = (first == b'%').then(|| hex_byte(tail)).flatten();
        if let Some(byte) = decoded {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    match String::from_utf8(bytes) {
        Ok(decoded) => Cow::Owned(decoded),
        // Not UTF-8 once decoded: the encoded text is the only faithful text there is.
        Err(_) => Cow::Borrowed(text),
    }
}

fn hex_byte(text: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(*text.first()?)? * 16 + digit(*text.get(1)?)?)
}

/// Returns the `file:` URI of an absolute POSIX path, as Codex stores it.
#[must_use]
pub fn path_to_file_uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len() + 7);
    uri.push_str("file://");
    for &byte in path.as_bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(&byte);
        if plain {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

/// Joins a path to an absolute base and normalises it; `None` when the result is not absolute.
#[must_use]
pub fn join_path(base: &str, path: &str) -> Option<String> {
    if is_absolute(path) {
        return Some(normalize_path(path));
    }
    is_absolute(base).then(|| normalize_path(&format!("{base}{}{path}", separator(base))))
}

fn is_absolute(path: &str) -> bool {
    path.starts_with('/') || is_windows(path)
}

fn is_windows(path: &str) -> bool {
    let bytes = path.as_bytes();
    path.starts_with("\\\\")
        || (bytes.len() >= 3
            && bytes[0].is_ascii_alphabetic()
            && bytes[1] == b':'
            && (bytes[2] == b'\\' || bytes[2] == b'/'))
}

fn separator(base: &str) -> char {
    if is_windows(base) { '\\' } else { '/' }
}

/// Removes `.` and `..` components and doubled separators, without asking the file system.
#[must_use]
pub fn normalize_path(path: &str) -> String {
    if is_windows(path) {
        normalize_windows(path)
    } else {
        normalize_posix(path)
    }
}

fn normalize_posix(path: &str) -> String {
    let rooted = path.starts_with('/');
    let parts = kept_parts(path.split('/'), rooted);
    match (rooted, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

fn normalize_windows(path: &str) -> String {
    let (prefix, rest) = match path.strip_prefix("\\\\") {
        Some(share) => ("\\\\".to_owned(), share),
        None => (format!("{}\\", &path[..2]), &path[3..]),
    };
    format!("{prefix}{}", kept_parts(rest.split(['\\', '/']), true).join("\\"))
}

fn kept_parts<'a>(parts: impl Iterator<Item = &'a str>, rooted: bool) -> Vec<&'a str> {
    let mut kept: Vec<&str> = Vec::new();
    for part in parts {
        match part {
            "" | "." => {}
            ".." => match kept.last() {
                Some(&last) if last != ".." => {
                    kept.pop();
                }
                // Above the root is the root.
                _ if rooted => {}
                _ => kept.push(part),
            },
            _ => kept.push(part),
        }
    }
    kept
}
