//! Room in the queue, at the limits and beyond them.

use std::sync::Arc;

use super::{Message, Outbound, OutboundQueue, outbound};
use crate::limits::{
    MAX_INBOUND_BYTES_IN_FLIGHT, MAX_MESSAGE_BYTES, MAX_NOTIFICATION_BYTES, MAX_OUTBOUND_BYTES,
    MAX_OUTBOUND_NOTIFICATIONS, MAX_REQUESTS_IN_FLIGHT,
};

/// Tells whether a future is ready now.
async fn is_ready<F: Future>(future: F) -> bool {
    tokio::select! {
        biased;
        _ = future => true,
        () = tokio::task::yield_now() => false,
    }
}

async fn overflows(outbound: &Outbound) -> bool {
    is_ready(outbound.overflow().wait()).await
}

async fn written(outbound: Outbound, queue: OutboundQueue) -> usize {
    drop(outbound);
    let mut bytes = Vec::new();
    queue.write_to(&mut bytes).await.expect("memory");
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

#[tokio::test]
async fn every_message_is_one_line() {
    let (outbound, queue) = outbound();
    outbound.reserve().await.send(b"answer".to_vec()).expect("open");
    outbound.notify(Message::new(b"notice".to_vec()));
    let large = outbound.reserve().await;
    large.send_in_turn(b"large".to_vec()).await.expect("open");
    drop(outbound);
    let mut bytes = Vec::new();
    queue.write_to(&mut bytes).await.expect("memory");
    assert_eq!(bytes, b"answer\nnotice\nlarge\n");
}

#[tokio::test]
async fn as_many_requests_as_the_limit_have_a_place_and_the_next_one_waits() {
    let (outbound, _queue) = outbound();
    let mut slots = Vec::new();
    for _ in 0..MAX_REQUESTS_IN_FLIGHT {
        slots.push(outbound.reserve().await);
    }
    assert!(!is_ready(outbound.reserve()).await);
    slots.pop();
    assert!(
        is_ready(outbound.reserve()).await,
        "a request without answer gives its place back"
    );
}

#[tokio::test]
async fn requests_wait_while_more_bytes_than_the_limit_wait() {
    let (outbound, queue) = outbound();
    let slot = outbound.reserve().await;
    slot.send(vec![b'x'; MAX_OUTBOUND_BYTES]).expect("open");
    let slot = outbound.reserve().await;
    slot.send(vec![b'y']).expect("open");
    assert!(!is_ready(outbound.reserve()).await, "one byte too many");
    let writing = tokio::spawn(queue.write_to(tokio::io::sink()));
    drop(outbound.reserve().await);
    drop(outbound);
    writing.await.expect("no panic").expect("a sink");
}

#[tokio::test]
async fn one_notification_more_than_the_limit_gives_the_connection_up() {
    let (outbound, queue) = outbound();
    let message = Arc::new(b"n".to_vec());
    for _ in 0..MAX_OUTBOUND_NOTIFICATIONS {
        outbound.notify(Arc::clone(&message));
    }
    assert!(!overflows(&outbound).await);
    outbound.notify(Arc::clone(&message));
    assert!(overflows(&outbound).await);
    assert_eq!(written(outbound, queue).await, MAX_OUTBOUND_NOTIFICATIONS);
}

#[tokio::test]
async fn a_single_notification_may_be_larger_than_the_limit() {
    let (outbound, _queue) = outbound();
    outbound.notify(Arc::new(vec![b'n'; MAX_NOTIFICATION_BYTES + 1]));
    assert!(!overflows(&outbound).await);
    outbound.notify(Arc::new(b"n".to_vec()));
    assert!(overflows(&outbound).await);
}

#[tokio::test]
async fn answers_pass_when_the_share_of_notifications_is_full() {
    let (outbound, queue) = outbound();
    let slot = outbound.reserve().await;
    for _ in 0..=MAX_OUTBOUND_NOTIFICATIONS {
        outbound.notify(Arc::new(Vec::new()));
    }
    slot.send(b"answer".to_vec()).expect("open");
    assert_eq!(written(outbound, queue).await, MAX_OUTBOUND_NOTIFICATIONS + 1);
}

#[tokio::test]
async fn a_large_answer_waits_while_more_bytes_than_the_limit_wait() {
    let (outbound, queue) = outbound();
    let (first, second, third) = (
        outbound.reserve().await,
        outbound.reserve().await,
        outbound.reserve().await,
    );
    first.send_in_turn(vec![b'x'; MAX_OUTBOUND_BYTES]).await.expect("open");
    second
        .send_in_turn(vec![b'y'])
        .await
        .expect("at the limit one more fits");
    let waiting = tokio::spawn(third.send_in_turn(vec![b'z']));
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished(), "one byte too many");
    let writing = tokio::spawn(queue.write_to(tokio::io::sink()));
    waiting.await.expect("no panic").expect("open");
    drop(outbound);
    writing.await.expect("no panic").expect("a sink");
}

#[tokio::test]
async fn a_large_answer_does_not_wait_for_a_writer_that_has_gone() {
    let (outbound, queue) = outbound();
    let (first, second) = (outbound.reserve().await, outbound.reserve().await);
    first
        .send_in_turn(vec![b'x'; MAX_OUTBOUND_BYTES + 1])
        .await
        .expect("open");
    let waiting = tokio::spawn(second.send_in_turn(vec![b'y']));
    tokio::task::yield_now().await;
    drop(queue);
    assert_eq!(waiting.await.expect("no panic"), Err(super::Closed));
}

#[tokio::test]
async fn requests_wait_while_requests_with_more_bytes_than_the_limit_are_worked_on() {
    let (outbound, _queue) = outbound();
    let mut first = outbound.reserve().await;
    first.count_request(MAX_INBOUND_BYTES_IN_FLIGHT);
    let mut second = outbound.reserve().await;
    second.count_request(1);
    assert!(!is_ready(outbound.reserve()).await, "one byte too many");
    drop(second);
    assert!(
        is_ready(outbound.reserve()).await,
        "a message without answer gives its bytes back"
    );
    let mut third = outbound.reserve().await;
    third.count_request(1);
    first.send(b"answer".to_vec()).expect("open");
    assert!(is_ready(outbound.reserve()).await, "a queued answer does so, too");
}

#[tokio::test]
async fn the_longest_request_is_worked_on_alone_and_the_next_one_waits_for_its_answer() {
    let (outbound, _queue) = outbound();
    let mut longest = outbound.reserve().await;
    longest.count_request(MAX_MESSAGE_BYTES);
    let next = outbound.reserve();
    tokio::pin!(next);
    assert!(!is_ready(&mut next).await);
    longest.send_in_turn(b"answer".to_vec()).await.expect("open");
    assert!(is_ready(next).await);
}

#[tokio::test]
async fn a_large_answer_that_waits_no_longer_counts_as_work_on_its_request() {
    let (outbound, queue) = outbound();
    let (full, mut slot) = (outbound.reserve().await, outbound.reserve().await);
    full.send(vec![b'x'; MAX_OUTBOUND_BYTES + 1]).expect("open");
    slot.count_request(MAX_MESSAGE_BYTES);
    let waiting = tokio::spawn(slot.send_in_turn(b"answer".to_vec()));
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    assert_eq!(
        outbound.load.request_bytes.load(std::sync::atomic::Ordering::Acquire),
        0
    );
    drop(queue);
    assert_eq!(waiting.await.expect("no panic"), Err(super::Closed));
}
