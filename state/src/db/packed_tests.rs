//! What is written is read back, and no bytes make reading panic.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn reading_gives_back_what_was_written(
        base in 0u64..1 << 50,
        number in any::<u64>(),
        value in any::<u64>(),
        text in prop::collection::vec(any::<u8>(), 0..40),
        spans in prop::collection::vec((0u64..1 << 50, any::<u32>()), 0..8),
    ) {
        let spans: Vec<Span> = spans.into_iter().map(|(offset, len)| Span { offset, len }).collect();
        let mut packer = Packer::default();
        packer.number(number);
        packer.distance(base, value);
        packer.text(&text);
        packer.spans(base, &spans);
        packer.spans(base, &spans);
        let bytes = packer.into_bytes();
        let mut packed = Unpacker::new("test", &bytes);
        prop_assert_eq!(packed.number().expect("own number"), number);
        prop_assert_eq!(packed.distance(base).expect("own distance"), value);
        prop_assert_eq!(packed.text().expect("own text"), &text[..]);
        packed.skip_spans().expect("own spans");
        prop_assert_eq!(packed.spans(base).expect("own spans"), spans);
        prop_assert!(packed.rest.is_empty());
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..32)) {
        let _spans = Unpacker::new("test", &bytes).spans(7);
        let _skipped = Unpacker::new("test", &bytes).skip_spans();
        let _text = Unpacker::new("test", &bytes).text();
    }
}

#[test]
fn the_span_of_a_row_of_one_line_takes_three_bytes() {
    let mut packer = Packer::default();
    packer.span(
        123_456_789,
        Span {
            offset: 123_456_789,
            len: 1_200,
        },
    );
    assert_eq!(packer.into_bytes().len(), 3);
}
