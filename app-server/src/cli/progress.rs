//! The progress bar of long commands, on stderr and only on a terminal.
//!
//! Shows what the store reports; never estimates.

use std::io::IsTerminal;
use std::sync::Arc;

use codex_thread_store::IndexProgress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar that a store moves.
pub(super) struct Bar(ProgressBar);

impl Bar {
    /// Shows a bar if somebody can see it.
    pub(super) fn new(what: &'static str) -> Arc<Self> {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let style = ProgressStyle::with_template("{prefix} {wide_bar} {bytes}/{total_bytes} {msg} {eta}")
            .expect("the template is well-formed");
        bar.set_style(style.progress_chars("━╸ "));
        bar.set_prefix(what);
        Arc::new(Self(bar))
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl IndexProgress for Bar {
    fn advance(&self, bytes_done: u64, bytes_total: u64, threads_done: u64, threads_total: u64) {
        self.0.set_length(bytes_total);
        self.0.set_position(bytes_done);
        self.0.set_message(format!("{threads_done}/{threads_total} threads"));
    }
}
