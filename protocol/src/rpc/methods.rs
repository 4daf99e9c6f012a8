//! The methods of Codex 0.169 in the order of its `unknown variant` error, and what the experimental gate holds back
//! (`app-server-api.md` 1.8, 1.9).
//!
//! A table only; which methods a server answers is the server's business.

use serde_json::Value;

/// What is known about a method before it is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MethodInfo {
    /// Its name.
    pub name: &'static str,
    /// Whether a client must opt into it.
    pub stability: Stability,
    /// Whether `params` may be absent.
    pub params: ParamsRule,
}

/// Whether a client must opt into a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stability {
    /// Open to every client.
    Stable,
    /// Needs the `experimentalApi` capability.
    Experimental,
}

/// Whether `params` may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamsRule {
    /// An object must be given, an empty one at least.
    Required,
    /// Absent and null are fine.
    Optional,
}

const fn stable(name: &'static str) -> MethodInfo {
    MethodInfo {
        name,
        stability: Stability::Stable,
        params: ParamsRule::Required,
    }
}

const fn stable_bare(name: &'static str) -> MethodInfo {
    MethodInfo {
        name,
        stability: Stability::Stable,
        params: ParamsRule::Optional,
    }
}

const fn gated(name: &'static str) -> MethodInfo {
    MethodInfo {
        name,
        stability: Stability::Experimental,
        params: ParamsRule::Required,
    }
}

const fn gated_bare(name: &'static str) -> MethodInfo {
    MethodInfo {
        name,
        stability: Stability::Experimental,
        params: ParamsRule::Optional,
    }
}

