//! Which threads a query of the history looks at.
//!
//! Pure; the same for every store.

use codex_state::query::Filters;

use crate::types::{ArchivedFilter, SourceFilter, ThreadRecord};

/// Returns which of the two locations count.
pub(crate) fn archived_of(filters: &Filters) -> ArchivedFilter {
    match filters.archived {
        None => ArchivedFilter::Any,
        Some(false) => ArchivedFilter::Live,
        Some(true) => ArchivedFilter::Archived,
    }
}

/// Returns the kinds of sources that count; `None` for all. A word that names no kind accepts nothing.
pub(crate) fn sources_of(filters: &Filters) -> Option<Vec<SourceFilter>> {
    let named = |word: &String| {
        let kind = SOURCE_WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        kind.map(|(_, source)| *source)
    };
    (!filters.sources.is_empty()).then(|| filters.sources.iter().filter_map(named).collect())
}

const SOURCE_WORDS: [(&str, SourceFilter); 10] = [
    ("cli", SourceFilter::Cli),
    ("vscode", SourceFilter::Vscode),
    ("exec", SourceFilter::Exec),
    ("appServer", SourceFilter::AppServer),
    ("subAgent", SourceFilter::SubAgent),
    ("subAgentReview", SourceFilter::SubAgentReview),
    ("subAgentCompact", SourceFilter::SubAgentCompact),
    ("subAgentThreadSpawn", SourceFilter::SubAgentThreadSpawn),
    ("subAgentOther", SourceFilter::SubAgentOther),
    ("unknown", SourceFilter::Unknown),
];

/// Returns whether a thread satisfies the filters that lists do not know.
pub(crate) fn accepts(filters: &Filters, thread: &ThreadRecord) -> bool {
    any(&filters.cwds, |cwd| is_below(&thread.cwd, cwd))
        && any(&filters.providers, |provider| same(provider, &thread.model_provider))
        && any(&filters.models, |model| {
            thread.model.as_deref().is_some_and(|own| contains(own, model))
        })
        && any(&filters.names, |name| {
            thread.name.as_deref().is_some_and(|own| contains(own, name))
        })
}

fn any(wanted: &[String], accepts: impl Fn(&str) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(|wanted| accepts(wanted))
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

/// Tells whether a folder is another one or lies in it.
fn is_below(folder: &str, other: &str) -> bool {
    let other = other.trim_end_matches('/');
    folder
        .strip_prefix(other)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
#[path = "history_filter_tests.rs"]
mod history_filter_tests;
