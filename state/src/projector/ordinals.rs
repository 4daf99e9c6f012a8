//! Checks the ordinals of a paginated rollout and reports what is wrong with them.
//!
//! Ordinals are data for the wire: nothing is dropped or reordered because of one (design section 2.4).

use super::{LineAt, Projector, RowStore};
use crate::error::StateResult;
use crate::rows::DamageCode;

impl<S: RowStore> Projector<'_, S> {
    /// Takes note of a decodable line's ordinal and returns the one that stands for the line.
    pub(super) fn accept_ordinal(&mut self, line: LineAt<'_>, ordinal: Option<u64>) -> StateResult<u64> {
        let expected = self.checkpoint.next_ordinal;
        let rejected = std::mem::take(&mut self.checkpoint.rejected_pending);
        let Some(ordinal) = ordinal else {
            self.checkpoint.ordinals_ambiguous = true;
            self.damaged_line(line, DamageCode::MissingOrdinal)?;
            return Ok(expected.saturating_sub(1));
        };
        if ordinal < expected && self.checkpoint.ordinal_seen {
            self.checkpoint.ordinals_ambiguous = true;
            self.damaged_line(line, DamageCode::RegressedOrdinal)?;
            return Ok(ordinal);
        }
        if ordinal > expected && self.checkpoint.ordinal_seen && ordinal - expected > rejected {
            self.damaged_line(line, DamageCode::OrdinalGap)?;
        }
        self.checkpoint.ordinal_seen = true;
        self.checkpoint.next_ordinal = ordinal.saturating_add(1);
        Ok(ordinal)
    }
}
