//! The three-way decision: what Codex says now, what it said when we last looked, and what our journal says.
//!
//! A value that differs from the one last seen was changed by Codex, and counts; one that does not leaves ours as it is.
//! Pure.

use codex_protocol::log::RawJson;
use codex_rollout::journal::JournalFact;

use super::claims::Claims;
use super::files::Database;
use super::seen::{Seen, Subject, made_at_fact};

/// Returns the facts that an import makes: what Codex changed, and what was seen of it.
pub(super) fn decide(claims: &Claims, seen: &Seen, at_ms: i64) -> Vec<JournalFact> {
    let mut facts = Vec::new();
    for (database, made_at) in &claims.made_at {
        let before = facts.len();
        let known = seen.made_at(*database);
        // A database that was made anew has forgotten what the one before it knew: that is no change by anybody.
        let made_anew = matches!((known, made_at), (Some(known), Some(made_at)) if known != made_at);
        changes(claims, seen, *database, made_anew, at_ms, &mut facts);
        if let Some(made_at) = made_at
            && known != Some(made_at)
            && (made_anew || facts.len() > before)
        {
            facts.push(made_at_fact(*database, at_ms, made_at));
        }
    }
    facts
}

fn changes(
    claims: &Claims,
    seen: &Seen,
    database: Database,
    made_anew: bool,
    at_ms: i64,
    facts: &mut Vec<JournalFact>,
) {
    let mut gone: Vec<&Subject> = seen.subjects_of(database).filter(|it| claims.denies(it)).collect();
    let mut changed = Vec::new();
    for (subject, claim) in claims.iter() {
        if subject.database() != Some(database) {
            continue;
        }
        match (seen.get(subject), claim.hash) {
            (known, Some(_)) if known == claim.hash => {}
            (None, Some(_)) if claim.said_anyhow => {}
            (_, Some(_)) => changed.push((subject, claim)),
            (Some(_), None) => gone.push(subject),
            (None, None) => {}
        }
    }
    // The order of a hash map is nobody's business.
    changed.sort_by(|a, b| a.0.order().cmp(&b.0.order()));
    gone.sort_by(|a, b| a.order().cmp(&b.order()));
    for (subject, claim) in changed {
        facts.push(subject.fact(at_ms, claim.value.clone()));
        facts.push(subject.seen_fact(at_ms, claim.hash));
    }
    for subject in gone {
        if !made_anew {
            facts.push(subject.fact(at_ms, RawJson::null()));
        }
        facts.push(subject.seen_fact(at_ms, None));
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod decide_tests;
