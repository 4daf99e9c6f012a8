# One recipe per CI job (all of them are steps of .ci/run), and what developers need besides.

# List the recipes
default:
    @just --list

# Everything CI checks
ci:
    .ci/run

# Formatting, lints, types: fast, before every commit
check: fmt clippy tidy

# Check the formatting
fmt:
    .ci/run fmt

# Build everything
build:
    .ci/run build

# All lints, warnings are errors
clippy:
    .ci/run clippy

# All tests
test:
    .ci/run test

# The shape of the workspace: arrows and absences
tidy:
    cargo test -p codex-test-support --test tidy

# API documentation, warnings are errors
docs:
    .ci/run docs

# Check each crate on its own
check-each:
    .ci/run check-each

# Licences, bans and sources of dependencies
deny:
    .ci/run deny

# Fuzz every target for so many seconds
fuzz seconds="30":
    FUZZ_SECONDS={{ seconds }} .ci/run fuzz

# Property tests with many more cases
simulate cases="1000":
    SIMULATE_CASES={{ cases }} .ci/run simulate

# The seeded simulation with so many seeds
seeds count="200":
    SIMULATION_SEEDS={{ count }} .ci/run seeds

# Every crash point of the store; takes an hour or more
crash-sweep points="all":
    CRASH_SWEEP={{ points }} cargo test -p codex-thread-store --test crash_sweep -- --nocapture

# Known weaknesses of dependencies; fetches their database
advisories:
    cargo deny --locked check advisories

# Compare our answers with the real Codex on a home that it writes
interop:
    .ci/run interop

# Kill, fill, crowd and overload a server from outside
endure:
    .ci/run endure

# SIGKILL a server in so many rounds: nothing that was acknowledged may be lost; prints its seed
endure-kill rounds="1000" *arguments="":
    cargo build -p codex-app-server
    python3 tools/endurance/endure.py --only kill --rounds {{ rounds }} {{ arguments }} --server target/debug/codex-threads serve

# The real Codex writes so many turns while two servers page, list, search and verify its home
endure-crowd turns="200":
    cargo build -p codex-app-server
    python3 tools/endurance/endure.py --only crowd --turns {{ turns }} --server target/debug/codex-threads serve

# 64 clients page so many gigabytes of sparse history
endure-clients gigabytes="40":
    cargo build -p codex-app-server
    python3 tools/endurance/endure.py --only clients --sparse-gb {{ gigabytes }} --server target/debug/codex-threads serve

# Make, index, list and search the sample home
demo:
    .ci/run demo

# Accept changed snapshots and regenerate generated files; then look at the diff
bless:
    INSTA_UPDATE=always cargo test --workspace
    cargo run -p codex-test-support --example demo_home -- app-server/assets/demo
    git status --short

# Measure P1 to P12 against the real Codex into docs/performance; `just bench --quick` on small homes; not a test
bench *arguments:
    cargo build --release --locked -p codex-app-server
    tools/bench/bench.py {{ arguments }} --server target/release/codex-threads serve

# Measure the parts: lines, projector, index, store
bench-parts:
    cargo bench -p codex-protocol -p codex-rollout --bench lines
    cargo bench -p codex-state --bench index
    cargo bench -p codex-thread-store --bench store

# Count the instructions of fixed paths under callgrind and compare them with the baseline
instructions:
    .ci/run instructions

# Make what is counted now the baseline
instructions-bless:
    tools/bench/instructions --bless

# Format everything
format:
    cargo fmt --all

# The local store against the in-memory store, on many random homes; takes cases and a seed.
oracle cases="400" seed="1":
    PROPTEST_CASES={{cases}} PROPTEST_RNG_SEED={{seed}} cargo test -p codex-thread-store --test oracle

# Random sequences of appends, forks, reverts, archives on both stores; takes cases and a seed.
sequences cases="400" seed="1":
    SEQUENCE_CASES={{cases}} PROPTEST_RNG_SEED={{seed}} cargo test -p codex-thread-store --test sequences

# Kill a process that records, again and again: nothing that was acknowledged may be lost
kill-loop rounds="1000" seed="1":
    KILL_ROUNDS={{ rounds }} cargo test -p codex-rollout --test processes
    KILL_ROUNDS={{ rounds }} KILL_SEED={{ seed }} cargo test -p codex-thread-store --test recording processes::a_killed

# Lose power or the process at every operation of a recorded thread, in every way; takes long
crash-recording:
    CRASH_EVERYTHING=1 cargo test -p codex-thread-store --test recording -- crash:: failures::

# What recording costs: items acknowledged as written, ends of turns as synced, against a bare loop of syncs
bench-append:
    cargo bench -p codex-thread-store --bench append
