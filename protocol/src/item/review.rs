//! What a review was asked for and what it found (format 3.2, 4).
//!
//! Scores keep their text. Owns the rendering of the review text.

use serde::{Deserialize, Serialize};

use crate::log::RawJson;
use crate::log::tagged::tagged_deserialize;

/// What is reviewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum ReviewTarget {
    /// Changes that are not committed.
    UncommittedChanges,
    /// Changes against a branch.
    BaseBranch(BaseBranchTarget),
    /// One commit.
    Commit(CommitTarget),
    /// Free instructions.
    Custom(CustomTarget),
    /// A target of a newer writer, as written.
    #[serde(untagged)]
    Other(RawJson),
}

tagged_deserialize! {
    stored ReviewTarget by "type" {
        "uncommittedChanges" => UncommittedChanges unit,
        "baseBranch" => BaseBranch newtype,
        "commit" => Commit newtype,
        "custom" => Custom newtype,
    }
    other => Other
}

/// A branch to compare with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseBranchTarget {
    /// Its name.
    pub branch: String,
}

/// A commit to review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitTarget {
    /// Its hash.
    pub sha: String,
    /// Its title.
    #[serde(default)]
    pub title: Option<String>,
}

/// Free review instructions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomTarget {
    /// The instructions.
    pub instructions: String,
}

/// Result of a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewOutput {
    /// Findings in order.
    #[serde(default)]
    pub findings: Vec<ReviewFinding>,
    /// Verdict.
    #[serde(default)]
    pub overall_correctness: String,
    /// Summary.
    #[serde(default)]
    pub overall_explanation: String,
    /// Confidence of the verdict, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overall_confidence_score: Option<RawJson>,
}

/// One finding of a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewFinding {
    /// Title.
    pub title: String,
    /// Explanation, possibly several lines.
    pub body: String,
    /// Confidence, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence_score: Option<RawJson>,
    /// Priority, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<RawJson>,
    /// Place in the code.
    pub code_location: CodeLocation,
}

/// A place in the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeLocation {
    /// Absolute path.
    pub absolute_file_path: String,
    /// Lines.
    pub line_range: LineRange,
}

/// Lines from `start` to `end`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRange {
    /// First line.
    pub start: u64,
    /// Last line.
    pub end: u64,
}

/// Text shown when a review ended without any output (format 4).
pub const NO_REVIEW_OUTPUT: &str = "Reviewer failed to output a response.";

/// Text shown when a review was entered without a hint (format 4).
pub const REVIEW_REQUESTED: &str = "Review requested.";

/// Renders the text of a finished review (format 4, "Review text").
#[must_use]
pub fn review_text(output: Option<&ReviewOutput>) -> String {
    let Some(output) = output else {
        return NO_REVIEW_OUTPUT.to_owned();
    };
    let mut sections = Vec::new();
    let explanation = output.overall_explanation.trim();
    if !explanation.is_empty() {
        sections.push(explanation.to_owned());
    }
    if !output.findings.is_empty() {
        sections.push(findings_text(&output.findings));
    }
    if sections.is_empty() {
        NO_REVIEW_OUTPUT.to_owned()
    } else {
        sections.join("\n\n")
    }
}

fn findings_text(findings: &[ReviewFinding]) -> String {
    let heading = if findings.len() == 1 {
        "Review comment:"
    } else {
        "Full review comments:"
    };
    let mut lines = vec![heading.to_owned()];
    for finding in findings {
        let LineRange { start, end } = finding.code_location.line_range;
        let path = &finding.code_location.absolute_file_path;
        lines.push(String::new());
        lines.push(format!("- {} — {path}:{start}-{end}", finding.title));
        lines.extend(finding.body.lines().map(|line| format!("  {line}")));
    }
    lines.join("\n")
}
