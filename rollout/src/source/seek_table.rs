//! The seek table of the public "zstd seekable format": a skippable frame at the end that says where the frames are.
//!
//! A table is believed only where the frames themselves say the same: each one must begin and end where the table has it
//! and state the plain length that the table gives. Positions in such a file cannot be wrong, whoever wrote the table.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::zstd_frame::{Headers, read_exactly};
use crate::fs::LogFile;

/// Longest plain frame that is decoded into memory; a file with a longer one is read as one without a table.
pub const MAX_FRAME_PLAIN_BYTES: u64 = 8 * 1024 * 1024;
/// Longest stored frame that is fetched into memory: what does not compress is stored with a little more.
const MAX_FRAME_STORED_BYTES: u64 = MAX_FRAME_PLAIN_BYTES + MAX_FRAME_PLAIN_BYTES / 64;
/// Most frames of a table: 512 GiB of plain bytes in the frames that we write. Longer files are read as ones without a table.
pub const MAX_SEEK_FRAMES: usize = 1024 * 1024;

const SKIPPABLE_MAGIC: u32 = 0x184D_2A5E;
const FOOTER_MAGIC: u32 = 0x8F92_EAB1;
const SKIPPABLE_HEADER_BYTES: u64 = 8;
const FOOTER_BYTES: u64 = 9;
const ENTRY_BYTES: u64 = 8;
const CHECKSUM_BYTES: u64 = 4;
/// Bits of the descriptor: entries have checksums; must be zero.
const HAS_CHECKSUMS: u8 = 0x80;
const RESERVED: u8 = 0x7C;

/// Lengths of one frame, as the table has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameLengths {
    /// Length of the frame in the file.
    pub(crate) stored: u32,
    /// Length of what it decodes to.
    pub(crate) plain: u32,
}

/// Returns the skippable frame that goes behind the frames; `None` for more of them than a reader accepts.
pub(crate) fn encode_table(frames: &[FrameLengths]) -> Option<Vec<u8>> {
    if frames.len() > MAX_SEEK_FRAMES {
        return None;
    }
    let content_len = frames.len() as u64 * ENTRY_BYTES + FOOTER_BYTES;
    let mut bytes = Vec::with_capacity((SKIPPABLE_HEADER_BYTES + content_len) as usize);
    bytes.extend(SKIPPABLE_MAGIC.to_le_bytes());
    bytes.extend((content_len as u32).to_le_bytes());
    for frame in frames {
        bytes.extend(frame.stored.to_le_bytes());
        bytes.extend(frame.plain.to_le_bytes());
    }
    bytes.extend((frames.len() as u32).to_le_bytes());
    // No checksums of ours: each frame ends with that of its content.
    bytes.push(0);
    bytes.extend(FOOTER_MAGIC.to_le_bytes());
    Some(bytes)
}

/// Why a table is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TableFault {
    /// Bits that mean nothing today.
    #[error("the seek table has reserved bits set")]
    Reserved,
    /// The table's own length is not what its parts say.
    #[error("the seek table is cut or its length is wrong")]
    Length,
    /// More than [`MAX_SEEK_FRAMES`].
    #[error("the seek table has {frames} frames")]
    TooManyFrames { frames: u32 },
    /// The frames of the table end elsewhere than where the table begins.
    #[error("the frames of the seek table end at byte {end} and the table begins at byte {table}")]
    Sum { end: u64, table: u64 },
    /// A frame that is not decoded into memory.
    #[error("frame {frame} of the seek table has {plain} bytes, {stored} stored")]
    TooLarge { frame: usize, stored: u32, plain: u32 },
    /// The frame itself says something else.
    #[error("frame {frame} at byte {offset} is not the one that the seek table has")]
    Lie { frame: usize, offset: u64 },
}

/// What the end of a file says.
#[derive(Debug)]
pub(super) enum TableFound {
    /// There is no table.
    None,
    /// There is one that cannot be used.
    Refused(TableFault),
    /// There is one that fits the frames.
    Table(SeekTable),
}

/// Where each frame is: a table that was compared with the frames.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SeekTable {
    /// Ends of the frames, rising.
    ends: Vec<Ends>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ends {
    stored: u64,
    plain: u64,
}

/// The place of one frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FramePlace {
    /// Its number.
    pub(super) number: u32,
    /// Its bytes in the file.
    pub(super) stored: Range<u64>,
    /// Its content in the plain bytes.
    pub(super) plain: Range<u64>,
}

impl SeekTable {
    /// Reads the table at the end of an open file and compares it with the frames. Errors are `FileFault`s.
    pub(super) fn read(file: &Arc<dyn LogFile>, stored_len: u64) -> io::Result<TableFound> {
        let stated = match read_stated(&**file, stored_len)? {
            Ok(Some(stated)) => stated,
            Ok(None) => return Ok(TableFound::None),
            Err(fault) => return Ok(TableFound::Refused(fault)),
        };
        let table = match Self::add_up(&stated) {
            Ok(table) => table,
            Err(fault) => return Ok(TableFound::Refused(fault)),
        };
        let headers = Headers::new(Arc::clone(file), stated.table_at);
        Ok(match table.first_lie(&stated.frames, headers)? {
            Some((frame, offset)) => TableFound::Refused(TableFault::Lie { frame, offset }),
            None => TableFound::Table(table),
        })
    }

