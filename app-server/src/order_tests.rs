//! Tickets of a key go one after the other.

use super::{Order, Ticket};

/// Tells whether a ticket may go now.
async fn may_go(ticket: &mut Ticket) -> bool {
    tokio::select! {
        biased;
        () = ticket.turn() => true,
        () = tokio::task::yield_now() => false,
    }
}

#[tokio::test]
async fn tickets_of_a_key_go_in_order_and_other_keys_at_once() {
    let order = Order::default();
    let mut first = order.ticket("a");
    let mut second = order.ticket("a");
    let mut third = order.ticket("a");
    let mut other = order.ticket("b");
    assert!(may_go(&mut first).await);
    assert!(may_go(&mut other).await);
    assert!(!may_go(&mut second).await && !may_go(&mut third).await);
    drop(first);
    assert!(!may_go(&mut third).await, "the second still works");
    assert!(may_go(&mut second).await);
    drop(second);
    assert!(may_go(&mut third).await);
}

#[tokio::test]
async fn a_ticket_that_gives_up_lets_nobody_overtake() {
    let order = Order::default();
    let mut first = order.ticket("a");
    let mut second = order.ticket("a");
    let mut third = order.ticket("a");
    assert!(may_go(&mut first).await);
    assert!(!may_go(&mut second).await);
    drop(second);
    assert!(!may_go(&mut third).await, "the first still works");
    drop(first);
    assert!(may_go(&mut third).await);
}

#[tokio::test]
async fn the_last_ticket_of_a_key_that_gives_up_lets_nobody_overtake() {
    let order = Order::default();
    let mut first = order.ticket("a");
    assert!(may_go(&mut first).await);
    drop(order.ticket("a"));
    let mut third = order.ticket("a");
    assert!(!may_go(&mut third).await, "the first still works");
    drop(first);
    assert!(may_go(&mut third).await);
}

#[tokio::test]
async fn a_key_is_forgotten_when_its_last_ticket_is_gone() {
    let order = Order::default();
    let (first, second) = (order.ticket("a"), order.ticket("a"));
    drop(second);
    drop(first);
    assert!(order.queues.lock().expect("unlocked").is_empty());
    assert!(may_go(&mut order.ticket("a")).await);
}
