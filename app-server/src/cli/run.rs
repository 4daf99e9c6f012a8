//! Start and end of the program: arguments, logging, runtime, exit code.
//!
//! The only place that prints errors.

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use super::app::App;
use super::args::{Cli, Command};
use super::error::{CliError, CliResult};
use super::index::Begin;
use super::output::{Colour, Look, paint};
use super::{delete, demo, doctor, index, list, schema, search, serve, show, trash, verify};

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    start_logging();
    let result = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(CliError::Start)
        .and_then(|runtime| {
            let result = runtime.block_on(run(cli));
            // A handler that still runs must not hold up the end of the program.
            runtime.shutdown_background();
            result
        });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

async fn run(cli: Cli) -> CliResult {
    let mut app = App::new(cli.place);
    let done = match cli.command {
        Command::List(args) => list::run(&mut app, args).await,
        Command::Show(args) => show::run(&mut app, args).await,
        Command::Search(args) => search::run(&mut app, args).await,
        Command::Index(args) => index::run(&mut app, args, Begin::Here).await,
        Command::Rebuild(args) => index::run(&mut app, args, Begin::Anew).await,
        Command::Verify(args) => verify::run(&mut app, args).await,
        Command::Doctor(args) => doctor::run(&mut app, args).await,
        Command::Schema(args) => schema::run(&mut app, &args),
        // Standard output belongs to the client: one that does not read holds it, and the end must not wait for that.
        Command::Serve(args) => return serve::run(&app, args).await,
        Command::Delete(args) => delete::run(&mut app, args).await,
        Command::Trash(command) => trash::run(&mut app, command).await,
        Command::Demo(args) => demo::run(&mut app, args).await,
    };
    // What was printed before a failure is shown before the failure.
    app.out.flush().and(done)
}

#[expect(clippy::print_stderr, reason = "the command line's errors")]
fn report(error: &CliError) {
    let colour = stderr_colour();
    eprintln!("{} {}", paint(colour, Look::Bad, "error:"), error.report());
    if let Some(hint) = error.hint() {
        eprintln!(" {} {hint}", paint(colour, Look::Accent, "hint:"));
    }
}

fn stderr_colour() -> Colour {
    use std::io::IsTerminal;
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if std::io::stderr().is_terminal() && !plain {
        Colour::On
    } else {
        Colour::Off
    }
}

fn start_logging() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if std::env::var("LOG_FORMAT").is_ok_and(|format| format == "json") {
        builder.json().init();
    } else {
        builder.with_ansi(stderr_colour() == Colour::On).init();
    }
}