/// Every method of Codex 0.169, in its order.
pub const CODEX_METHODS: &[MethodInfo] = &[
    stable("initialize"),
    gated("server/diagnostics"),
    gated("userVerification/status"),
    gated("userVerification/enroll"),
    gated("userVerification/delete"),
    gated("userVerification/verify"),
    gated("userVerification/cancel"),
    stable("thread/start"),
    stable("thread/resume"),
    stable("thread/fork"),
    gated("thread/sample"),
    gated("thread/sample/cancel"),
    stable("thread/archive"),
    stable("thread/delete"),
    stable("thread/unsubscribe"),
    gated("thread/increment_elicitation"),
    gated("thread/decrement_elicitation"),
    stable("thread/name/set"),
    gated("thread/prediction/request"),
    stable("thread/goal/set"),
    stable("thread/goal/get"),
    stable("thread/goal/clear"),
    gated("thread/queue/add"),
    gated("thread/queue/list"),
    gated("thread/queue/update"),
    gated("thread/queue/delete"),
    gated("thread/queue/reorder"),
    gated("thread/queue/start"),
    stable("thread/metadata/update"),
    stable("thread/attachment/add"),
    stable("thread/attachment/list"),
    stable("thread/attachmentOwner/list"),
    stable("thread/attachment/remove"),
    stable("thread/section/move"),
    gated("thread/settings/update"),
    gated("thread/memoryMode/set"),
    gated("thread/memory/read"),
    gated("memory/status"),
    gated_bare("memory/reset"),
    gated_bare("rollout/compress"),
    stable("thread/unarchive"),
    stable("thread/compact/start"),
    stable("thread/shellCommand"),
    stable("thread/approveGuardianDeniedAction"),
    gated("thread/backgroundTerminals/clean"),
    gated("thread/backgroundTerminals/list"),
    gated("thread/backgroundTerminals/terminate"),
    stable("thread/revert"),
    stable("thread/list"),
    gated("project/list"),
    gated("project/read"),
    gated("project/create"),
    gated("project/import"),
    gated("project/update"),
    gated("project/move"),
    gated("project/delete"),
    stable("threadSection/list"),
    stable("threadSection/create"),
    stable("threadSection/update"),
    stable("threadSection/delete"),
    gated("thread/search"),
    gated("thread/searchOccurrences"),
    stable("thread/loaded/list"),
    stable("thread/read"),
    gated("thread/readState/update"),
    stable("thread/turns/list"),
    stable("thread/items/list"),
    gated("thread/items/read"),
    gated("thread/guardianReview"),
    stable("thread/inject_items"),
    gated("thread/prepareApprovedPlan"),
    stable("skills/list"),
    stable("skills/extraRoots/set"),
    stable("hooks/list"),
    stable("marketplace/add"),
    stable("marketplace/remove"),
    stable("marketplace/upgrade"),
    stable("plugin/list"),
    gated("plugin/search"),
    stable("plugin/installed"),
    stable("plugin/reconcile"),
    stable("plugin/read"),
    stable("plugin/skill/read"),
    stable("plugin/share/save"),
    stable("plugin/share/updateTargets"),
    stable("plugin/share/list"),
    stable("plugin/share/checkout"),
    stable("plugin/share/delete"),
    stable("app/read"),
    stable("app/list"),
    stable("app/installed"),
    stable("fs/readFile"),
    stable("fs/writeFile"),
    stable("fs/createDirectory"),
    stable("fs/getMetadata"),
    stable("fs/readDirectory"),
    stable("fs/remove"),
    stable("fs/copy"),
    stable("fs/watch"),
    stable("fs/unwatch"),
    stable("skills/config/write"),
    stable("plugin/install"),
    stable("plugin/uninstall"),
    stable("turn/start"),
    gated("turn/settings/update"),
    stable("turn/steer"),
    stable("turn/interrupt"),
    gated("thread/realtime/start"),
    gated("thread/realtime/appendAudio"),
    gated("thread/realtime/appendText"),
    gated("thread/realtime/appendSpeech"),
    gated("thread/realtime/stop"),
    gated("thread/timeline/list"),
    gated("thread/realtime/listVoices"),
    stable("review/start"),
    stable("model/list"),
    stable_bare("account/gatewayOAuth/read"),
    stable_bare("account/gatewayOAuth/login"),
    stable_bare("account/gatewayOAuth/cancel"),
    stable("modelProvider/list"),
    stable("modelProvider/config/write"),
    stable("modelProvider/capabilities/read"),
    stable("experimentalFeature/list"),
    stable("permissionProfile/list"),
    stable("experimentalFeature/enablement/set"),
    gated_bare("remoteControl/enable"),
    gated_bare("remoteControl/disable"),
    gated_bare("remoteControl/status/read"),
    gated("remoteControl/pairing/start"),
    gated("remoteControl/pairing/status"),
    gated("remoteControl/client/list"),
    gated("remoteControl/client/revoke"),
    gated("collaborationMode/list"),
    gated("mock/experimentalMethod"),
    gated("environment/add"),
    gated("environment/info"),
    gated("environment/status"),
    stable("mcpServer/oauth/login"),
    stable_bare("config/mcpServer/reload"),
    stable("mcpServerStatus/list"),
    stable("mcpServer/resource/read"),
    gated("mcpServer/event/stream/start"),
    gated("mcpServer/event/stream/stop"),
    stable("mcpServer/tool/call"),
    stable("windowsSandbox/setupStart"),
    stable_bare("windowsSandbox/readiness"),
    stable("account/login/start"),
    gated("account/bedrock/discover"),
    gated("account/bedrock/setup"),
    gated("account/gcp/setup"),
    gated("account/bedrock/checkGovCloudRequirements"),
    stable("account/login/cancel"),
    gated("accountSession/list"),
    gated("accountSession/switch"),
    stable_bare("account/logout"),
    stable_bare("account/securitySetup/read"),
    stable_bare("account/rateLimits/read"),
    stable("account/rateLimitResetCredit/consume"),
    stable_bare("account/usage/read"),
    stable_bare("account/workspaceMessages/read"),
    stable("account/sendAddCreditsNudgeEmail"),
    stable("feedback/upload"),
    stable("feedback/save"),
    stable("command/exec"),
    stable("command/exec/write"),
    stable("command/exec/terminate"),
    stable("command/exec/resize"),
    gated("process/spawn"),
    gated("process/writeStdin"),
    gated("process/kill"),
    gated("process/resizePty"),
    stable("config/read"),
    stable("externalAgentConfig/detect"),
    stable("externalAgentConfig/import"),
    stable("externalAgentConfig/import/recordHistory"),
    stable_bare("externalAgentConfig/import/readHistories"),
    stable("config/value/write"),
    stable("config/batchWrite"),
    stable_bare("configRequirements/read"),
    stable("account/read"),
    stable("getConversationSummary"),
    stable("gitDiffToRemote"),
    stable("getAuthStatus"),
    stable("fuzzyFileSearch"),
    gated("fuzzyFileSearch/sessionStart"),
    gated("fuzzyFileSearch/sessionUpdate"),
    gated("fuzzyFileSearch/sessionStop"),
];

/// Methods of this project, which Codex does not have; they are not part of the error that lists methods.
pub const OWN_METHODS: &[MethodInfo] = &[
    stable("thread/indexState"),
    stable("thread/append"),
    stable_bare("thread/trash/list"),
    stable("thread/trash/restore"),
    stable_bare("thread/trash/empty"),
    stable_bare("index/state"),
    stable("history/search"),
];

