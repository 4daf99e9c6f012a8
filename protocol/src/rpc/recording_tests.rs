//! What recording clients send and get: decoding errors in the real server's words, and shapes on the wire.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::append::{ThreadAppendItem, ThreadAppendParams};
use super::change::{ThreadMemoryModeSetParams, ThreadMetadataUpdateParams};
use super::envelope::{Incoming, decode_exact_params, decode_message, decode_params};
use super::live::ThreadTokenUsage;
use super::resume::ThreadResumeParams;
use super::settings::{AskForApproval, MultiAgentMode, SandboxMode, SandboxPolicy};
use super::start::ThreadStartParams;
use crate::log::RawJson;
use crate::log::event::{EventMsg, TokenCountEvent};

#[track_caller]
fn check<P: DeserializeOwned>(params: Value, expected: &str) {
    let text = params.to_string();
    match decode_params::<P>(params) {
        Ok(_) => panic!("{text} was accepted"),
        Err(error) => assert_eq!(error.to_string(), expected, "{text}"),
    }
}

#[test]
fn settings_are_refused_in_the_words_of_the_real_server() {
    check::<ThreadStartParams>(
        json!({"sandbox": "workspaceWrite"}),
        "unknown variant `workspaceWrite`, expected one of `read-only`, `workspace-write`, `danger-full-access`",
    );
    check::<ThreadStartParams>(
        json!({"approvalPolicy": "sometimes"}),
        "unknown variant `sometimes`, expected one of `untrusted`, `on-request`, `granular`, `never`",
    );
    check::<ThreadStartParams>(
        json!({"sessionStartSource": "x"}),
        "unknown variant `x`, expected `startup` or `clear`",
    );
    check::<ThreadStartParams>(
        json!({"historyMode": "bogus"}),
        "unknown variant `bogus`, expected `legacy` or `paginated`",
    );
    let relative = "AbsolutePathBuf deserialized without a base path";
    check::<ThreadStartParams>(json!({"runtimeWorkspaceRoots": ["/a", "x"]}), relative);
    check::<ThreadResumeParams>(json!({"threadId": "t", "runtimeWorkspaceRoots": [""]}), relative);
    check::<ThreadResumeParams>(json!({}), "missing field `threadId`");
    check::<ThreadMemoryModeSetParams>(
        json!({"threadId": "t", "mode": "weird"}),
        "unknown variant `weird`, expected `enabled` or `disabled`",
    );
}

#[test]
fn every_member_of_a_start_may_be_absent_or_null() {
    let members = [
        "model",
        "cwd",
        "config",
        "ephemeral",
        "historyMode",
        "runtimeWorkspaceRoots",
        "dynamicTools",
        "environments",
        "personality",
        "multiAgentMode",
        "eventStyle",
    ];
    let nulls: Value = members
        .iter()
        .map(|member| ((*member).to_owned(), Value::Null))
        .collect();
    let none: ThreadStartParams = decode_params(json!({})).expect("nothing is required");
    assert_eq!(decode_params::<ThreadStartParams>(nulls).expect("null is absent"), none);
    assert_eq!(none, ThreadStartParams::default());
}

#[test]
fn settings_look_like_codexs() {
    let shapes = [
        (
            serde_json::to_value(SandboxPolicy::from(SandboxMode::DangerFullAccess)),
            json!({"type": "dangerFullAccess"}),
        ),
        (
            serde_json::to_value(SandboxPolicy::from(SandboxMode::ReadOnly)),
            json!({"type": "readOnly", "networkAccess": false}),
        ),
        (
            serde_json::to_value(SandboxPolicy::from(SandboxMode::WorkspaceWrite)),
            json!({"type": "workspaceWrite", "writableRoots": [], "networkAccess": false,
                "excludeTmpdirEnvVar": false, "excludeSlashTmp": false}),
        ),
        (serde_json::to_value(AskForApproval::OnRequest), json!("on-request")),
        (
            serde_json::to_value(MultiAgentMode::default()),
            json!("explicitRequestOnly"),
        ),
        (
            serde_json::to_value(MultiAgentMode::Custom("x".to_owned())),
            json!({"custom": "x"}),
        ),
    ];
    for (shape, expected) in shapes {
        assert_eq!(shape.expect("plain values"), expected);
    }
    let granular = json!({"granular": {"sandbox_approval": true, "rules": false, "mcp_elicitations": true}});
    assert!(serde_json::from_value::<AskForApproval>(granular).is_ok());
}

