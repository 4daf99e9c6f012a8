//! `server/diagnostics` (`app-server-api.md` 3.24).
//!
//! Figures of this process only.

use std::path::Path;

use codex_protocol::rpc::diagnostics::{ServerDiagnosticsGauge, ServerDiagnosticsProcess, ServerDiagnosticsResponse};

use crate::files::Files;
use crate::server::Server;

/// `server/diagnostics`.
pub(crate) fn server_diagnostics(server: &Server) -> ServerDiagnosticsResponse {
    let gauge = |name: &str, value| ServerDiagnosticsGauge {
        name: name.to_owned(),
        value,
    };
    let (live, active) = server.loaded.counts();
    ServerDiagnosticsResponse {
        process: ServerDiagnosticsProcess {
            id: std::process::id(),
            resident_memory_bytes: resident_memory_bytes(),
            physical_footprint_bytes: None,
        },
        gauges: vec![
            gauge("app.requests.in_flight", server.gauges.in_flight()),
            gauge("app.requests.queued", server.gauges.queued()),
            gauge("core.threads.live", live),
            gauge("core.turns.active", active),
        ],
    }
}

/// Asks Linux; other systems have no file for it.
fn resident_memory_bytes() -> Option<u64> {
    let status = Files::default()
        .read_small_text(Path::new("/proc/self/status"))
        .ok()??;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim()
        .strip_suffix(" kB")?
        .parse::<u64>()
        .ok()
        .map(|kilobytes| kilobytes * 1024)
}
