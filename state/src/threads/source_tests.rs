//! Tests of `source.rs`.

use super::{SourceKind, SourceSelector};

const SELECTORS: [SourceSelector; 10] = [
    SourceSelector::Cli,
    SourceSelector::Vscode,
    SourceSelector::Exec,
    SourceSelector::AppServer,
    SourceSelector::SubAgent,
    SourceSelector::SubAgentReview,
    SourceSelector::SubAgentCompact,
    SourceSelector::SubAgentThreadSpawn,
    SourceSelector::SubAgentOther,
    SourceSelector::Unknown,
];

fn check(stored: &str, kind: SourceKind, accepted_by: &[SourceSelector]) {
    assert_eq!(SourceKind::of_stored(stored), kind, "{stored}");
    let accepting: Vec<_> = SELECTORS
        .into_iter()
        .filter(|selector| selector.accepts(kind))
        .collect();
    assert_eq!(accepting, accepted_by, "{stored}");
}

#[test]
fn every_stored_source_has_a_kind_and_its_filters() {
    use SourceSelector as S;
    check("cli", SourceKind::Cli, &[S::Cli]);
    check("vscode", SourceKind::Vscode, &[S::Vscode]);
    check("exec", SourceKind::Exec, &[S::Exec]);
    check("mcp", SourceKind::Mcp, &[S::AppServer]);
    check("unknown", SourceKind::Unknown, &[S::Unknown]);
    check("something new", SourceKind::Unknown, &[S::Unknown]);
    check("", SourceKind::Unknown, &[S::Unknown]);
    check(r#"{"custom":"atlas"}"#, SourceKind::CustomInteractive, &[S::Vscode]);
    check(r#"{"custom":"chatgpt"}"#, SourceKind::CustomInteractive, &[S::Vscode]);
    check(r#"{"custom":"mine"}"#, SourceKind::Custom, &[]);
    check(r#"{"internal":"guardian"}"#, SourceKind::Internal, &[]);
    check(
        r#"{"subagent":"review"}"#,
        SourceKind::SubAgentReview,
        &[S::SubAgent, S::SubAgentReview],
    );
    check(
        r#"{"subagent":"compact"}"#,
        SourceKind::SubAgentCompact,
        &[S::SubAgent, S::SubAgentCompact],
    );
    check(
        r#"{"subagent":"memory_consolidation"}"#,
        SourceKind::SubAgentMemory,
        &[S::SubAgent],
    );
    check(
        r#"{"subagent":{"other":"label"}}"#,
        SourceKind::SubAgentOther,
        &[S::SubAgent, S::SubAgentOther],
    );
    check(
        r#"{"subagent":{"thread_spawn":{"parent_thread_id":"x","depth":1}}}"#,
        SourceKind::SubAgentThreadSpawn,
        &[S::SubAgent, S::SubAgentThreadSpawn],
    );
    check(r#"{"later":"kind"}"#, SourceKind::Unknown, &[S::Unknown]);
}

#[test]
fn interactive_are_the_front_ends_of_people() {
    let interactive: Vec<_> = SourceKind::ALL
        .into_iter()
        .filter(|kind| kind.is_interactive())
        .collect();
    assert_eq!(
        interactive,
        [SourceKind::Cli, SourceKind::Vscode, SourceKind::CustomInteractive]
    );
}

#[test]
fn numbers_decode_to_their_kinds() {
    for kind in SourceKind::ALL {
        assert_eq!(SourceKind::from_code(kind.code()), Some(kind));
    }
    assert_eq!(SourceKind::from_code(13), None);
    assert_eq!(SourceKind::from_code(-1), None);
}
