//! The kinds of texts that a search tells apart.
//!
//! Names only; which text of an item is of which kind, `fields` decides.

/// What a searched text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum FieldKind {
    /// Name of the thread.
    Name = 0,
    /// Goal of the thread.
    Goal = 1,
    /// Message of the user or of the agent.
    Message = 2,
    /// Plan.
    Plan = 3,
    /// Summary or text of reasoning.
    Reasoning = 4,
    /// Request or outcome of a review.
    Review = 5,
    /// Command line.
    Command = 6,
    /// Output of a command.
    Output = 7,
    /// Changed lines.
    Patch = 8,
    /// Path of a file that was changed, read, or viewed.
    Path = 9,
    /// Tool call: server, tool and arguments; prompt of an agent or an image.
    Call = 10,
    /// Result or error of a tool call.
    Result = 11,
    /// Web search or page.
    Web = 12,
}

impl FieldKind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::Name,
        Self::Goal,
        Self::Message,
        Self::Plan,
        Self::Reasoning,
        Self::Review,
        Self::Command,
        Self::Output,
        Self::Patch,
        Self::Path,
        Self::Call,
        Self::Result,
        Self::Web,
    ];

    /// Returns the word that queries and answers name the kind by.
    pub fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Goal => "goal",
            Self::Message => "message",
            Self::Plan => "plan",
            Self::Reasoning => "reasoning",
            Self::Review => "review",
            Self::Command => "command",
            Self::Output => "output",
            Self::Patch => "patch",
            Self::Path => "path",
            Self::Call => "call",
            Self::Result => "result",
            Self::Web => "web",
        }
    }

    /// Returns the kind that a word names.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// A set of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KindSet(u16);

impl KindSet {
    /// No kind.
    pub const NONE: Self = Self(0);
    /// Every kind.
    pub const ALL: Self = Self((1 << FieldKind::ALL.len()) - 1);
    /// The kinds of a thread as a whole, which no item has.
    pub const OF_THREADS: Self = Self(1 << FieldKind::Name as u8 | 1 << FieldKind::Goal as u8);

    /// Returns the set with one more kind.
    #[must_use]
    pub fn with(self, kind: FieldKind) -> Self {
        Self(self.0 | 1 << kind as u8)
    }

    /// Returns the kinds that are in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Returns the kinds that are in either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the kinds that are not in `other`.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Returns whether a kind is in the set.
    pub fn contains(self, kind: FieldKind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }

    /// Returns whether no kind is in the set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<FieldKind> for KindSet {
    fn from_iter<T: IntoIterator<Item = FieldKind>>(kinds: T) -> Self {
        kinds.into_iter().fold(Self::NONE, Self::with)
    }
}
