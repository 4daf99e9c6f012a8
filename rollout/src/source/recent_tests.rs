//! What is kept, and what goes first.

use super::Recent;

#[test]
fn the_least_recently_used_entry_makes_room_for_cost_and_for_number() {
    for (max_cost, max_entries) in [(10, 100), (1000, 2)] {
        let mut recent = Recent::new(max_cost, max_entries);
        recent.put('a', 1, 5);
        recent.put('b', 2, 5);
        assert_eq!(recent.get(&'a'), Some(1));
        recent.put('c', 3, 5);
        assert_eq!(
            (recent.get(&'a'), recent.get(&'b'), recent.get(&'c')),
            (Some(1), None, Some(3))
        );
        assert_eq!(recent.size(), (2, 10));
    }
}

#[test]
fn one_entry_may_cost_as_much_as_all_and_not_more() {
    let mut recent = Recent::new(10, 4);
    recent.put('a', 1, 10);
    assert_eq!((recent.get(&'a'), recent.size()), (Some(1), (1, 10)));
    recent.put('b', 2, 11);
    assert_eq!(
        (recent.get(&'a'), recent.get(&'b'), recent.size()),
        (Some(1), None, (1, 10))
    );
}

#[test]
fn a_new_value_of_a_key_replaces_the_old_one_and_its_cost() {
    let mut recent = Recent::new(10, 4);
    recent.put('a', 1, 9);
    recent.put('a', 2, 3);
    assert_eq!((recent.get(&'a'), recent.size()), (Some(2), (1, 3)));
}
