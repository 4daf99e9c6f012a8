//! Tickets of a key go one after the other.

use super::{Access, Order, Ticket};

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
    let mut first = order.ticket("a", Access::Alone);
    let mut second = order.ticket("a", Access::Alone);
    let mut third = order.ticket("a", Access::Alone);
    let mut other = order.ticket("b", Access::Alone);
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
    let mut first = order.ticket("a", Access::Alone);
    let mut second = order.ticket("a", Access::Alone);
    let mut third = order.ticket("a", Access::Alone);
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
    let mut first = order.ticket("a", Access::Alone);
    assert!(may_go(&mut first).await);
    drop(order.ticket("a", Access::Alone));
    let mut third = order.ticket("a", Access::Alone);
    assert!(!may_go(&mut third).await, "the first still works");
    drop(first);
    assert!(may_go(&mut third).await);
}

#[tokio::test]
async fn a_key_is_forgotten_when_its_last_ticket_is_gone() {
    let order = Order::default();
    let (first, second) = (order.ticket("a", Access::Alone), order.ticket("a", Access::Alone));
    drop(second);
    drop(first);
    assert!(order.queues.lock().expect("unlocked").is_empty());
    assert!(may_go(&mut order.ticket("a", Access::Alone)).await);
}

#[tokio::test]
async fn those_that_share_go_together_between_those_that_do_not() {
    let order = Order::default();
    let mut reader = order.ticket("a", Access::Shared);
    let mut second_reader = order.ticket("a", Access::Shared);
    let mut writer = order.ticket("a", Access::Alone);
    let mut late_reader = order.ticket("a", Access::Shared);
    assert!(may_go(&mut second_reader).await && may_go(&mut reader).await);
    assert!(!may_go(&mut writer).await && !may_go(&mut late_reader).await);
    drop(reader);
    assert!(!may_go(&mut writer).await, "the second reader still works");
    drop(second_reader);
    assert!(may_go(&mut writer).await);
    assert!(!may_go(&mut late_reader).await, "the writer works alone");
    drop(writer);
    assert!(may_go(&mut late_reader).await);
}
