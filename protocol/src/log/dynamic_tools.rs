//! Tools that the client provides, as stored in `session_meta` (format 2.3).
//!
//! Reads the tagged form and the older flat form; writes the tagged form.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::head::member_text;
use super::raw_json::RawJson;
use super::tagged::tagged_deserialize;

/// The tools in order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct DynamicTools(pub Vec<DynamicTool>);

/// A tool, or a namespace of tools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum DynamicTool {
    /// One tool.
    Function(DynamicFunction),
    /// Several tools under one name.
    Namespace(DynamicNamespace),
}

tagged_deserialize! {
    wire DynamicTool by "type" {
        "function" => Function newtype,
        "namespace" => Namespace newtype,
    }
}

/// One tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DynamicFunction {
    /// Name.
    pub name: String,
    /// What it does.
    #[serde(default)]
    pub description: String,
    /// JSON Schema of its arguments, as written.
    pub input_schema: RawJson,
    /// Whether it is found by search only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub defer_loading: bool,
}

/// Several tools under one name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DynamicNamespace {
    /// Name.
    pub name: String,
    /// What the tools are for; empty for namespaces read from the flat form.
    #[serde(default)]
    pub description: String,
    /// The tools, each with its tag.
    pub tools: Vec<DynamicTool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FlatTool {
    #[serde(default)]
    namespace: Option<String>,
    name: String,
    #[serde(default)]
    description: String,
    input_schema: RawJson,
    #[serde(default)]
    defer_loading: Option<bool>,
    #[serde(default)]
    expose_to_context: Option<bool>,
}

impl<'de> Deserialize<'de> for DynamicTools {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = Vec::<RawJson>::deserialize(deserializer)?;
        let tagged = entries
            .iter()
            .filter(|entry| member_text(entry.as_raw(), "type").is_some())
            .count();
        if tagged == entries.len() {
            let tools = entries.iter().map(RawJson::parse).collect::<Result<_, _>>();
            return tools.map(Self).map_err(D::Error::custom);
        }
        if tagged != 0 {
            return Err(D::Error::custom("dynamic tools mix the tagged and the flat form"));
        }
        let flat = entries.iter().map(RawJson::parse).collect::<Result<Vec<FlatTool>, _>>();
        flat.map(grouped).map_err(D::Error::custom)
    }
}

/// Groups flat entries by namespace, in first-seen order.
fn grouped(entries: Vec<FlatTool>) -> DynamicTools {
    let mut tools: Vec<DynamicTool> = Vec::new();
    for entry in entries {
        let function = DynamicTool::Function(DynamicFunction {
            name: entry.name,
            description: entry.description,
            input_schema: entry.input_schema,
            // `exposeToContext: false` is the older word for deferred loading.
            defer_loading: entry
                .defer_loading
                .unwrap_or_else(|| entry.expose_to_context == Some(false)),
        });
        let Some(name) = entry.namespace else {
            tools.push(function);
            continue;
        };
        let known = tools.iter_mut().find_map(|tool| match tool {
            DynamicTool::Namespace(namespace) if namespace.name == name => Some(namespace),
            _ => None,
        });
        match known {
            Some(namespace) => namespace.tools.push(function),
            None => tools.push(DynamicTool::Namespace(DynamicNamespace {
                name,
                description: String::new(),
                tools: vec![function],
            })),
        }
    }
    DynamicTools(tools)
}
