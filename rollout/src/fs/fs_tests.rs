//! The real file system behind the seam, and the promises of the faulty one.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use super::{EntryKind, Fault, FaultFs, FsOp, LogFs, StdFs};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn what_we_create_is_private_to_the_user() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("a/b/c");
    StdFs.create_dir_all(&folder).unwrap();
    StdFs.create(&folder.join("file")).unwrap().write_all(b"x").unwrap();
    let _lock = StdFs.try_lock(&folder.join("lock")).unwrap().unwrap();
    for name in ["a", "a/b", "a/b/c"] {
        assert_eq!(mode(&dir.path().join(name)), 0o700, "{name}");
    }
    assert_eq!((mode(&folder.join("file")), mode(&folder.join("lock"))), (0o600, 0o600));
}

#[test]
fn an_existing_folder_keeps_its_mode() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    StdFs.create_dir_all(dir.path()).unwrap();
    assert_eq!(mode(dir.path()), 0o755);
}

#[test]
fn create_never_replaces_and_append_never_creates() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let missing = StdFs.open_append(&path).err().unwrap();
    assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    StdFs.create(&path).unwrap().write_all(b"one").unwrap();
    assert_eq!(StdFs.create(&path).err().unwrap().kind(), io::ErrorKind::AlreadyExists);
    let mut file = StdFs.open_append(&path).unwrap();
    file.write_all(b"two").unwrap();
    file.sync().unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"onetwo");
    file.set_len(4).unwrap();
    assert_eq!(file.stat().unwrap().len, 4);
    StdFs.sync_dir(dir.path()).unwrap();
}

#[test]
fn what_is_there_is_written_again_in_place_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    assert_eq!(
        StdFs.rewrite(&path, 0, b"x").unwrap_err().kind(),
        io::ErrorKind::NotFound
    );
    StdFs.create(&path).unwrap().write_all(b"one two").unwrap();
    StdFs.rewrite(&path, 4, b"two").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"one two");
    let beyond = StdFs.rewrite(&path, 5, b"two").unwrap_err();
    assert_eq!(beyond.kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(std::fs::read(&path).unwrap(), b"one two");
}

#[test]
fn only_regular_files_open() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(
        StdFs.open(dir.path()).err().unwrap().kind(),
        io::ErrorKind::IsADirectory
    );
    assert_eq!(
        StdFs.open(Path::new("/dev/null")).err().unwrap().kind(),
        io::ErrorKind::InvalidInput
    );
    let socket = dir.path().join("rollout-x.jsonl");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    assert_eq!(StdFs.open(&socket).err().unwrap().kind(), io::ErrorKind::InvalidInput);
    assert_eq!(StdFs.read_dir(dir.path()).unwrap()[0].kind, EntryKind::Other);
}

#[test]
fn a_lock_has_one_holder_until_it_is_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lock");
    let held = StdFs.try_lock(&path).unwrap();
    assert!(held.is_some() && StdFs.try_lock(&path).unwrap().is_none());
    drop(held);
    assert!(StdFs.try_lock(&path).unwrap().is_some());
}

#[test]
fn a_lock_that_is_held_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lock");
    let held = StdFs.lock(&path).unwrap();
    assert!(StdFs.try_lock(&path).unwrap().is_none());
    let waiter = std::thread::spawn({
        let path = path.clone();
        move || StdFs.lock(&path).map(drop)
    });
    drop(held);
    waiter.join().unwrap().unwrap();
}

