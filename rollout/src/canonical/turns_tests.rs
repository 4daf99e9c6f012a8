//! How many turns a canonicalizer remembers, at the limits and beyond them.

use super::{MAX_ENDED_TURNS, MAX_TRACKED_TURNS, TurnKind, Turns};

#[test]
fn the_ids_of_ended_turns_are_known_up_to_the_limit_and_the_oldest_is_forgotten_first() {
    let mut turns = Turns::default();
    for number in 0..MAX_ENDED_TURNS {
        turns.start(&format!("t{number}"), TurnKind::Plain).expect("new");
        turns.end(&format!("t{number}")).expect("open");
    }
    assert!(turns.knows("t0"), "as many as the limit are known");
    assert!(turns.start("t0", TurnKind::Plain).is_err());
    turns.start("next", TurnKind::Plain).expect("new");
    turns.end("next").expect("open");
    assert!(!turns.knows("t0") && turns.knows("t1") && turns.knows("next"));
}

#[test]
fn open_turns_are_tracked_up_to_the_limit_and_the_oldest_is_forgotten_first() {
    let mut turns = Turns::default();
    for number in 0..MAX_TRACKED_TURNS {
        turns.start(&format!("t{number}"), TurnKind::Plain).expect("new");
    }
    assert!(turns.number("t0").is_some());
    turns.start("next", TurnKind::Plain).expect("new");
    assert!(turns.number("t0").is_none() && turns.number("t1").is_some());
    assert_eq!(turns.current(), Some("next"));
}
