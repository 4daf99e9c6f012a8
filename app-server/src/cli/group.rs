//! The section or project that a person means: by id, else by name.
//!
//! Asks the same methods as any client.

use codex_protocol::rpc::project::{ProjectListParams, ProjectListResponse};
use codex_protocol::rpc::section::{ThreadSectionListParams, ThreadSectionListResponse};

use super::error::{CliError, CliResult};
use crate::limits::MAX_PAGE_ROWS;
use crate::transport::Client;

/// Returns the id of the section that a text means.
pub(super) async fn section_id(client: &mut Client, wanted: &str) -> CliResult<String> {
    let mut params = ThreadSectionListParams {
        limit: Some(MAX_PAGE_ROWS),
        ..ThreadSectionListParams::default()
    };
    let mut known = Vec::new();
    loop {
        let page: ThreadSectionListResponse = client.call("threadSection/list", &params).await?;
        known.extend(page.data.into_iter().map(|section| (section.id, section.name)));
        if page.next_cursor.is_none() {
            return meant("section", wanted, known);
        }
        params.cursor = page.next_cursor;
    }
}

/// Returns the id of the project that a text means.
pub(super) async fn project_id(client: &mut Client, wanted: &str) -> CliResult<String> {
    let mut params = ProjectListParams {
        limit: Some(MAX_PAGE_ROWS),
        ..ProjectListParams::default()
    };
    let mut known = Vec::new();
    loop {
        let page: ProjectListResponse = client.call("project/list", &params).await?;
        known.extend(page.data.into_iter().map(|project| (project.id, project.name)));
        if page.next_cursor.is_none() {
            return meant("project", wanted, known);
        }
        params.cursor = page.next_cursor;
    }
}

fn meant(what: &'static str, wanted: &str, known: Vec<(String, String)>) -> CliResult<String> {
    if known.iter().any(|(id, _)| id == wanted) {
        return Ok(wanted.to_owned());
    }
    let mut named: Vec<String> = known
        .into_iter()
        .filter(|(_, name)| name == wanted)
        .map(|(id, _)| id)
        .collect();
    let wanted = wanted.to_owned();
    match (named.pop(), named.len()) {
        (Some(id), 0) => Ok(id),
        (None, _) => Err(CliError::NoSuchGroup { what, wanted }),
        (Some(_), others) => Err(CliError::AmbiguousGroup {
            what,
            wanted,
            count: others + 1,
        }),
    }
}
