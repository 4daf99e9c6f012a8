//! What it costs to fold lines to rows, to store the rows, and to find a page of them again.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a measurement stops at the first failure"
)]

use std::hint::black_box;

use codex_state::db::{FileState, Index, RolloutUpdate, StoredRows};
use codex_state::projector::{
    Checkpoint, KeyRange, LineAt, MemoryRows, Mode, Order, Projector, RolloutMeta, RowChanges, RowReader,
};
use codex_state::rows::RowSet;
use codex_test_support::{Command, Mode as FileMode, Phase, RolloutBuilder};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use uuid::Uuid;

const TURNS: usize = 200;
const ITEMS: usize = 10;
const PAGE: usize = 50;
const THREAD: &str = "019b0000-0000-7000-8000-000000000001";

fn log(mode: FileMode) -> Vec<u8> {
    let mut rollout = match mode {
        FileMode::Legacy => RolloutBuilder::legacy(THREAD),
        FileMode::Paginated => RolloutBuilder::paginated(THREAD),
        FileMode::Bare => RolloutBuilder::bare(THREAD),
    };
    let text = "a line that a command has written about a file\n".repeat(8);
    for _ in 0..TURNS {
        rollout
            .start_turn()
            .user("look at the files and tell what is wrong with them");
        for item in 0..ITEMS {
            match item % 3 {
                0 => rollout.reasoning(&["**Look** at the files"], &[]),
                1 => rollout.exec(&Command::ok("rg -n wrong", &text)),
                _ => rollout.agent_in_phase("I have looked at some of them.", Phase::Commentary),
            };
        }
        rollout
            .agent_in_phase("Nothing is wrong.", Phase::FinalAnswer)
            .complete_turn();
    }
    rollout.build()
}

struct Folded {
    checkpoint: Checkpoint,
    meta: RolloutMeta,
    changes: RowChanges,
}

fn fold(mode: Mode, bytes: &[u8]) -> Folded {
    let mut rows: MemoryRows<StoredRows<'_>> = MemoryRows::empty();
    let mut projector = Projector::new(
        Uuid::from_u128(1),
        Checkpoint::start(mode, 0, None),
        RolloutMeta::default(),
        &mut rows,
    );
    let mut offset = 0;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let end = offset + line.len() as u64;
        let line = line.strip_suffix(b"\n").unwrap();
        projector
            .line(LineAt {
                offset,
                bytes: line,
                end,
            })
            .unwrap();
        offset = end;
    }
    let (checkpoint, meta) = projector.finish();
    let (changes, _) = rows.into_parts();
    Folded {
        checkpoint,
        meta,
        changes,
    }
}

fn update(folded: &Folded, number: u64, len: usize) -> RolloutUpdate {
    let id = Uuid::from_u128(u128::from(number)).to_string();
    RolloutUpdate {
        rollout_id: id.clone(),
        thread_id: id.clone(),
        file: FileState {
            path: id,
            archived: false,
            compressed: false,
            len: len as u64,
            mtime_ns: 0,
            fingerprint: String::new(),
        },
        plain_end: len as u64,
        anchor_hash: 0,
        base: None,
        expected_offset: None,
        checkpoint: folded.checkpoint.clone(),
        meta: folded.meta.clone(),
        header_error: None,
        changes: folded.changes.clone(),
    }
}

fn projector(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("projector");
    for (name, file_mode, mode) in [
        ("paginated", FileMode::Paginated, Mode::Paginated),
        ("legacy", FileMode::Legacy, Mode::Legacy),
    ] {
        let bytes = log(file_mode);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(fold(mode, &bytes).changes.len()))
        });
    }
    group.finish();
}

fn index(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(&folder.path().join("index.sqlite")).unwrap();
    let bytes = log(FileMode::Paginated);
    let folded = fold(Mode::Paginated, &bytes);
    let mut group = criterion.benchmark_group("index");
    group.throughput(Throughput::Elements(folded.changes.len() as u64));
    let mut number = 1;
    group.bench_function("store a rollout", |bencher| {
        let next = || {
            number += 1;
            update(&folded, number, bytes.len())
        };
        bencher.iter_batched(next, |update| index.store(&update).unwrap(), BatchSize::SmallInput);
    });
    let reader = index.reader().unwrap();
    let id = Uuid::from_u128(2).to_string();
    let rows = StoredRows::new(reader.connection(), reader.rollout(&id).unwrap().unwrap().key);
    group.throughput(Throughput::Elements(PAGE as u64));
    group.bench_function("a page of items", |bencher| {
        bencher.iter(|| {
            let page = rows.items(RowSet::Full, None, KeyRange::ALL, Order::Descending, PAGE);
            assert_eq!(page.unwrap().len(), PAGE);
        });
    });
    group.finish();
}

criterion_group!(parts, projector, index);
criterion_main!(parts);
