//! Who the server says it is: user agent, home, machine and installation (`app-server-api.md` 1.8).
//!
//! Pure apart from [`Identity::gather`], which looks at the environment and at small files once at start.

use std::path::Path;

use crate::files::Files;

/// The version of Codex whose wire this server speaks; clients read it out of the user agent.
pub const CODEX_VERSION: &str = "0.169.0";

/// Sent as installation id when the home has none: this server never writes Codex's files.
const NO_INSTALLATION: &str = "00000000-0000-0000-0000-000000000000";

/// Who the server says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Absolute path of the home.
    pub home: String,
    /// Operating system and its version, e.g. `Debian 12.0.0`.
    pub os: String,
    /// Processor architecture.
    pub arch: String,
    /// Terminal that the server was started from.
    pub terminal: String,
    /// Name of the machine.
    pub server_name: String,
    /// Identity of the Codex installation.
    pub installation_id: String,
    /// Name that replaces the first client's in the user agent.
    pub originator_override: Option<String>,
}

impl Identity {
    /// Looks around: environment variables, `/etc/os-release`, the host name and the home's `installation_id`.
    pub fn gather(home: &Path, files: &Files) -> Self {
        let line = |path: &Path| {
            files
                .read_small_text(path)
                .ok()
                .flatten()
                .map(|text| text.trim().to_owned())
        };
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let release = files.read_small_text(Path::new("/etc/os-release")).ok().flatten();
        let host = || line(Path::new("/proc/sys/kernel/hostname")).or_else(|| variable("HOSTNAME"));
        Self {
            home: home.display().to_string(),
            os: release
                .as_deref()
                .map_or_else(|| format!("{} unknown", std::env::consts::OS), os_name),
            arch: std::env::consts::ARCH.to_owned(),
            terminal: terminal(
                variable("TERM_PROGRAM"),
                variable("TERM_PROGRAM_VERSION"),
                variable("TERM"),
            ),
            server_name: host().unwrap_or_else(|| "localhost".to_owned()),
            installation_id: line(&home.join("installation_id"))
                .filter(|id| !id.is_empty())
                .unwrap_or_else(|| NO_INSTALLATION.to_owned()),
            originator_override: variable("CODEX_INTERNAL_ORIGINATOR_OVERRIDE"),
        }
    }

    /// Returns what the server calls itself to a client.
    pub fn user_agent(&self, originator: &str, client: &str, client_version: &str) -> String {
        let suffix = format!("{client}; {client_version}");
        let agent = format!(
            "{originator}/{CODEX_VERSION} ({}; {}) {} ({})",
            self.os,
            self.arch,
            self.terminal,
            suffix.trim()
        );
        if is_header_value(&agent) {
            return agent;
        }
        agent
            .chars()
            .map(|c| if matches!(c, ' '..='~') { c } else { '_' })
            .collect()
    }
}

/// Tells whether a text may be the value of an HTTP header.
pub(crate) fn is_header_value(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7f))
}

fn terminal(program: Option<String>, version: Option<String>, term: Option<String>) -> String {
    match (program, version) {
        (Some(program), Some(version)) => format!("{program}/{version}"),
        (Some(program), None) => program,
        (None, _) => term.unwrap_or_else(|| "unknown".to_owned()),
    }
}

/// Reads name and version out of an `os-release` file; a version always has three numbers.
fn os_name(release: &str) -> String {
    let field = |name: &str| {
        let line = release
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
        Some(line.trim_matches('"').to_owned()).filter(|value| !value.is_empty())
    };
    let id = field("ID").unwrap_or_else(|| "linux".to_owned());
    let mut name: String = id.chars().take(1).flat_map(char::to_uppercase).collect();
    name.extend(id.chars().skip(1));
    let Some(version) = field("VERSION_ID") else {
        return format!("{name} unknown");
    };
    let mut numbers: Vec<&str> = version.split('.').collect();
    if numbers
        .iter()
        .all(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    {
        numbers.resize(3, "0");
    }
    format!("{name} {}", numbers.join("."))
}

#[cfg(test)]
#[path = "identity_tests.rs"]
mod identity_tests;
