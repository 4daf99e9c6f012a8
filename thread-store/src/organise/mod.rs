//! How people organise their threads: goals, sections, projects, queues, attachments and what was read.
//!
//! Only declares and re-exports. Each family is one file: its values, how facts of the journal become them, and the
//! decisions. All of it is written once, over the two calls of [`FactStore`].

mod attachments;
mod facts;
mod goals;
mod project_facts;
mod projects;
mod queue;
mod ranks;
mod read_state;
mod refusal;
mod sections;
mod store;

pub use attachments::{
    Attachment, Attachments, Identity, MAX_ATTACHMENT_TYPE_BYTES, MAX_IDENTITY_KEY_BYTES, MAX_PAYLOAD_BYTES, WasThere,
};
pub(crate) use facts::Belonging;
pub use facts::Organised;
pub use goals::{Goal, GoalPatch, GoalStatus, Goals, MAX_OBJECTIVE_CHARS};
pub(crate) use project_facts::{daybreak_fact, member_fact};
pub use projects::{
    MadeProject, NewProject, NewestOfProjects, Project, ProjectAnchor, ProjectPage, ProjectPatch, ProjectQuery,
    ProjectSort, Projects, ThreadChoices,
};
pub use queue::{MAX_QUEUED_SUBMISSIONS, MAX_SUBMISSION_BYTES, NewSubmission, QueueEntry, QueuedSubmission, Queues};
pub use read_state::{ReadChange, ReadState, ReadStates, UnreadFrom};
pub use refusal::OrganiseRefusal;
pub use sections::{
    MAX_APPEARANCE_BYTES, PINNED_SECTION_ID, Section, SectionAppearance, SectionMember, SectionMove, SectionPage,
    SectionPatch, Sections,
};
pub use store::{Decision, FactStore};
