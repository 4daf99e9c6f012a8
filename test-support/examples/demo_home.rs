//! Writes the sample home: `cargo run -p codex-test-support --example demo_home -- DIR`. Replaces what is there.
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a tool for developers")]

use std::{env, fs, io, path::PathBuf};

fn main() -> io::Result<()> {
    let dir = env::args_os()
        .nth(1)
        .map(PathBuf::from)
        .ok_or_else(|| io::Error::other("usage: demo_home DIR"))?;
    if dir.exists() {
        for folder in ["sessions", "archived_sessions"] {
            match fs::remove_dir_all(dir.join(folder)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    let paths = codex_test_support::demo::demo_home(&dir)?;
    println!("wrote {} files below {}", paths.len(), dir.display());
    Ok(())
}
