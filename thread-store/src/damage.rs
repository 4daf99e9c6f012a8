//! Damage as callers see it.
//!
//! A translation only, and what damage means; what is damaged, the projector decides.

use codex_state::rows::DamageCode as Code;

use crate::report::DamageKind;

/// Translates what the projector found wrong with a line.
pub(crate) fn damage_kind(code: Code) -> DamageKind {
    match code {
        Code::MalformedJson => DamageKind::MalformedJson,
        Code::UnknownLine => DamageKind::UnknownLine,
        Code::InvalidUtf8 => DamageKind::InvalidUtf8,
        Code::MissingOrdinal => DamageKind::MissingOrdinal,
        Code::RegressedOrdinal => DamageKind::RegressedOrdinal,
        Code::OrdinalGap => DamageKind::OrdinalGap,
        Code::InvalidTimestamp => DamageKind::InvalidTimestamp,
        Code::Oversized => DamageKind::Oversized,
        Code::TornTail => DamageKind::TornTail,
    }
}

/// Says what lines of a kind of damage are, and what was done with them; follows their number and place.
pub(crate) fn damage_meaning(kind: DamageKind) -> &'static str {
    match kind {
        DamageKind::MalformedJson => {
            "no JSON, passed over: what a writer left half written, or joined to the next line"
        }
        DamageKind::UnknownLine => {
            "a kind or shape that nobody here knows, passed over: a newer program may have written it"
        }
        DamageKind::InvalidUtf8 => "bytes that are no text, passed over: another program or the disk has changed them",
        DamageKind::MissingOrdinal => "no ordinal where one belongs, shown all the same",
        DamageKind::RegressedOrdinal => {
            "an ordinal not above an earlier one, shown all the same; Codex leaves such lines out of the history"
        }
        DamageKind::OrdinalGap => "ordinals were skipped, shown all the same: lines before may have been lost",
        DamageKind::InvalidTimestamp => "a time that cannot be read, shown without it",
        DamageKind::Oversized => "longer than a line may be, not read: the bytes stay in the file",
        DamageKind::TornTail => "it may still be written; who continues the thread keeps its bytes aside",
    }
}