#[test]
fn a_second_name_never_replaces_and_attributes_are_copied() {
    let dir = tempfile::tempdir().unwrap();
    let [old, new] = ["old", "new"].map(|name| dir.path().join(name));
    std::fs::write(&old, "x").unwrap();
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_nanos(1_000_000_007);
    std::fs::File::open(&old).unwrap().set_modified(long_ago).unwrap();
    std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o440)).unwrap();
    StdFs.create(&new).unwrap().write_all(b"y").unwrap();
    let taken = StdFs.hard_link(&old, &new).unwrap_err();
    assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
    StdFs.copy_attributes(&old, &new).unwrap();
    assert_eq!((mode(&new), StdFs.stat(&new).unwrap().mtime_ns), (0o440, 1_000_000_007));
    StdFs.hard_link(&new, &dir.path().join("third")).unwrap();
    assert_eq!(std::fs::read(dir.path().join("third")).unwrap(), b"y");
}

#[test]
fn fingerprints_change_with_the_content_and_touch_moves_the_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, "a").unwrap();
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_nanos(1_000_000_007);
    std::fs::File::options()
        .append(true)
        .open(&path)
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
    let before = StdFs.stat(&path).unwrap();
    assert_eq!(
        (before.mtime_ns, before.len, before.kind),
        (1_000_000_007, 1, EntryKind::File)
    );
    assert_eq!(StdFs.open(&path).unwrap().stat().unwrap(), before);
    StdFs.touch(&path).unwrap();
    let after = StdFs.stat(&path).unwrap();
    assert!(after.mtime_ns > before.mtime_ns && after.fingerprint != before.fingerprint);
}

#[test]
fn the_faulty_file_system_counts_and_fails_what_it_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let fs = FaultFs::new(Arc::new(StdFs))
        .with(Fault::FailAt {
            at: 1,
            kind: io::ErrorKind::StorageFull,
        })
        .with(Fault::FailAll {
            op: FsOp::Remove,
            kind: io::ErrorKind::PermissionDenied,
        });
    let mut file = fs.create(&path).unwrap();
    assert_eq!(file.write_all(b"abcd").unwrap_err().kind(), io::ErrorKind::StorageFull);
    file.write_all(b"ef").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"abef");
    assert_eq!(fs.remove(&path).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    let expected = [FsOp::Create, FsOp::Write, FsOp::Write, FsOp::Remove].map(|op| (op, path.clone()));
    assert_eq!(fs.operations(), expected);
}

#[test]
fn the_faulty_file_system_shortens_reads_and_acts_between_operations() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, "abcdef").unwrap();
    let gone = path.clone();
    let fs = FaultFs::new(Arc::new(StdFs))
        .with(Fault::ShortReads { max_bytes: 2 })
        .with(Fault::Before {
            at: 2,
            action: Box::new(move || std::fs::remove_file(gone).unwrap()),
        });
    let file = fs.open(&path).unwrap();
    let mut buf = [0; 6];
    assert_eq!((file.read_at(&mut buf, 1).unwrap(), &buf[..2]), (2, b"bc".as_slice()));
    assert_eq!(fs.stat(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn a_full_disk_takes_half_of_a_write_and_nothing_new_until_it_is_healed() {
    let disk = super::SimFs::new();
    let home = Path::new("/");
    disk.put(&home.join("old"), b"1").unwrap();
    let faulty = FaultFs::new(Arc::new(disk.clone()));
    let mut file = faulty.open_append(&home.join("old")).unwrap();
    faulty.add(Fault::FullFrom {
        at: faulty.operation_count(),
    });
    let full = |result: io::Result<()>| assert_eq!(result.unwrap_err().kind(), io::ErrorKind::StorageFull);
    full(faulty.create(&home.join("new")).map(drop));
    full(file.write_all(b"23"));
    full(file.write_all(b"45"));
    full(faulty.try_lock(&home.join("lock")).map(drop));
    assert_eq!(disk.bytes(&home.join("old")).unwrap(), b"12");
    file.sync().unwrap();
    faulty.rename(&home.join("old"), &home.join("moved")).unwrap();
    assert!(faulty.try_lock(&home.join("moved")).unwrap().is_some());
    faulty.heal();
    file.write_all(b"3").unwrap();
    assert_eq!(disk.bytes(&home.join("moved")).unwrap(), b"123");
}
