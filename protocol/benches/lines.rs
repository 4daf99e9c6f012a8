//! What a line costs before anything is made of it: its class, its envelope, its payload.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a measurement stops at the first failure"
)]

use std::hint::black_box;

use codex_protocol::log::{LineHead, RolloutItem, peek};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const LINES: usize = 1_000;

/// Lines of the kinds that fill a log: calls, their outputs, finished items, token counts.
fn lines() -> Vec<String> {
    let text = "what a command says about the files that it has found, ".repeat(12);
    let payloads = [
        r#""response_item","payload":{"type":"function_call","name":"exec_command","arguments":"{\"cmd\":\"rg -n x\"}","call_id":"c"}"#.to_owned(),
        format!(r#""response_item","payload":{{"type":"function_call_output","call_id":"c","output":"{text}"}}"#),
        format!(
            r#""event_msg","payload":{{"type":"item_completed","thread_id":"t","turn_id":"u","item":{{"type":"AgentMessage","id":"m","content":[{{"type":"Text","text":"{text}"}}],"phase":"final_answer"}},"started_at_ms":1,"completed_at_ms":2}}"#
        ),
        r#""event_msg","payload":{"type":"token_count","info":null,"rate_limits":null}"#.to_owned(),
    ];
    (0..LINES)
        .map(|n| {
            let payload = &payloads[n % payloads.len()];
            format!(r#"{{"timestamp":"2026-01-01T00:00:00.000Z","ordinal":{n},"type":{payload}}}"#)
        })
        .collect()
}

fn decode(line: &str) -> RolloutItem {
    let head = LineHead::parse(line.as_bytes()).unwrap();
    RolloutItem::decode(&head.kind, head.payload, head.metadata).unwrap()
}

fn benches(criterion: &mut Criterion) {
    let lines = lines();
    let mut group = criterion.benchmark_group("line");
    group.throughput(Throughput::Bytes(lines.iter().map(|line| line.len() as u64).sum()));
    group.bench_function("class", |bencher| {
        bencher.iter(|| lines.iter().filter_map(|line| peek(black_box(line.as_bytes()))).count());
    });
    group.bench_function("envelope", |bencher| {
        bencher.iter(|| {
            lines
                .iter()
                .filter(|line| LineHead::parse(black_box(line.as_bytes())).is_ok())
                .count()
        });
    });
    group.bench_function("decode", |bencher| {
        bencher.iter(|| lines.iter().for_each(|line| drop(black_box(decode(line)))));
    });
    group.finish();
}

criterion_group!(line, benches);
criterion_main!(line);
