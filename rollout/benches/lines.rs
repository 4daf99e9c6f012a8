//! What it costs to find the lines of a file, forward and backward, plain and compressed.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measurement prepares its own files and stops at the first failure"
)]

use std::path::Path;
use std::sync::Arc;

use codex_rollout::discover::rollout_at;
use codex_rollout::fs::StdFs;
use codex_rollout::source::RolloutSource;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const LINES: usize = 8_000;
const NAME: &str = "rollout-2026-01-01T00-00-00-019b0000-0000-7000-8000-000000000001.jsonl";

/// About 6 MB of lines of very different lengths.
fn text() -> String {
    (0..LINES)
        .map(|n| {
            format!(
                "{{\"type\":\"event_msg\",\"payload\":\"{}\"}}\n",
                "x".repeat(n * 37 % 1_500)
            )
        })
        .collect()
}

fn open(path: &Path) -> RolloutSource {
    let file = rollout_at(&StdFs, Path::new("/"), path).unwrap();
    RolloutSource::open(Arc::new(StdFs), &file, None).unwrap()
}

fn forward(source: &RolloutSource) -> usize {
    let mut lines = source.lines(0);
    let mut count = 0;
    while lines.next().unwrap().is_some() {
        count += 1;
    }
    count
}

fn backward(source: &RolloutSource) -> usize {
    let mut lines = source.lines_rev(source.plain_len().unwrap());
    let mut count = 0;
    while lines.next().unwrap().is_some() {
        count += 1;
    }
    count
}

fn benches(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let text = text();
    let (plain, packed) = (folder.path().join(NAME), folder.path().join(format!("{NAME}.zst")));
    std::fs::write(&plain, &text).unwrap();
    let mut group = criterion.benchmark_group("lines of a file");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("forward", |bencher| bencher.iter(|| forward(&open(&plain))));
    group.bench_function("backward", |bencher| bencher.iter(|| backward(&open(&plain))));
    std::fs::remove_file(&plain).unwrap();
    std::fs::write(&packed, zstd::stream::encode_all(text.as_bytes(), 3).unwrap()).unwrap();
    group.bench_function("forward, compressed", |bencher| {
        bencher.iter(|| forward(&open(&packed)))
    });
    group.finish();
}

criterion_group!(lines, benches);
criterion_main!(lines);