    fn add_up(stated: &Stated) -> Result<Self, TableFault> {
        let mut end = Ends { stored: 0, plain: 0 };
        let mut ends = Vec::with_capacity(stated.frames.len());
        for (frame, &FrameLengths { stored, plain }) in stated.frames.iter().enumerate() {
            if u64::from(plain) > MAX_FRAME_PLAIN_BYTES || u64::from(stored) > MAX_FRAME_STORED_BYTES {
                return Err(TableFault::TooLarge { frame, stored, plain });
            }
            end.stored += u64::from(stored);
            end.plain += u64::from(plain);
            ends.push(end);
        }
        match end.stored == stated.table_at {
            true => Ok(Self { ends }),
            false => Err(TableFault::Sum {
                end: end.stored,
                table: stated.table_at,
            }),
        }
    }

    fn first_lie(&self, stated: &[FrameLengths], mut headers: Headers) -> io::Result<Option<(usize, u64)>> {
        let mut offset = 0;
        for (frame, (stated, ends)) in stated.iter().zip(&self.ends).enumerate() {
            let found = headers.frame_at(offset)?;
            let is_true = found.is_some_and(|found| {
                found.stored_len == u64::from(stated.stored) && found.plain_len == Some(u64::from(stated.plain))
            });
            if !is_true {
                return Ok(Some((frame, offset)));
            }
            offset = ends.stored;
        }
        Ok(None)
    }

    /// Length of the plain bytes.
    pub(super) fn plain_len(&self) -> u64 {
        self.ends.last().map_or(0, |ends| ends.plain)
    }

    /// Memory that it takes.
    pub(super) fn memory_bytes(&self) -> u64 {
        (self.ends.len() * size_of::<Ends>()) as u64
    }

    /// Returns the frame that the plain byte at `offset` is in; `None` at the end and beyond.
    pub(super) fn frame_of(&self, offset: u64) -> Option<FramePlace> {
        let number = self.ends.partition_point(|ends| ends.plain <= offset);
        let end = *self.ends.get(number)?;
        let start = match number {
            0 => Ends { stored: 0, plain: 0 },
            _ => self.ends[number - 1],
        };
        Some(FramePlace {
            number: number as u32,
            stored: start.stored..end.stored,
            plain: start.plain..end.plain,
        })
    }
}

fn table_len(frames: u64, entry_bytes: u64) -> u64 {
    SKIPPABLE_HEADER_BYTES + frames * entry_bytes + FOOTER_BYTES
}

/// A table as it is written.
struct Stated {
    /// Where it begins, and the last frame should end.
    table_at: u64,
    frames: Vec<FrameLengths>,
}

fn read_stated(file: &dyn LogFile, stored_len: u64) -> io::Result<Result<Option<Stated>, TableFault>> {
    let Some(footer_at) = stored_len.checked_sub(FOOTER_BYTES) else {
        return Ok(Ok(None));
    };
    let mut footer = [0; FOOTER_BYTES as usize];
    read_exactly(file, &mut footer, footer_at)?;
    let [a, b, c, d, descriptor, magic @ ..] = footer;
    if u32::from_le_bytes(magic) != FOOTER_MAGIC {
        return Ok(Ok(None));
    }
    let frames = u32::from_le_bytes([a, b, c, d]);
    if descriptor & RESERVED != 0 {
        return Ok(Err(TableFault::Reserved));
    }
    if frames as usize > MAX_SEEK_FRAMES {
        return Ok(Err(TableFault::TooManyFrames { frames }));
    }
    let entry_bytes = match descriptor & HAS_CHECKSUMS {
        0 => ENTRY_BYTES,
        _ => ENTRY_BYTES + CHECKSUM_BYTES,
    };
    let Some(table_at) = stored_len.checked_sub(table_len(u64::from(frames), entry_bytes)) else {
        return Ok(Err(TableFault::Length));
    };
    let mut table = vec![0; (footer_at - table_at) as usize];
    read_exactly(file, &mut table, table_at)?;
    let (header, entries) = table.split_at(SKIPPABLE_HEADER_BYTES as usize);
    let content_len = (entries.len() as u64 + FOOTER_BYTES) as u32;
    if header[..4] != SKIPPABLE_MAGIC.to_le_bytes() || header[4..] != content_len.to_le_bytes() {
        return Ok(Err(TableFault::Length));
    }
    let frames = entries.chunks_exact(entry_bytes as usize).map(|entry| {
        let word = |at: usize| u32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]]);
        FrameLengths {
            stored: word(0),
            plain: word(4),
        }
    });
    Ok(Ok(Some(Stated {
        table_at,
        frames: frames.collect(),
    })))
}
