//! How large a row of a list is: the texts of a thread's record, which only the log limits.
//!
//! Counts; what is done about it is decided by whoever makes the list.

use crate::types::ThreadRecord;

impl ThreadRecord {
    /// Returns the bytes of the texts that the record has without its turns.
    #[must_use]
    pub fn text_bytes(&self) -> u64 {
        let git = self.git.as_ref();
        let optional = [
            self.name.as_deref(),
            self.model.as_deref(),
            self.reasoning_effort.as_deref(),
            self.originator.as_deref(),
            self.thread_source.as_deref(),
            self.agent_nickname.as_deref(),
            self.agent_role.as_deref(),
            git.and_then(|git| git.sha.as_deref()),
            git.and_then(|git| git.branch.as_deref()),
            git.and_then(|git| git.origin_url.as_deref()),
        ];
        let always = [&self.preview, &self.model_provider, &self.cwd, &self.cli_version];
        let bytes = optional.into_iter().flatten().map(str::len).sum::<usize>()
            + always.into_iter().map(String::len).sum::<usize>()
            + self.path.as_os_str().len();
        bytes as u64
    }
}
