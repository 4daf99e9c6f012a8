//! How far back from the end bytes are written again.

use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use super::{CHUNK_BYTES, MAX_REWRITTEN_BYTES, rewrite};
use crate::discover::Encoding;
use crate::fs::{FaultFs, FsOp, LogFile, StdFs};
use crate::source::RolloutSource;
use crate::test_files::MemFile;

/// A file of so many zeros.
struct Zeros(u64);

impl LogFile for Zeros {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> std::io::Result<usize> {
        let len = (self.0.saturating_sub(offset)).min(buf.len() as u64) as usize;
        buf[..len].fill(0);
        Ok(len)
    }

    fn stat(&self) -> std::io::Result<crate::fs::FileStat> {
        let mut stat = MemFile(Vec::new()).stat()?;
        (stat.len, stat.fingerprint.len) = (self.0, self.0);
        Ok(stat)
    }
}

#[test]
fn bytes_up_to_the_limit_before_the_end_are_written_again_and_older_ones_are_left() {
    for older_bytes in [0, 3] {
        let len = MAX_REWRITTEN_BYTES + older_bytes;
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("log");
        let mut file = OpenOptions::new()
            .create_new(true)
            .read(true)
            .write(true)
            .open(&path)
            .expect("file");
        file.set_len(len).expect("sparse");
        // What is written again shows, because the source says something else.
        for at in [0, older_bytes, len - 1] {
            file.seek(SeekFrom::Start(at)).expect("seek");
            file.write_all(b"x").expect("write");
        }
        let fs = FaultFs::new(Arc::new(StdFs));
        let source = RolloutSource::from_file(&path, Encoding::Plain, Arc::new(Zeros(len)), None).expect("open");
        rewrite(&fs, &path, &source, 0, len).expect("written");
        let mut at = |offset: u64| {
            let mut byte = [0];
            file.seek(SeekFrom::Start(offset)).expect("seek");
            file.read_exact(&mut byte).expect("read");
            byte[0]
        };
        assert_eq!(at(0) == b'x', older_bytes > 0, "older than the limit");
        assert_eq!((at(older_bytes), at(len - 1)), (0, 0));
        let writes = fs.operations().iter().filter(|(op, _)| *op == FsOp::Rewrite).count();
        assert_eq!(writes as u64, MAX_REWRITTEN_BYTES / CHUNK_BYTES);
    }
}
