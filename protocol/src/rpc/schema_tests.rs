//! The generated descriptions are complete and refer to nothing that is missing.

use serde_json::Value;

use super::{METHOD_TYPES, json_schema_files, typescript_files};
use crate::rpc::methods::find_method;

#[test]
fn every_described_method_exists_and_its_types_have_files() {
    let (schemas, modules) = (json_schema_files(), typescript_files());
    for types in METHOD_TYPES {
        assert!(find_method(types.method).is_some(), "{}", types.method);
        for name in [types.params, types.result] {
            assert!(schemas.contains_key(&format!("{name}.json")), "{name}");
            assert!(modules.contains_key(&format!("{name}.ts")), "{name}");
        }
    }
}

#[test]
fn schemas_are_json_and_name_every_member_of_a_thread() {
    for (name, text) in json_schema_files() {
        serde_json::from_str::<Value>(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let text = &json_schema_files()["ThreadReadResponse.json"];
    let schema: Value = serde_json::from_str(text).expect("checked above");
    let thread = &schema["definitions"]["Thread"];
    let required = thread["required"].as_array().expect("a list").len();
    assert_eq!(
        required,
        thread["properties"].as_object().expect("an object").len(),
        "every key is always present"
    );
    assert_eq!(required, 33);
}

#[test]
fn modules_import_only_modules_that_are_written() {
    let modules = typescript_files();
    for (name, text) in &modules {
        for (_, rest) in text.match_indices("from \"").map(|(at, _)| text.split_at(at + 6)) {
            let import = rest.split('"').next().expect("split yields a first part");
            let file = format!("{}.ts", import.trim_start_matches("./"));
            assert!(modules.contains_key(&file), "{name} imports {import}");
        }
    }
}

#[test]
fn generation_is_deterministic() {
    assert_eq!(json_schema_files(), json_schema_files());
    assert_eq!(typescript_files(), typescript_files());
}

#[test]
fn parameters_of_a_list_look_as_documented() {
    insta::assert_snapshot!(typescript_files()["ThreadListParams.ts"]);
}
