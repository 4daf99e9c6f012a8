//! The program `codex-threads`; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    codex_app_server::cli::main()
}
