//! `codex-threads schema`.
//!
//! Writes what the protocol generates.

use std::path::Path;

use codex_protocol::rpc::schema::{GeneratedFiles, json_schema_files, typescript_files};

use super::app::App;
use super::args::SchemaArgs;
use super::error::{CliError, CliResult};

pub(super) fn run(app: &mut App, args: &SchemaArgs) -> CliResult {
    if let Some(folder) = &args.json {
        write(app, folder, &json_schema_files())?;
    }
    if let Some(folder) = &args.ts {
        write(app, folder, &typescript_files())?;
    }
    Ok(())
}

fn write(app: &mut App, folder: &Path, files: &GeneratedFiles) -> CliResult {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| CliError::File { path, source }
    };
    app.files.create_dir_all(folder).map_err(failed(folder))?;
    for (name, text) in files {
        let path = folder.join(name);
        app.files.write(&path, text.as_bytes()).map_err(failed(&path))?;
    }
    app.out
        .line(&format!("{} files written to {}", files.len(), folder.display()))
}
