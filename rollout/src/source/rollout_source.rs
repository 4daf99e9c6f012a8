//! One rollout, opened once: every read of a request goes through the same descriptor.
//!
//! All positions are offsets in the plain bytes, whichever form is stored. Does not decode lines.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::anchor::Anchor;
use super::bytes::ByteReader;
use super::cache::SeekCache;
use super::plain_body::PlainBody;
use super::zstd_body::ZstdBody;
use crate::discover::{Encoding, RolloutFile};
use crate::error::{Result, RolloutError};
use crate::fs::{FileStat, LogFile, LogFs};
use crate::lines::{Lines, LinesRev, ReadRules};

/// An open rollout whose length is frozen. Cheap to clone; clones share the descriptor.
#[derive(Debug, Clone)]
pub struct RolloutSource {
    inner: Arc<Inner>,
    rules: ReadRules,
}

struct Inner {
    file: Arc<dyn LogFile>,
    stat: FileStat,
    body: Body,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner")
            .field("stat", &self.stat)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
enum Body {
    Plain(PlainBody),
    Zstd(Arc<ZstdBody>),
}

impl RolloutSource {
    /// Opens a rollout and freezes its length.
    ///
    /// If the file changed its form (compressed, or back) since it was found, the other form is opened. `cache` is used
    /// for compressed files only; without one, or when it fails, random access streams from the start.
    pub fn open(fs: Arc<dyn LogFs>, file: &RolloutFile, cache: Option<&SeekCache>) -> Result<Self> {
        let other = match file.encoding {
            Encoding::Plain => {
                let mut name = file.logical_path().into_os_string();
                name.push(".zst");
                (name.into(), Encoding::Zstd)
            }
            Encoding::Zstd => (file.logical_path(), Encoding::Plain),
        };
        let first = (file.path.clone(), file.encoding);
        let mut not_found = None;
        // The first form again at the end: the new form is published before the old one is removed.
        for (path, encoding) in [first.clone(), other, first] {
            match fs.open(&path) {
                Ok(open) => return Self::from_file(&path, encoding, Arc::from(open), cache),
                Err(source) if source.kind() == io::ErrorKind::NotFound => {
                    not_found.get_or_insert(source);
                }
                Err(source) => return Err(RolloutError::Open { path, source }),
            }
        }
        let source = not_found.unwrap_or_else(|| io::Error::from(io::ErrorKind::NotFound));
        Err(RolloutError::Open {
            path: file.path.clone(),
            source,
        })
    }

    /// Takes an open file.
    pub(crate) fn from_file(
        path: &Path,
        encoding: Encoding,
        file: Arc<dyn LogFile>,
        cache: Option<&SeekCache>,
    ) -> Result<Self> {
        let stat = file.stat().map_err(|source| RolloutError::Open {
            path: path.to_owned(),
            source,
        })?;
        let body = match encoding {
            Encoding::Plain => Body::Plain(PlainBody::new(path, Arc::clone(&file), stat.len)),
            Encoding::Zstd => Body::Zstd(Arc::new(ZstdBody::new(path, Arc::clone(&file), stat, cache))),
        };
        Ok(Self::of(file, stat, body))
    }

    /// Takes an open compressed file that is decoded in order, whatever its end says: as every other decoder reads it.
    pub(crate) fn decoded_in_order(path: &Path, file: Arc<dyn LogFile>) -> Result<Self> {
        let stat = file.stat().map_err(|source| RolloutError::Open {
            path: path.to_owned(),
            source,
        })?;
        let body = Body::Zstd(Arc::new(ZstdBody::in_order(path, Arc::clone(&file), stat)));
        Ok(Self::of(file, stat, body))
    }

    fn of(file: Arc<dyn LogFile>, stat: FileStat, body: Body) -> Self {
        Self {
            inner: Arc::new(Inner { file, stat, body }),
            rules: ReadRules::default(),
        }
    }

    /// Tells whether a read costs what it reads, wherever it is: a plain file, or a compressed one with a true seek table.
    ///
    /// The table is looked for by the first call, or by the first read that needs it.
    pub fn is_seekable(&self) -> Result<bool> {
        match &self.inner.body {
            Body::Plain(_) => Ok(true),
            Body::Zstd(body) => Ok(body.seek()?.is_some()),
        }
    }

    /// Sets the rules that all its lines are read by.
    #[must_use]
    pub fn with_rules(mut self, rules: ReadRules) -> Self {
        self.rules = rules;
        self
    }

    /// The rules that its lines are read by.
    pub fn rules(&self) -> &ReadRules {
        &self.rules
    }

    /// The path that is open, which may be the other form of the one that was asked for.
    pub fn path(&self) -> &Path {
        match &self.inner.body {
            Body::Plain(body) => body.path(),
            Body::Zstd(body) => body.path(),
        }
    }

