//! Ranks: where things are put, and what every state on the way to new ranks looks like.

use super::{Place, RANK_STEP, Ranked, rank_at};

fn alone(new: i64) -> Ranked {
    Ranked {
        behind: Vec::new(),
        new,
        before: Vec::new(),
    }
}

/// Applies new ranks one by one; every state on the way is the old order or the new one.
#[track_caller]
fn check_prefixes(ranks: &[i64], at: usize) {
    let ranked = rank_at(ranks, Place::Before(at));
    let mut named: Vec<(Option<usize>, i64)> = ranks.iter().enumerate().map(|(i, rank)| (Some(i), *rank)).collect();
    let mut steps: Vec<(Option<usize>, i64)> = ranked.behind.iter().map(|(i, rank)| (Some(*i), *rank)).collect();
    steps.push((None, ranked.new));
    steps.extend(ranked.before.iter().map(|(i, rank)| (Some(*i), *rank)));
    for (who, rank) in steps {
        named.retain(|(known, _)| *known != who);
        named.push((who, rank));
        named.sort_by_key(|(_, rank)| *rank);
        let mut ranks: Vec<i64> = named.iter().map(|(_, rank)| *rank).collect();
        ranks.dedup();
        assert_eq!(ranks.len(), named.len(), "two things of one rank");
        let mut order: Vec<Option<usize>> = named.iter().map(|(who, _)| *who).collect();
        if let Some(new) = order.iter().position(Option::is_none) {
            assert_eq!(new, at);
            order.remove(new);
        }
        assert!(order.is_sorted(), "{order:?}");
    }
    assert_eq!(named.iter().position(|(who, _)| who.is_none()), Some(at));
}

#[test]
fn ends_are_a_step_away() {
    assert_eq!(rank_at(&[], Place::Last), alone(RANK_STEP));
    assert_eq!(rank_at(&[RANK_STEP], Place::Last), alone(2 * RANK_STEP));
    assert_eq!(rank_at(&[7, RANK_STEP + 7], Place::Last), alone(2 * RANK_STEP + 7));
}

#[test]
fn places_between_are_in_the_middle() {
    assert_eq!(rank_at(&[RANK_STEP], Place::Before(0)), alone(500_000));
    assert_eq!(rank_at(&[10, 20], Place::Before(1)), alone(15));
    assert_eq!(rank_at(&[10, 12], Place::Before(1)), alone(11));
}

#[test]
fn without_room_all_move_beyond_the_greatest_rank() {
    check_prefixes(&[10, 11, 12], 1);
    check_prefixes(&[0, 1], 0);
    check_prefixes(&[-5, -4, 3], 1);
    check_prefixes(&[1, 2, 3, 4], 3);
}

#[test]
fn the_end_of_all_numbers_starts_again() {
    let ranked = rank_at(&[5, i64::MAX], Place::Last);
    assert_eq!((ranked.new, ranked.behind), (3 * RANK_STEP, Vec::new()));
    assert_eq!(ranked.before, [(1, 2 * RANK_STEP), (0, RANK_STEP)]);
}
