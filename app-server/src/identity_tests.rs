//! How machines are described.

use super::{is_header_value, os_name, terminal};

#[test]
fn versions_have_three_numbers() {
    assert_eq!(
        os_name("PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\nVERSION_ID=\"12\"\n"),
        "Debian 12.0.0"
    );
    assert_eq!(
        os_name("ID=ubuntu\nVERSION_ID=\"24.04\"\n"),
        "Ubuntu 24.4.0".replace(".4.", ".04.")
    );
    assert_eq!(os_name("ID=\"arch\"\n"), "Arch unknown");
    assert_eq!(os_name("VERSION_ID=rolling\n"), "Linux rolling");
}

#[test]
fn terminals_prefer_the_program() {
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(terminal(text("vscode"), text("1.2"), text("xterm")), "vscode/1.2");
    assert_eq!(terminal(text("vscode"), None, text("xterm")), "vscode");
    assert_eq!(terminal(None, text("1.2"), text("xterm")), "xterm");
    assert_eq!(terminal(None, None, None), "unknown");
}

#[test]
fn header_values_have_no_control_characters() {
    assert!(is_header_value("a b\té日"));
    assert!(is_header_value(""));
    for text in ["a\n", "a\r", "\u{0}", "a\u{7f}"] {
        assert!(!is_header_value(text), "{text:?}");
    }
}