    /// The form that is open.
    pub fn encoding(&self) -> Encoding {
        match &self.inner.body {
            Body::Plain(_) => Encoding::Plain,
            Body::Zstd(_) => Encoding::Zstd,
        }
    }

    /// Status of the descriptor when it was opened.
    pub fn stat(&self) -> &FileStat {
        &self.inner.stat
    }

    /// Status of the descriptor now, for seeing whether the file grew or was changed meanwhile.
    pub fn stat_now(&self) -> Result<FileStat> {
        self.inner.file.stat().map_err(|source| RolloutError::Open {
            path: self.path().to_owned(),
            source,
        })
    }

    /// Length of the plain bytes as frozen at opening.
    ///
    /// Free for plain files and for those with a seek table. Another compressed file without a seekable copy is decoded once,
    /// unless a forward reader has already met the end; a damaged one gives [`RolloutError::Decompress`] with the offset up
    /// to which it is good.
    pub fn plain_len(&self) -> Result<u64> {
        match &self.inner.body {
            Body::Plain(body) => Ok(body.len()),
            Body::Zstd(body) => body.plain_len(),
        }
    }

    /// Reads exactly `len` plain bytes at `offset`.
    pub fn read_at(&self, offset: u64, len: u64) -> Result<Vec<u8>> {
        if let Body::Plain(body) = &self.inner.body {
            body.check_range(offset, len)?;
            // Within the file's length, so the allocation is no larger than the file; it comes zeroed from the system.
            let mut out = vec![0; len as usize];
            body.read_exact_at(offset, &mut out)?;
            return Ok(out);
        }
        let mut out = Vec::new();
        self.read_into(offset, len, &mut out)?;
        Ok(out)
    }

    /// Reads exactly `len` plain bytes at `offset` to the end of `out`, which keeps its length on error.
    pub fn read_into(&self, offset: u64, len: u64, out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        let result = match &self.inner.body {
            Body::Plain(body) => body.check_range(offset, len).and_then(|()| {
                // Within the file's length, so the allocation is no larger than the file.
                out.resize(start + len as usize, 0);
                body.read_exact_at(offset, &mut out[start..])
            }),
            Body::Zstd(body) => body.read_at(offset, len, out),
        };
        if result.is_err() {
            out.truncate(start);
        }
        result
    }

    /// Fills all of `buf` with the plain bytes from `offset`.
    pub(crate) fn read_exact_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        match &self.inner.body {
            Body::Plain(body) => body.read_exact_at(offset, buf),
            Body::Zstd(body) => {
                let mut bytes = Vec::new();
                body.read_at(offset, buf.len() as u64, &mut bytes)?;
                buf.copy_from_slice(&bytes);
                Ok(())
            }
        }
    }

    /// Returns the lines from `from_offset` (the start of a line) to the end.
    ///
    /// A compressed file without a seek table is decoded from its start up to the offset, unless there is a seekable copy; a
    /// far offset counts as a random request and may make one.
    pub fn lines(&self, from_offset: u64) -> Lines {
        let reader = match &self.inner.body {
            Body::Plain(body) => ByteReader::Plain {
                body: body.clone(),
                position: from_offset,
            },
            Body::Zstd(body) => ByteReader::Zstd(Box::new(body.reader(from_offset))),
        };
        Lines::new(self.path(), reader, from_offset).rules(self.rules.clone())
    }

    /// Returns the lines before `end_offset` (the end of a line, or of the file), last one first.
    ///
    /// An offset beyond the end is [`RolloutError::BeyondEnd`], at the first call of `next`.
    pub fn lines_rev(&self, end_offset: u64) -> LinesRev {
        LinesRev::new(self.clone(), end_offset).rules(self.rules.clone())
    }

    /// Computes the content anchor that vouches for the bytes before `at_offset`.
    ///
    /// Two small reads of a plain file, two frames of one with a seek table; another compressed one is decoded up to the
    /// offset, unless there is a seekable copy.
    pub fn anchor(&self, at_offset: u64) -> Result<Anchor> {
        let head = self.read_at(0, Anchor::head_len(at_offset))?;
        let tail_start = Anchor::tail_start(at_offset);
        let tail = self.read_at(tail_start, at_offset - tail_start)?;
        Ok(Anchor::compute(at_offset, &head, &tail))
    }

    /// Tells whether the bytes before an anchor's offset are still the ones that it was computed from.
    ///
    /// A file that is shorter than the offset by now does not match; that is no error.
    pub fn check_anchor(&self, anchor: &Anchor) -> Result<bool> {
        match self.anchor(anchor.at_offset) {
            Ok(found) => Ok(found == *anchor),
            Err(RolloutError::BeyondEnd { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
