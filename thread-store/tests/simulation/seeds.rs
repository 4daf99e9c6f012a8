//! Which seeds run, and what is said of one that fails.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::plan::plan;
use crate::shrink::shrink;
use crate::simulation::run;

/// How many seeds run, from 0 on.
const SEEDS: &str = "SIMULATION_SEEDS";
/// The one seed that runs.
const SEED: &str = "SIMULATION_SEED";
const DEFAULT_SEEDS: u64 = 20;
/// Runs at a time.
const THREADS: usize = 2;
/// Seeds that once failed, one per line; what follows a `#` says why.
const KEPT: &str = include_str!("seeds.txt");

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

fn kept() -> Vec<u64> {
    let lines = KEPT
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim());
    let seeds = lines.filter(|line| !line.is_empty());
    seeds.map(|line| line.parse().expect("a seed per line")).collect()
}

/// Runs a seed and counts what happened; a failure comes with a plan that is as short as can be.
fn check(seed: u64) -> Result<BTreeMap<String, u64>, String> {
    let whole = plan(seed);
    let failed = match run(&whole) {
        Ok(trace) => return Ok(trace.counts),
        Err(failed) => failed,
    };
    let (short, reason) = shrink(&whole, &failed);
    let mut text = format!("seed {seed} fails at step {}: {}\n\n", failed.step, failed.reason);
    let _written = writeln!(
        text,
        "shrunken to {} steps, which fail at {}: {}",
        short.len(),
        reason.step,
        reason.reason
    );
    for (number, act) in short.iter().enumerate() {
        let _written = writeln!(text, "  {number}: {act:?}");
    }
    let _written = writeln!(
        text,
        "replay: SIMULATION_SEED={seed} cargo test -p codex-thread-store --test simulation\n\
         keep: add the seed to thread-store/tests/simulation/seeds.txt"
    );
    Err(text)
}

#[test]
fn what_was_recorded_is_read_whatever_happens() {
    let seeds: Vec<u64> = match number(SEED) {
        Some(seed) => vec![seed],
        None => kept()
            .into_iter()
            .chain(0..number(SEEDS).unwrap_or(DEFAULT_SEEDS))
            .collect(),
    };
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let counted: Mutex<BTreeMap<String, u64>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match check(*seed) {
                        Ok(counts) => {
                            let mut all = counted.lock().expect("no panic while locked");
                            counts
                                .into_iter()
                                .for_each(|(name, count)| *all.entry(name).or_default() += count);
                        }
                        Err(text) => failures.lock().expect("no panic while locked").push(text),
                    }
                }
            });
        }
    });
    println!(
        "simulation: {} seeds: {:#?}",
        seeds.len(),
        counted.into_inner().expect("no panic while locked")
    );
    let failures = failures.into_inner().expect("no panic while locked");
    assert!(
        failures.is_empty(),
        "{} of {} seeds fail\n\n{}",
        failures.len(),
        seeds.len(),
        failures.join("\n")
    );
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let seeds = number(SEED).map_or(vec![3, 11], |seed| vec![seed]);
    for seed in seeds {
        let [one, other] = [0, 1].map(|_| run(&plan(seed)).map_err(|failed| failed.reason));
        if let (Ok(one), Ok(other)) = (&one, &other) {
            let first = one.operations.iter().zip(&other.operations).position(|(a, b)| a != b);
            assert_eq!(
                first,
                None,
                "seed {seed}: {:?}",
                first.map(|at| (&one.operations[at], &other.operations[at]))
            );
        }
        assert_eq!(one, other, "seed {seed}");
    }
}
