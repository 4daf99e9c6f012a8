//! Lines at and beyond the limit, and however the bytes arrive.

use tokio::io::BufReader;

use super::{Line, next_line};

async fn lines(bytes: &[u8], buffer: usize, max_bytes: usize) -> Vec<Line> {
    let mut reader = BufReader::with_capacity(buffer, bytes);
    let mut found = Vec::new();
    loop {
        match next_line(&mut reader, max_bytes).await.expect("memory") {
            Line::End => return found,
            line => found.push(line),
        }
    }
}

fn text(text: &str) -> Line {
    Line::Text(text.as_bytes().to_vec())
}

#[tokio::test]
async fn lines_end_in_any_way_whatever_the_buffer() {
    for buffer in [1, 2, 3, 5, 100] {
        let expected = [text("ab"), text("cd"), text(""), text("e")];
        assert_eq!(lines(b"ab\ncd\r\n\ne", buffer, 10).await, expected, "{buffer}");
    }
    assert_eq!(lines(b"", 10, 10).await, []);
}

#[tokio::test]
async fn a_line_at_the_limit_is_read_and_one_byte_more_is_skipped() {
    for buffer in [1, 3, 100] {
        assert_eq!(
            lines(b"abcd\nx\n", buffer, 4).await,
            [text("abcd"), text("x")],
            "{buffer}"
        );
        assert_eq!(
            lines(b"abcde\nx\n", buffer, 4).await,
            [Line::TooLong { bytes: 5 }, text("x")],
            "{buffer}"
        );
        assert_eq!(
            lines(b"abcde", buffer, 4).await,
            [Line::TooLong { bytes: 5 }],
            "{buffer}"
        );
    }
}