/// Finds a method of Codex or of this project.
pub fn find_method(name: &str) -> Option<&'static MethodInfo> {
    CODEX_METHODS
        .iter()
        .chain(OWN_METHODS)
        .find(|method| method.name == name)
}

/// Returns the text that follows `Invalid request: ` for a method that does not exist.
pub fn unknown_method_message(name: &str) -> String {
    let mut text = format!("unknown variant `{name}`, expected one of ");
    for (index, method) in CODEX_METHODS.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        text.push('`');
        text.push_str(method.name);
        text.push('`');
    }
    text
}

/// When a field trips the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trip {
    /// When it is present and not null.
    Value,
    /// When it is true.
    True,
    /// When it is present, null included.
    Present,
    /// When it is a non-empty text.
    Text,
}

/// Fields that need the `experimentalApi` capability, per method in the order in which they are reported.
const GATED_FIELDS: &[(&str, &[(&str, Trip)])] = &[
    (
        "thread/start",
        &[
            ("allowProviderModelFallback", Trip::True),
            ("runtimeWorkspaceRoots", Trip::Value),
            ("permissions", Trip::Value),
            ("multiAgentMode", Trip::Value),
            ("historyMode", Trip::Value),
            ("projectId", Trip::Value),
            ("daybreakEnabled", Trip::Value),
            ("environments", Trip::Value),
            ("dynamicTools", Trip::Value),
            ("selectedCapabilityRoots", Trip::Value),
            ("mockExperimentalField", Trip::Value),
            ("experimentalRawEvents", Trip::True),
        ],
    ),
    (
        "thread/resume",
        &[
            ("history", Trip::Value),
            ("path", Trip::Text),
            ("runtimeWorkspaceRoots", Trip::Value),
            ("permissions", Trip::Value),
            ("initialTurnsPage", Trip::Value),
        ],
    ),
    (
        "thread/fork",
        &[
            ("experimentalPredictionMode", Trip::True),
            ("experimentalDisablePredictionMcp", Trip::True),
            ("beforeTurnId", Trip::Value),
            ("path", Trip::Text),
            ("attachToSource", Trip::True),
            ("runtimeWorkspaceRoots", Trip::Value),
            ("permissions", Trip::Value),
            ("deferGoalContinuation", Trip::True),
        ],
    ),
    (
        "thread/metadata/update",
        &[("projectId", Trip::Value), ("daybreakEnabled", Trip::Value)],
    ),
    (
        "thread/list",
        &[
            ("includeAttachedThreads", Trip::True),
            ("projectId", Trip::Present),
            ("parentThreadId", Trip::Value),
            ("ancestorThreadId", Trip::Value),
            ("attachedToThreadId", Trip::Value),
        ],
    ),
    (
        "turn/start",
        &[
            ("responsesapiClientMetadata", Trip::Value),
            ("responsesapiClientMetadataPatch", Trip::Value),
            ("additionalContext", Trip::Value),
            ("environments", Trip::Value),
            ("runtimeWorkspaceRoots", Trip::Value),
            ("permissions", Trip::Value),
            ("cyberAccessProgram", Trip::Value),
            ("multiAgentMode", Trip::Value),
            ("collaborationMode", Trip::Value),
        ],
    ),
    (
        "turn/steer",
        &[
            ("responsesapiClientMetadata", Trip::Value),
            ("responsesapiClientMetadataPatch", Trip::Value),
            ("additionalContext", Trip::Value),
        ],
    ),
    ("command/exec", &[("permissionProfile", Trip::Value)]),
];

/// Finds the first field of a request that a client without the capability must not use.
pub fn gated_field(method: &str, params: &Value) -> Option<&'static str> {
    let (_, fields) = GATED_FIELDS.iter().find(|(name, _)| *name == method)?;
    fields
        .iter()
        .find(|(field, trip)| params.get(field).is_some_and(|value| trips(*trip, value)))
        .map(|(field, _)| *field)
}

fn trips(trip: Trip, value: &Value) -> bool {
    match trip {
        Trip::Present => true,
        Trip::Value => !value.is_null(),
        Trip::True => value == &Value::Bool(true),
        Trip::Text => value.as_str().is_some_and(|text| !text.is_empty()),
    }
}

#[cfg(test)]
#[path = "methods_tests.rs"]
mod methods_tests;
