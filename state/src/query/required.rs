//! Texts that every match of a regular expression has, whatever else it has.
//!
//! Narrows what has to be looked at; finds nothing itself.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind};

/// Returns texts that are in every match of a regular expression, letter case apart; none may be known.
///
/// Of what is no regular expression nothing is known either.
pub fn required_literals(pattern: &str) -> Vec<String> {
    let mut literals = Vec::new();
    // With letter case ignored every letter would be a choice of two.
    if let Ok(hir) = ParserBuilder::new().multi_line(true).build().parse(pattern) {
        collect(&hir, &mut literals);
    }
    literals
}

fn collect(hir: &Hir, literals: &mut Vec<String>) {
    match hir.kind() {
        HirKind::Literal(literal) => literals.extend(String::from_utf8(literal.0.to_vec()).ok()),
        HirKind::Concat(parts) => parts.iter().for_each(|part| collect(part, literals)),
        HirKind::Capture(capture) => collect(&capture.sub, literals),
        HirKind::Repetition(repetition) if repetition.min > 0 => collect(&repetition.sub, literals),
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) | HirKind::Repetition(_) | HirKind::Alternation(_) => {}
    }
}

#[cfg(test)]
#[path = "required_tests.rs"]
mod required_tests;
