//! The promises of the simulated file system: what a crash keeps and what it takes.

use std::io;
use std::path::Path;

use super::{Crash, SimFs, SurvivingBytes, SurvivingNames};
use crate::fs::LogFs;

fn power(names: SurvivingNames, bytes: SurvivingBytes) -> Crash {
    Crash::Power { names, bytes }
}

/// `/d/f` holds a synced "one" and an unsynced "two4"; the name is synced if asked for.
fn disk(sync_names: &[&str]) -> SimFs {
    let fs = SimFs::new();
    fs.create_dir_all(Path::new("/d")).unwrap();
    let mut file = fs.create(Path::new("/d/f")).unwrap();
    file.write_all(b"one").unwrap();
    file.sync().unwrap();
    file.write_all(b"two4").unwrap();
    for folder in sync_names {
        fs.sync_dir(Path::new(folder)).unwrap();
    }
    fs
}

fn content(fs: &SimFs, path: &str) -> Option<String> {
    fs.bytes(Path::new(path))
        .ok()
        .map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn a_process_crash_keeps_every_completed_operation() {
    let after = disk(&[]).crash(Crash::Process);
    assert_eq!(content(&after, "/d/f").as_deref(), Some("onetwo4"));
}

#[test]
fn power_loss_keeps_only_bytes_that_were_synced() {
    use SurvivingBytes as B;
    let cases = [
        (B::Synced, "one"),
        (B::TornLastWrite, "onetw"),
        (B::Zeroed, "one\0\0\0\0"),
        (B::All, "onetwo4"),
    ];
    for (bytes, expected) in cases {
        let after = disk(&["/d", "/"]).crash(power(SurvivingNames::Synced, bytes));
        assert_eq!(content(&after, "/d/f").as_deref(), Some(expected), "{bytes:?}");
    }
}

#[test]
fn a_name_is_lost_unless_its_folder_and_all_above_were_synced() {
    let lose = power(SurvivingNames::Synced, SurvivingBytes::All);
    for synced in [&[][..], &["/"], &["/d"]] {
        assert_eq!(content(&disk(synced).crash(lose), "/d/f"), None, "{synced:?}");
    }
    let keep = power(SurvivingNames::All, SurvivingBytes::Synced);
    assert_eq!(content(&disk(&[]).crash(keep), "/d/f").as_deref(), Some("one"));
}

#[test]
fn an_unsynced_rename_may_be_undone_or_kept_without_content() {
    let fs = SimFs::new();
    fs.put(Path::new("/d/old"), b"old").unwrap();
    let mut file = fs.create(Path::new("/d/new")).unwrap();
    file.write_all(b"new").unwrap();
    fs.rename(Path::new("/d/new"), Path::new("/d/old")).unwrap();
    let undone = fs.crash(power(SurvivingNames::Synced, SurvivingBytes::All));
    assert_eq!(content(&undone, "/d/old").as_deref(), Some("old"));
    fs.remove(Path::new("/d/old")).unwrap();
    let gone = fs.crash(power(SurvivingNames::Remaining, SurvivingBytes::All));
    assert_eq!((content(&gone, "/d/old"), content(&gone, "/d/new")), (None, None));
    fs.create(Path::new("/d/old")).unwrap();
    let hollow = fs.crash(power(SurvivingNames::All, SurvivingBytes::Synced));
    assert_eq!(content(&hollow, "/d/old").as_deref(), Some(""));
}

#[test]
fn a_full_disk_takes_what_fits() {
    let fs = SimFs::new();
    let mut file = fs.create(Path::new("/f")).unwrap();
    fs.set_free_bytes(Some(2));
    assert_eq!(file.write_all(b"abc").unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(content(&fs, "/f").as_deref(), Some("ab"));
    file.set_len(0).unwrap();
    file.write_all(b"xy").unwrap();
    assert_eq!(content(&fs, "/f").as_deref(), Some("xy"));
}

#[test]
fn a_lock_has_one_holder_and_a_crash_frees_it() {
    let fs = SimFs::new();
    let held = fs.try_lock(Path::new("/l")).unwrap();
    assert!(held.is_some() && fs.try_lock(Path::new("/l")).unwrap().is_none());
    assert!(fs.crash(Crash::Process).try_lock(Path::new("/l")).unwrap().is_some());
    let waiter = std::thread::spawn({
        let fs = fs.clone();
        move || fs.lock(Path::new("/l")).map(drop)
    });
    drop(held);
    waiter.join().unwrap().unwrap();
}

#[test]
fn names_behave_as_on_a_real_disk() {
    let fs = SimFs::new();
    let kind = |result: io::Result<()>| result.unwrap_err().kind();
    assert_eq!(kind(fs.create(Path::new("/no/f")).map(drop)), io::ErrorKind::NotFound);
    fs.put(Path::new("/d/f"), b"x").unwrap();
    assert_eq!(
        kind(fs.create(Path::new("/d/f")).map(drop)),
        io::ErrorKind::AlreadyExists
    );
    assert_eq!(
        kind(fs.hard_link(Path::new("/d/f"), Path::new("/d/f"))),
        io::ErrorKind::AlreadyExists
    );
    assert_eq!(kind(fs.open(Path::new("/d")).map(drop)), io::ErrorKind::IsADirectory);
    fs.hard_link(Path::new("/d/f"), Path::new("/d/g")).unwrap();
    fs.remove(Path::new("/d/f")).unwrap();
    assert_eq!(content(&fs, "/d/g").as_deref(), Some("x"));
    let names: Vec<_> = fs
        .read_dir(Path::new("/d"))
        .unwrap()
        .into_iter()
        .map(|e| e.name)
        .collect();
    assert_eq!(names, ["g"]);
    assert_eq!(
        kind(fs.read_dir(Path::new("/d/g")).map(drop)),
        io::ErrorKind::NotADirectory
    );
    assert_eq!(fs.operation_count(), 8);
}

#[test]
fn folders_are_told_apart_by_their_numbers() {
    let fs = SimFs::new();
    fs.put(Path::new("/a/b/f"), b"x").unwrap();
    let number = |path: &str| fs.stat(Path::new(path)).unwrap().fingerprint.ino;
    let numbers: std::collections::BTreeSet<u64> = ["/", "/a", "/a/b", "/a/b/f"].map(number).into();
    assert_eq!((numbers.len(), number("/a")), (4, number("/a")));
}

#[test]
fn the_hash_of_a_disk_tells_names_and_contents() {
    let disk = |files: &[(&str, &str)]| {
        let fs = SimFs::new();
        for (path, text) in files {
            fs.put(Path::new(path), text.as_bytes()).unwrap();
        }
        fs
    };
    let one = disk(&[("/a/f", "x"), ("/a/g", "")]);
    let same = disk(&[("/a/g", ""), ("/a/f", "y"), ("/a/f", "x")]);
    let hash = |fs: &SimFs| fs.content_hash(Path::new("/ignored"));
    assert_eq!(hash(&one), hash(&same));
    same.put(Path::new("/ignored/f"), b"x").unwrap();
    assert_eq!(hash(&one), hash(&same));
    assert_eq!(one.files(), [Path::new("/a/f"), Path::new("/a/g")]);
    for other in [
        disk(&[("/a/f", "x")]),
        disk(&[("/a/f", ""), ("/a/g", "x")]),
        disk(&[("/a/f", "x"), ("/a/h", "")]),
    ] {
        assert_ne!(hash(&one), hash(&other));
    }
}

#[test]
fn what_a_failed_sync_dropped_is_read_and_never_reaches_the_disk() {
    let fs = SimFs::new();
    let path = Path::new("/d/f");
    fs.put(path, b"old ").unwrap();
    let mut file = fs.open_append(path).unwrap();
    fs.fail_sync_after(0);
    file.write_all(b"lost ").unwrap();
    assert!(file.sync().is_err());
    file.write_all(b"new").unwrap();
    file.sync().unwrap();
    assert_eq!(content(&fs, "/d/f").as_deref(), Some("old lost new"));
    for crash in Crash::ALL {
        let after = content(&fs.crash(crash), "/d/f");
        let expected = match crash {
            Crash::Process => "old lost new",
            Crash::Power { .. } => "old \0\0\0\0\0new",
        };
        assert_eq!(after.as_deref(), Some(expected), "{crash:?}");
    }
    // Cut off and written again, it is as anything that was written.
    file.set_len(4).unwrap();
    file.write_all(b"kept").unwrap();
    file.sync().unwrap();
    for crash in Crash::ALL {
        assert_eq!(
            content(&fs.crash(crash), "/d/f").as_deref(),
            Some("old kept"),
            "{crash:?}"
        );
    }
}
