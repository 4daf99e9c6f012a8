//! Faults inside a file: ordinals, numbers, bytes that are no text, lines that are no lines.

use codex_test_support::{Phase, RolloutBuilder};
use codex_thread_store::DamageKind::{self, *};
use serde_json::json;

use crate::check::{Shown, shows};
use crate::support::LocalHome;
use crate::{ONE, TWO};

/// Says `before`, lets something happen, says `behind`; in both modes.
async fn between(plant: impl Fn(&mut RolloutBuilder), middle: &[&str], damage: (&[DamageKind], &[DamageKind])) {
    let home = LocalHome::new();
    for mut rollout in [RolloutBuilder::paginated(ONE), RolloutBuilder::legacy(TWO)] {
        rollout.start_turn().user("before");
        plant(&mut rollout);
        rollout.agent("behind").complete_turn();
        rollout.file().write_to(home.path()).expect("writable");
    }
    let texts = [&["before"], middle, &["behind"]].concat();
    let shown = |thread, damage| Shown {
        thread,
        texts: &texts,
        damage,
    };
    shows(&home, &[shown(ONE, damage.0), shown(TWO, damage.1)]).await;
}

async fn paginated(plant: impl Fn(&mut RolloutBuilder), middle: &[&str], damage: &[DamageKind]) {
    let home = LocalHome::new();
    let mut rollout = RolloutBuilder::paginated(ONE);
    rollout.start_turn().user("before");
    plant(&mut rollout);
    rollout.agent("behind").complete_turn();
    rollout.file().write_to(home.path()).expect("writable");
    let texts = [&["before"], middle, &["behind"]].concat();
    let shown = Shown {
        thread: ONE,
        texts: &texts,
        damage,
    };
    shows(&home, &[shown]).await;
}

#[tokio::test]
async fn ordinals_that_are_duplicate_missing_lower_or_jump() {
    let say = |rollout: &mut RolloutBuilder, text: &str| {
        rollout.user_event(text);
    };
    paginated(
        |rollout| {
            let next = rollout.next_ordinal();
            rollout.force_next_ordinal(next - 1);
            say(rollout, "duplicate");
            rollout.omit_next_ordinal();
            say(rollout, "missing");
            rollout.force_next_ordinal(0);
            say(rollout, "lower");
            rollout.skip_ordinals(1_000);
            say(rollout, "jumping");
        },
        &["duplicate", "missing", "lower", "jumping"],
        &[RegressedOrdinal, MissingOrdinal, RegressedOrdinal, OrdinalGap],
    )
    .await;
}

#[tokio::test]
async fn a_token_count_behind_a_reused_ordinal() {
    let home = LocalHome::new();
    let mut rollout = RolloutBuilder::paginated(ONE);
    rollout.start_turn().user("before").agent("behind").complete_turn();
    let reused = rollout.next_ordinal() - 1;
    rollout.force_next_ordinal(reused);
    rollout.token_count(codex_test_support::Usage { last: 10, total: 20 });
    rollout.file().write_to(home.path()).expect("writable");
    let shown = Shown {
        thread: ONE,
        texts: &["before", "behind"],
        damage: &[RegressedOrdinal],
    };
    shows(&home, &[shown]).await;
}

#[tokio::test]
async fn a_float_where_an_integer_is_expected() {
    between(
        |rollout| {
            rollout.event(json!({"type": "token_count", "info": {"total_token_usage": {"input_tokens": 1.5,
                "cached_input_tokens": 0, "output_tokens": 2.0, "reasoning_output_tokens": 0, "total_tokens": 3.5},
                "last_token_usage": null, "model_context_window": 1e6}, "rate_limits": {"primary": {"used_percent": 12.5}}}));
        },
        &[],
        (&[], &[]),
    )
    .await;
}

#[tokio::test]
async fn bytes_that_are_no_text() {
    between(
        |rollout| {
            rollout.raw_line(b"\xff\xfe{}").raw_line(b"\0\0\0\0").blank_line();
        },
        &[],
        (&[InvalidUtf8, MalformedJson], &[InvalidUtf8, MalformedJson]),
    )
    .await;
}

#[tokio::test]
async fn lines_that_were_joined_or_torn_and_continued() {
    between(
        |rollout| {
            // The first half of a line, then a whole one behind it, as after a crash without recovery.
            let lines = rollout.lines();
            let last = lines.last().expect("a line").clone();
            rollout.raw(&last[..last.len() / 2]).raw(&last);
        },
        &[],
        (&[MalformedJson], &[MalformedJson]),
    )
    .await;
}

#[tokio::test]
async fn crlf_and_a_byte_order_mark_inside() {
    between(
        |rollout| {
            rollout.raw_line(b"\xef\xbb\xbf\r").raw_line(b"\r");
        },
        &[],
        (&[MalformedJson], &[MalformedJson]),
    )
    .await;
}

#[tokio::test]
async fn lines_that_end_with_crlf() {
    let home = LocalHome::new();
    let mut rollout = RolloutBuilder::paginated(ONE);
    rollout.start_turn().user("before").agent("behind").complete_turn();
    let mut file = rollout.file();
    let text = String::from_utf8(file.bytes).expect("text").replace('\n', "\r\n");
    file.bytes = text.into_bytes();
    file.write_to(home.path()).expect("writable");
    shows(&home, &[Shown::sound(ONE, &["before", "behind"])]).await;
}

#[tokio::test]
async fn a_file_that_ends_with_zeros() {
    let home = LocalHome::new();
    let mut rollout = RolloutBuilder::paginated(ONE);
    rollout.start_turn().user("before").agent("behind").complete_turn();
    rollout.raw(&[0; 4_096]);
    rollout.file().write_to(home.path()).expect("writable");
    let shown = Shown {
        thread: ONE,
        texts: &["before", "behind"],
        damage: &[TornTail],
    };
    shows(&home, &[shown]).await;
}

#[tokio::test]
async fn copies_of_foreign_headers() {
    between(
        |rollout| {
            let foreign = "019cb354-0000-7000-8000-00000000000f";
            rollout.record(
                "session_meta",
                json!({"id": foreign, "session_id": foreign, "timestamp": "2026-03-02T09:00:00.000Z", "cwd": "/elsewhere",
                "originator": "other", "cli_version": "9", "source": "cli", "model_provider": "other"}),
            );
        },
        &[],
        (&[], &[]),
    )
    .await;
}

#[tokio::test]
async fn an_item_completed_twice_with_a_fork_cut_in_between() {
    use codex_test_support::Header;
    let home = LocalHome::new();
    let mut source = RolloutBuilder::paginated(ONE);
    source
        .start_turn_as("t1")
        .user("ask")
        .agent_item("twice", "first", Phase::FinalAnswer);
    let cut = source.cut();
    source.agent_item("twice", "second", Phase::FinalAnswer).complete_turn();
    source.file().write_to(home.path()).expect("writable");
    let mut fork = RolloutBuilder::new(Header::fork(TWO, ONE, cut));
    fork.start_turn().user("on").agent("fork").complete_turn();
    fork.file().write_to(home.path()).expect("writable");
    let shown = [
        Shown::sound(ONE, &["ask", "second"]),
        Shown::sound(TWO, &["ask", "first", "on", "fork"]),
    ];
    shows(&home, &shown).await;
}
