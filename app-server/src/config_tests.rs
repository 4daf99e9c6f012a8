//! What is read out of a configuration, and what is passed over.

use super::top_level_string;

#[track_caller]
fn check(toml: &str, expected: Option<&str>) {
    assert_eq!(top_level_string(toml, "model_provider").as_deref(), expected, "{toml}");
}

#[test]
fn top_level_strings_are_read_in_every_notation() {
    check("model_provider = \"mock\"", Some("mock"));
    check(
        "model=\"m\"\nmodel_provider=\"mock\" # why\n[model_providers.mock]",
        Some("mock"),
    );
    check("\"model_provider\" = 'C:\\mock'", Some("C:\\mock"));
    check("model_provider = \"a\\\"b\\u00e9\\n\"", Some("a\"bé\n"));
    check("model_provider = \"a#b\"", Some("a#b"));
}

#[test]
fn everything_else_is_passed_over() {
    check("", None);
    check("# model_provider = \"x\"", None);
    check("[profiles.x]\nmodel_provider = \"x\"", None);
    check("text = \"\"\"\nmodel_provider = \"x\"\n\"\"\"\n", None);
    check(
        "text = '''\nmodel_provider = \"x\"\n'''\nmodel_provider = \"y\"",
        Some("y"),
    );
    check("text = \"\"\"one line\"\"\"\nmodel_provider = \"y\"", Some("y"));
    check("model_provider = 5", None);
    check("model_provider = \"unclosed", None);
    check("model_provider_x = \"x\"", None);
}
