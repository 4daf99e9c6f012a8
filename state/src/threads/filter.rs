//! What a list asks for, and which rows satisfy it.
//!
//! Values and predicates; the walk over the table is in `list.rs`.

use std::collections::BTreeSet;

use super::row::ThreadRow;
use super::source::{SourceKind, SourceSelector};

/// Key of a list's order; ties are broken by thread id in the same direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum ListSort {
    /// Creation time.
    #[default]
    CreatedAt,
    /// Time of the last change.
    UpdatedAt,
    /// Start of the newest turn, creation for threads without one.
    RecencyAt,
    /// Place in the section; only with [`Membership::One`] section, else there is nothing to list.
    SectionRank,
}

/// Restricts a list by what its threads were put into.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub enum Membership {
    /// No restriction.
    #[default]
    Any,
    /// Only threads that are in none.
    None,
    /// Only threads that are in this one.
    One(String),
}

impl Membership {
    /// Returns the one that is asked for.
    pub(super) fn one(&self) -> Option<&str> {
        match self {
            Self::Any | Self::None => None,
            Self::One(id) => Some(id),
        }
    }

    /// Returns whether threads are wanted that are in one, or that are in none.
    fn accepts_class(&self, is_in_one: bool) -> bool {
        match self {
            Self::Any => true,
            Self::None => !is_in_one,
            Self::One(_) => is_in_one,
        }
    }

    /// Returns whether threads of this one are wanted.
    pub(super) fn accepts(&self, id: Option<&str>) -> bool {
        match self {
            Self::Any => true,
            Self::None => id.is_none(),
            Self::One(wanted) => id == Some(wanted),
        }
    }
}

/// Direction of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum ListDirection {
    /// Oldest first.
    Ascending,
    /// Newest first.
    #[default]
    Descending,
}

/// Where a page starts, exclusively.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListAnchor {
    /// Sort time of the row before the page, Unix milliseconds; its rank in a list by rank.
    pub time_ms: i64,
    /// That row's thread id; `None` starts strictly after (or before) the time.
    pub thread_id: Option<String>,
}

/// Which of the two locations is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum ArchivedRows {
    /// Threads that are not archived.
    #[default]
    Live,
    /// Archived threads.
    Archived,
    /// Both.
    Any,
}

/// Whether rows of a hidden sort are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Visibility {
    /// Left out.
    #[default]
    Hidden,
    /// Listed like any other.
    Shown,
}

/// Sources that a list shows when none is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum DefaultSources {
    /// The interactive ones, as Codex.
    #[default]
    Interactive,
    /// Also those that no source filter can name, so that no thread is out of reach.
    Reachable,
}

impl DefaultSources {
    /// Returns whether threads of a source are listed when none is asked for.
    pub fn accepts(self, source: SourceKind) -> bool {
        let unnamed = matches!(source, SourceKind::Unknown | SourceKind::Custom | SourceKind::Internal);
        source.is_interactive() || (self == Self::Reachable && unnamed)
    }
}

/// Restricts a list to relatives of a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relation {
    /// Directly spawned children.
    ChildrenOf(String),
    /// Descendants at any depth, without the ancestor itself.
    DescendantsOf(String),
    /// Forks attached to the thread; shown whatever [`ListFilter::attached`] and [`ListFilter::unpreviewed`] say.
    AttachedTo(String),
}

/// What to list. An empty list of values accepts nothing; `None` accepts everything (sources: see there).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListFilter {
    /// Order.
    pub sort: ListSort,
    /// Direction of the order.
    pub direction: ListDirection,
    /// Page size.
    pub limit: usize,
    /// Exclusive start.
    pub anchor: Option<ListAnchor>,
    /// Archived or not.
    pub archived: ArchivedRows,
    /// Accepted sources; `None` means the default ones, with a relation all.
    pub sources: Option<Vec<SourceSelector>>,
    /// What `sources: None` means.
    pub default_sources: DefaultSources,
    /// Accepted providers.
    pub providers: Option<Vec<String>>,
    /// Accepted working directories, compared as [`normalise_cwd`] leaves them.
    pub cwds: Option<Vec<String>>,
    /// Case-sensitive substring of name, title or preview; `None` or empty means no filter.
    pub search_term: Option<String>,
    /// Restriction to relatives.
    pub relation: Option<Relation>,
    /// Restriction by section; threads without preview are shown in one that is asked for.
    pub section: Membership,
    /// Restriction by project.
    pub project: Membership,
    /// Attached forks.
    pub attached: Visibility,
    /// Threads with an empty preview.
    pub unpreviewed: Visibility,
    /// Threads that Codex never lists.
    pub codex_hidden: Visibility,
    /// Threads to leave out.
    pub excluded: Vec<String>,
    /// Only threads whose current revision is one of these, by key: few, because each of them is looked up.
    pub rollouts: Option<BTreeSet<i64>>,
}

