//! Positioned reads of an uncompressed file whose length was frozen when it was opened.
//!
//! Answers exactly or fails: a file that shrank is an error, never a short answer.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Result, RolloutError};
use crate::fs::{LogFile, read_full_at};

/// An open uncompressed file and the length that it is read to.
#[derive(Clone)]
pub(crate) struct PlainBody {
    path: Arc<PathBuf>,
    file: Arc<dyn LogFile>,
    len: u64,
}

impl fmt::Debug for PlainBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainBody")
            .field("path", &self.path)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

impl PlainBody {
    /// Takes an open file; `path` is what errors name.
    pub(crate) fn new(path: &Path, file: Arc<dyn LogFile>, len: u64) -> Self {
        Self {
            path: Arc::new(path.to_owned()),
            file,
            len,
        }
    }

    /// The length that was seen when the file was opened.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The path that errors name.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Fails unless the range lies within the frozen length.
    pub(crate) fn check_range(&self, offset: u64, len: u64) -> Result<()> {
        match offset.checked_add(len) {
            Some(end) if end <= self.len => Ok(()),
            end => Err(RolloutError::BeyondEnd {
                path: self.path().to_owned(),
                offset: end.unwrap_or(u64::MAX),
                plain_len: self.len,
            }),
        }
    }

    /// Fills all of `buf` from `offset`.
    pub(crate) fn read_exact_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.check_range(offset, buf.len() as u64)?;
        match read_full_at(&*self.file, buf, offset) {
            Ok(n) if n == buf.len() => Ok(()),
            Ok(n) => Err(RolloutError::Shrank {
                path: self.path().to_owned(),
                offset: offset + n as u64,
                expected_len: self.len,
            }),
            Err(source) => Err(RolloutError::Read {
                path: self.path().to_owned(),
                offset,
                source,
            }),
        }
    }
}
