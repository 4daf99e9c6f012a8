//! The local store answers exactly as the memory store does: any home, any order of reads, appends and index losses.
//!
//! The memory store folds everything anew each time and cuts whole lists; the local store walks an index of spans. Where
//! they differ one of them is wrong.

mod flipped_bits;
mod home;
mod kept_cases;
mod probe;
mod probes;
mod scenarios;
mod searches;
mod spoilt_pages;
#[path = "../support/mod.rs"]
mod support;
