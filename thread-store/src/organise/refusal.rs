//! Why something about the organisation of threads was refused.
//!
//! The texts are those of the wire (`app-server-api.md` 3.18 to 3.23).

use codex_protocol::ids::ThreadId;

use super::attachments::{MAX_ATTACHMENT_TYPE_BYTES, MAX_IDENTITY_KEY_BYTES, MAX_PAYLOAD_BYTES};
use super::goals::MAX_OBJECTIVE_CHARS;
use super::queue::{MAX_QUEUED_SUBMISSIONS, MAX_SUBMISSION_BYTES};
use super::read_state::ReadState;
use super::sections::MAX_APPEARANCE_BYTES;

/// A request that cannot be carried out; nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrganiseRefusal {
    /// A goal without objective was to be made.
    #[error("cannot update goal for thread {thread_id}: no goal exists")]
    NoGoal {
        /// The thread.
        thread_id: ThreadId,
    },
    /// The objective is blank.
    #[error("goal objective must not be empty")]
    EmptyObjective,
    /// The objective is too long.
    #[error("goal objective must be at most {MAX_OBJECTIVE_CHARS} characters")]
    LongObjective,
    /// The token budget is zero or less.
    #[error("goal budgets must be positive when provided")]
    GoalBudget,
    /// The type of an attachment is empty.
    #[error("attachmentType must not be empty")]
    EmptyAttachmentType,
    /// The type of an attachment is too long.
    #[error("attachmentType must not exceed {MAX_ATTACHMENT_TYPE_BYTES} bytes")]
    LongAttachmentType,
    /// The key of an attachment is empty.
    #[error("identityKey must not be empty")]
    EmptyIdentityKey,
    /// The key of an attachment is too long.
    #[error("identityKey must not exceed {MAX_IDENTITY_KEY_BYTES} bytes")]
    LongIdentityKey,
    /// What is attached is too long.
    #[error("attachment payload must not exceed {MAX_PAYLOAD_BYTES} bytes")]
    LongPayload,
    /// A submission says nothing.
    #[error("only user input can be added to the user-message queue")]
    EmptySubmission,
    /// A submission is longer than a fact may be.
    #[error("queued submission of {bytes} bytes exceeds the limit of {MAX_SUBMISSION_BYTES} bytes")]
    LongSubmission {
        /// Its length.
        bytes: usize,
    },
    /// The queue is full.
    #[error("queue cannot contain more than {MAX_QUEUED_SUBMISSIONS} submissions")]
    FullQueue,
    /// A submission does not wait in the queue.
    #[error("queued submission not found: {id}")]
    NoSubmission {
        /// The submission.
        id: String,
    },
    /// A new order leaves something out, or names something twice or unknown.
    #[error("queue reorder must include every queued submission exactly once")]
    PartialReorder,
    /// The read state is not the one that the change was meant for.
    #[error("read state changed")]
    ReadStateConflict {
        /// What it is now.
        current: Box<ReadState>,
    },
    /// A section must be named.
    #[error("sectionId must not be empty")]
    EmptySectionId,
    /// The name of a section is blank.
    #[error("section name must not be empty")]
    EmptySectionName,
    /// An icon or a colour is too long.
    #[error("section appearance {member} must not exceed {MAX_APPEARANCE_BYTES} bytes")]
    LongAppearance {
        /// Which of the two.
        member: &'static str,
    },
    /// A section that is to be changed does not exist.
    #[error("thread section not found: {section_id}")]
    SectionNotFound {
        /// The section.
        section_id: String,
    },
    /// The built-in section was to be renamed.
    #[error("the built-in pinned section cannot be renamed")]
    PinnedSectionName,
    /// The built-in section was to be deleted.
    #[error("the built-in pinned section cannot be deleted")]
    PinnedSectionDeletion,
    /// A section that a thread is to be put into does not exist.
    #[error("section {section_id} does not exist")]
    NoSuchSection {
        /// The section.
        section_id: String,
    },
    /// A thread was to be put before itself.
    #[error("thread {thread_id} cannot be moved before itself")]
    ThreadBeforeItself {
        /// The thread.
        thread_id: ThreadId,
    },
    /// The thread to be put before is in another section, or in none.
    #[error("before thread {thread_id} is not in section {section_id}")]
    BeforeThreadElsewhere {
        /// That thread.
        thread_id: ThreadId,
        /// The section.
        section_id: String,
    },
    /// The name of a project is blank.
    #[error("project name must not be empty")]
    EmptyProjectName,
    /// A request to make a project must be named.
    #[error("idempotencyKey must not be empty")]
    EmptyIdempotencyKey,
    /// The project that a request has made was deleted.
    #[error("idempotency key refers to deleted project: {key}")]
    DeletedProjectKey {
        /// The key.
        key: String,
    },
    /// A folder was named twice.
    #[error("duplicate project root: {path}")]
    DuplicateRoot {
        /// The folder, normalised.
        path: String,
    },
    /// A thread was named twice.
    #[error("duplicate thread id: {thread_id}")]
    DuplicateThread {
        /// The thread.
        thread_id: ThreadId,
    },
    /// A project does not exist.
    #[error("project not found: {project_id}")]
    ProjectNotFound {
        /// The project.
        project_id: String,
    },
    /// A project was to be put before itself.
    #[error("project {project_id} cannot be moved before itself")]
    ProjectBeforeItself {
        /// The project.
        project_id: String,
    },
    /// The project to be put before does not exist.
    #[error("before project not found: {project_id}")]
    BeforeProjectNotFound {
        /// The project.
        project_id: String,
    },
}