#[test]
fn a_git_patch_tells_absent_from_null() {
    let params = json!({"threadId": "t", "gitInfo": {"sha": null, "branch": "b"}});
    let params: ThreadMetadataUpdateParams = decode_params(params).expect("valid");
    let git = params.git_info.expect("present");
    assert_eq!(
        (git.sha, git.branch, git.origin_url),
        (Some(None), Some(Some("b".to_owned())), None)
    );
}

/// The parameters of a message as they were written.
fn params(text: &str) -> RawJson {
    match decode_message(format!(r#"{{"id":1,"method":"m","params":{text}}}"#).as_bytes()) {
        Ok(Incoming::Request(request)) => request.params.expect("present"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn appended_payloads_keep_their_text() {
    let payload = r#"{"b":1.10,"a":"\u0041","a":2,"big":123456789012345678901}"#;
    let text = format!(r#"{{"threadId":"t","items":[{{"type":"k","payload":{payload},"metadata":null}}]}}"#);
    let params: ThreadAppendParams = decode_exact_params(&params(&text)).expect("valid");
    let item = &params.items[0];
    assert_eq!(item.payload.get(), payload);
    assert_eq!((&item.metadata, item.streamed), (&None, false));
}

#[test]
fn exact_parameters_are_refused_without_a_place_in_the_text() {
    let refusal = |text: &str| {
        decode_exact_params::<ThreadAppendParams>(&params(text))
            .expect_err("invalid")
            .to_string()
    };
    assert_eq!(refusal("{}"), "missing field `threadId`");
    assert_eq!(
        refusal("[]"),
        "invalid length 0, expected struct ThreadAppendParams with 3 elements"
    );
    assert_eq!(
        refusal(r#"{"threadId":"t","items":[{"type":"k"}]}"#),
        "missing field `payload`"
    );
}

#[test]
fn members_that_only_the_server_gives_are_seen_even_when_null() {
    let item = json!({"type": "k", "payload": {}, "timestamp": null, "ordinal": 5});
    let item: ThreadAppendItem = decode_params(item).expect("decoded, to be refused by name");
    assert_eq!(item.timestamp.map(|value| value.is_null()), Some(true));
    assert_eq!(item.ordinal.map(|value| value.get().to_owned()).as_deref(), Some("5"));
}

#[test]
fn recorded_use_of_tokens_has_the_names_of_the_wire() {
    let usage = json!({"input_tokens": 300, "cached_input_tokens": 1, "output_tokens": 60, "total_tokens": 360});
    let count = json!({"type": "token_count", "info": {"total_token_usage": usage, "last_token_usage": usage,
        "model_context_window": 258_400}});
    let EventMsg::TokenCount(TokenCountEvent { info: Some(info), .. }) =
        EventMsg::decode(RawJson::of(&count).expect("JSON").as_raw()).expect("valid")
    else {
        panic!("another event");
    };
    let wire = json!({"totalTokens": 360, "inputTokens": 300, "cachedInputTokens": 1, "cacheWriteInputTokens": 0,
        "outputTokens": 60, "reasoningOutputTokens": 0});
    assert_eq!(
        serde_json::to_value(ThreadTokenUsage::from(&info)).expect("plain values"),
        json!({"total": wire, "last": wire, "modelContextWindow": 258_400})
    );
}
