//! The configuration as it is understood.

use std::time::Duration;

use codex_protocol::rpc::settings::{AskForApproval, SandboxMode};

use super::RecordingSettings;

#[test]
fn everything_has_a_default() {
    assert_eq!(RecordingSettings::from_config(""), RecordingSettings::default());
    assert_eq!(
        RecordingSettings::default().unload_delay,
        Duration::from_secs(1800),
        "half an hour"
    );
}

#[test]
fn the_configuration_is_taken() {
    let toml = "model = \"m\"\napproval_policy = \"never\"\nsandbox_mode = \"workspace-write\"\n\
                thread_unload_delay_secs = 1_2 # seconds\n\n[model_providers.mine]\nmodel = \"other\"\n\
                [model_providers.\"quoted name\"]\n[model_providers.mine.headers]\n[other]\n";
    let expected = RecordingSettings {
        model: Some("m".to_owned()),
        providers: vec!["mine".to_owned(), "quoted name".to_owned()],
        approval_policy: AskForApproval::Never,
        sandbox: SandboxMode::WorkspaceWrite,
        unload_delay: Duration::from_secs(12),
        ..RecordingSettings::default()
    };
    assert_eq!(RecordingSettings::from_config(toml), expected);
}

#[test]
fn what_is_not_understood_counts_as_absent() {
    let toml = "approval_policy = \"on-failure\"\nsandbox_mode = 5\nthread_unload_delay_secs = \"soon\"\n";
    assert_eq!(RecordingSettings::from_config(toml), RecordingSettings::default());
}
