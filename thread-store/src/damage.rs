//! Damage as callers see it.
//!
//! A translation only; what is damaged, the projector decides.

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