/// What the sort indexes know of a row besides provider, directory and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RowClass {
    /// Lies under `archived_sessions`.
    pub archived: bool,
    /// Has no preview.
    pub unpreviewed: bool,
    /// Is attached to a thread.
    pub attached: bool,
    /// Is never listed by Codex.
    pub codex_hidden: bool,
    /// Is in a section.
    pub sectioned: bool,
    /// Is in a project.
    pub in_project: bool,
    /// Kind of the source.
    pub source: SourceKind,
}

impl RowClass {
    const ARCHIVED: i64 = 1;
    const UNPREVIEWED: i64 = 1 << 1;
    const ATTACHED: i64 = 1 << 2;
    const CODEX_HIDDEN: i64 = 1 << 3;
    const SECTIONED: i64 = 1 << 4;
    const IN_PROJECT: i64 = 1 << 5;
    const SOURCE_SHIFT: u32 = 6;

    /// Returns the class of a row.
    pub fn of(row: &ThreadRow) -> Self {
        Self {
            archived: row.archived,
            unpreviewed: row.preview.text.is_empty(),
            attached: row.attached_to.is_some(),
            codex_hidden: row.codex_hidden,
            sectioned: row.section.is_some(),
            in_project: row.project_id.is_some(),
            source: SourceKind::of_stored(&row.source),
        }
    }

    /// Returns the stored number.
    pub fn code(self) -> i64 {
        let flag = |set: bool, bit: i64| if set { bit } else { 0 };
        flag(self.archived, Self::ARCHIVED)
            | flag(self.unpreviewed, Self::UNPREVIEWED)
            | flag(self.attached, Self::ATTACHED)
            | flag(self.codex_hidden, Self::CODEX_HIDDEN)
            | flag(self.sectioned, Self::SECTIONED)
            | flag(self.in_project, Self::IN_PROJECT)
            | self.source.code() << Self::SOURCE_SHIFT
    }

    /// Decodes the stored number.
    pub fn from_code(code: i64) -> Option<Self> {
        Some(Self {
            archived: code & Self::ARCHIVED != 0,
            unpreviewed: code & Self::UNPREVIEWED != 0,
            attached: code & Self::ATTACHED != 0,
            codex_hidden: code & Self::CODEX_HIDDEN != 0,
            sectioned: code & Self::SECTIONED != 0,
            in_project: code & Self::IN_PROJECT != 0,
            source: SourceKind::from_code(code >> Self::SOURCE_SHIFT)?,
        })
    }
}

impl ListFilter {
    /// Returns whether rows of a class are wanted.
    pub(super) fn accepts_class(&self, class: RowClass) -> bool {
        let of_attached = matches!(self.relation, Some(Relation::AttachedTo(_)));
        let of_section = self.section.one().is_some();
        let location = match self.archived {
            ArchivedRows::Live => !class.archived,
            ArchivedRows::Archived => class.archived,
            ArchivedRows::Any => true,
        };
        location
            && self.section.accepts_class(class.sectioned)
            && self.project.accepts_class(class.in_project)
            && (!class.unpreviewed || of_attached || of_section || self.unpreviewed == Visibility::Shown)
            && (!class.attached || of_attached || self.attached == Visibility::Shown)
            && (!class.codex_hidden || self.codex_hidden == Visibility::Shown)
            && match &self.sources {
                Some(selectors) => selectors.iter().any(|selector| selector.accepts(class.source)),
                None => self.relation.is_some() || self.default_sources.accepts(class.source),
            }
    }

    /// Returns whether rows of a provider are wanted.
    pub(super) fn accepts_provider(&self, provider: &str) -> bool {
        self.providers
            .as_ref()
            .is_none_or(|providers| providers.iter().any(|wanted| wanted == provider))
    }

    /// Returns whether threads with this current revision are wanted.
    pub(super) fn accepts_rollout(&self, rollout_key: i64) -> bool {
        self.rollouts
            .as_ref()
            .is_none_or(|wanted| wanted.contains(&rollout_key))
    }

    /// Returns the accepted working directories as they are stored, each once.
    pub(super) fn cwd_keys(&self) -> Option<Vec<String>> {
        self.cwds.as_ref().map(|cwds| {
            // A thread without directory is never asked for: the caller's "" means its own directory, resolved.
            let mut keys: Vec<String> = cwds
                .iter()
                .filter(|cwd| !cwd.is_empty())
                .map(|cwd| normalise_cwd(cwd))
                .collect();
            keys.sort_unstable();
            keys.dedup();
            keys
        })
    }

    /// Returns the text filter, if there is one.
    pub(super) fn term(&self) -> Option<&str> {
        self.search_term.as_deref().filter(|term| !term.is_empty())
    }
}

/// Normalises a working directory for comparison, lexically: repeated and trailing slashes, `.` and `..` vanish.
pub fn normalise_cwd(cwd: &str) -> String {
    let absolute = cwd.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in cwd.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if absolute => {}
            part => parts.push(part),
        }
    }
    let root = if absolute { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod filter_tests;
