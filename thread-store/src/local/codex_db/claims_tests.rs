//! How many problems of an import are kept.

use super::{Claims, MAX_PROBLEMS};

#[test]
fn problems_are_kept_up_to_the_limit_the_first_ones() {
    let mut claims = Claims::default();
    for number in 0..=MAX_PROBLEMS {
        claims.problem(number.to_string());
    }
    assert_eq!(claims.problems.len(), MAX_PROBLEMS);
    assert_eq!(claims.problems.last(), Some(&(MAX_PROBLEMS - 1).to_string()));
}
