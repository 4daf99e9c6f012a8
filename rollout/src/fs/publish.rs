//! Gives a finished temporary file its final name without ever replacing a file.
//!
//! The name is on stable storage when this returns.

use std::io;
use std::path::Path;

use super::folders::FsFailure;
use super::log_fs::LogFs;

/// Whose file has the final name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Published {
    /// The temporary file.
    This,
    /// Somebody else's: the temporary file is gone.
    Another,
}

/// Gives `temporary` the permissions and the time of `original`, then the name `target`, unless that is taken.
pub(crate) fn publish(
    fs: &dyn LogFs,
    original: &Path,
    temporary: &Path,
    target: &Path,
) -> Result<Published, FsFailure> {
    let failed = |action, path: &Path, source| FsFailure {
        action,
        path: path.to_owned(),
        source,
    };
    let remove = || fs.remove(temporary).map_err(|error| failed("remove", temporary, error));
    fs.copy_attributes(original, temporary)
        .map_err(|error| failed("copy the attributes to", temporary, error))?;
    let published = match fs.hard_link(temporary, target) {
        Ok(()) => {
            remove()?;
            Published::This
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            remove()?;
            Published::Another
        }
        // No hard links here. What others publish has the same content, so looking first is enough.
        Err(_) if fs.stat(target).is_ok() => {
            remove()?;
            Published::Another
        }
        Err(_) => {
            fs.rename(temporary, target)
                .map_err(|error| failed("rename to", target, error))?;
            Published::This
        }
    };
    if let Some(folder) = target.parent() {
        fs.sync_dir(folder)
            .map_err(|error| failed("sync folder", folder, error))?;
    }
    Ok(published)
}
