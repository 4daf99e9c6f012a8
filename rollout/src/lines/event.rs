//! What the line readers deliver.
//!
//! Positions are offsets in the plain bytes.

/// One line, or what stands for one that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEvent<'a> {
    /// A line.
    Line {
        /// Offset of its first byte.
        offset: u64,
        /// Its bytes without the newline.
        bytes: &'a [u8],
        /// Offset after its newline, or after its last byte if it has none.
        end: u64,
        /// Whether it ends with a newline. Only the last line may have none.
        terminated: bool,
    },
    /// A line longer than the limit; its bytes were never buffered.
    Oversized {
        /// Offset of its first byte.
        offset: u64,
        /// Its length without the newline.
        len: u64,
        /// Offset after its newline, or after its last byte if it has none.
        end: u64,
    },
}

impl LineEvent<'_> {
    /// Offset of the line's first byte.
    pub fn offset(&self) -> u64 {
        match self {
            Self::Line { offset, .. } | Self::Oversized { offset, .. } => *offset,
        }
    }

    /// Offset after the line and its newline.
    pub fn end(&self) -> u64 {
        match self {
            Self::Line { end, .. } | Self::Oversized { end, .. } => *end,
        }
    }

    /// Whether the line ends with a newline.
    pub fn is_terminated(&self) -> bool {
        match self {
            Self::Line { terminated, .. } => *terminated,
            Self::Oversized { offset, len, end } => offset + len < *end,
        }
    }
}
