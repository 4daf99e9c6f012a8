//! When a parcel is full.

use std::sync::mpsc::sync_channel;

use super::{Cutter, PARCEL_BYTES, PARCEL_DOCUMENTS, TextPart, TextStep};

fn step() -> TextStep {
    TextStep {
        part: TextPart::Said,
        rollout: 1,
        from: 0,
        reached: 1,
        documents: Vec::new(),
    }
}

#[test]
fn a_parcel_with_as_many_documents_as_the_limit_is_handed_over() {
    let (parcels, received) = sync_channel(1);
    let mut cutter = Cutter::new(parcels);
    for _ in 1..PARCEL_DOCUMENTS {
        cutter.words_of(["word"].into_iter());
    }
    assert!(cutter.has_room());
    cutter.add(step());
    assert!(received.try_recv().is_err(), "one more document has room");
    cutter.words_of(["word"].into_iter());
    assert!(!cutter.has_room());
    cutter.add(step());
    let parcel = received.try_recv().expect("handed over");
    assert_eq!((parcel.documents, parcel.steps.len()), (PARCEL_DOCUMENTS, 2));
    assert!(cutter.has_room() && !cutter.is_unwanted);
}

#[test]
fn a_parcel_with_as_many_bytes_of_words_as_the_limit_is_handed_over() {
    let (parcels, received) = sync_channel(1);
    let mut cutter = Cutter::new(parcels);
    let (mut number, mut before) = (0, 0);
    while cutter.has_room() {
        before = cutter.parcel.words_bytes;
        let words: Vec<String> = (0..1_000).map(|word| format!("w{}", number * 1_000 + word)).collect();
        cutter.words_of([words.join(" ").as_str()].into_iter());
        number += 1;
    }
    assert!(before < PARCEL_BYTES && cutter.parcel.words_bytes >= PARCEL_BYTES);
    cutter.add(step());
    assert!(received.try_recv().is_ok());
    drop(received);
    cutter.hand_over();
    assert!(cutter.is_unwanted, "nobody takes parcels any more");
}
