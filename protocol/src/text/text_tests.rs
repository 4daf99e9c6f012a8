//! Tables of the text rules of format 13.3.

use super::{
    file_uri_to_path, join_path, normalize_path, path_to_file_uri, redact_secrets, rfc3339_to_unix_ms, shell_join,
};

#[test]
fn secrets_are_replaced_and_lookalikes_stay() {
    let check = |text: &str, expected: &str| assert_eq!(redact_secrets(text), expected);
    check("key sk-abcdefghij0123456789 end", "key [REDACTED_SECRET] end");
    check("sk-abcdefghij012345678", "sk-abcdefghij012345678");
    check("AKIAABCDEFGHIJKLMNOP", "[REDACTED_SECRET]");
    check("AKIAABCDEFGHIJKLMNO", "AKIAABCDEFGHIJKLMNO");
    check(
        "-H 'Authorization: bearer abcdefghijklmnop'",
        "-H 'Authorization: bearer [REDACTED_SECRET]'",
    );
    check("Bearer abcdefghijklmno", "Bearer abcdefghijklmno");
    check("API_KEY=12345678", "API_KEY=[REDACTED_SECRET]");
    check("api-key : \"12345678\"", "api-key : \"[REDACTED_SECRET]\"");
    check("password='hunter2hunter2'", "password='[REDACTED_SECRET]'");
    check("token=1234567", "token=1234567");
    for untouched in [
        "my_token=123456789",
        "passwd=123456789",
        "\"password\":\"123456789\"",
        "ghp_abcdefghijklmnop",
    ] {
        check(untouched, untouched);
    }
}

#[test]
fn words_are_joined_as_shlex_does() {
    let join = |words: &[&str]| shell_join(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>());
    assert_eq!(join(&["/bin/bash", "-lc", "echo x"]), "/bin/bash -lc 'echo x'");
    assert_eq!(join(&["a", "", "it's"]), "a '' \"it's\"");
    assert_eq!(join(&[]), "");
    assert_eq!(join(&["a b", "c\0d"]), "a b c\0d");
}

#[test]
fn file_uris_become_native_paths() {
    let check = |uri: &str, expected: &str| assert_eq!(file_uri_to_path(uri), expected);
    check("file:///home/a%20b/%C3%A9", "/home/a b/é");
    check("file://localhost/x", "/x");
    check("file:///C:/dir/a%23.txt", "C:\\dir\\a#.txt");
    check("file://server/share/x", "//server/share/x");
    check("/plain/path%20", "/plain/path%20");
    check("file://", "file://");
    check("file:///bad%ff%zz", "/bad%ff%zz");
    check("file:///50%", "/50%");
    assert_eq!(path_to_file_uri("/a b/é#?"), "file:///a%20b/%C3%A9%23%3F");
}

#[test]
fn paths_are_joined_and_normalised_lexically() {
    assert_eq!(join_path("/w/app", "../a/./b//c").as_deref(), Some("/w/a/b/c"));
    assert_eq!(join_path("/w", "/abs/x").as_deref(), Some("/abs/x"));
    assert_eq!(join_path("/", "../../x").as_deref(), Some("/x"));
    assert_eq!(join_path("rel", "x"), None);
    assert_eq!(join_path("", "x"), None);
    assert_eq!(join_path("C:\\w", "..\\a/b").as_deref(), Some("C:\\a\\b"));
    assert_eq!(join_path("\\\\host\\share", "x").as_deref(), Some("\\\\host\\share\\x"));
    assert_eq!(normalize_path("a/../.."), "..");
    assert_eq!(normalize_path("a/.."), ".");
}

#[test]
fn times_are_read_in_both_forms() {
    let check = |text: &str, expected: Option<i64>| assert_eq!(rfc3339_to_unix_ms(text), expected, "{text}");
    check("1970-01-01T00:00:00Z", Some(0));
    check("2026-11-22T07:43:53.628Z", Some(1_795_333_433_628));
    check("2026-11-22T07:43:53.6284567+02:00", Some(1_795_326_233_628));
    check("2026-11-22T07:43:53.6-00:30", Some(1_795_335_233_600));
    check("2024-02-29T00:00:00Z", Some(1_709_164_800_000));
    check("1969-12-31T23:59:59.999Z", Some(-1));
    check("2025-09-01T10-00-00", Some(1_756_720_800_000));
    for bad in [
        "",
        "2025-09-01",
        "2023-02-29T00:00:00Z",
        "2025-13-01T00:00:00Z",
        "2025-09-01T10:00:00",
        "2025-09-01T10:00:00.Z",
        "2025-09-01T10-00-00Z",
        "2025-09-01T25:00:00Z",
        "2025-09-01T10:00:00+2:00",
        "2025-09-01T1é:00:00Z",
    ] {
        check(bad, None);
    }
}
