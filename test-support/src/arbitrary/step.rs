//! The alphabet of arbitrary histories, and the strategy that strings it together.

use proptest::{collection, prelude::*};

/// One thing that happens to a rollout.
///
/// Numbers pick among what there is so far (turns, items, calls) modulo its count, so that every step is possible at any time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A new turn begins.
    StartTurn,
    /// The open turn ends well.
    CompleteTurn,
    /// The open turn ends with an error.
    FailTurn,
    /// The open turn is interrupted.
    AbortTurn,
    /// An abort without a turn id, as old files have it.
    AbortWithoutId,
    /// The open turn is left without an end.
    ForgetTurn,
    /// A `task_started` for a turn that exists already.
    RepeatStart(u8),
    /// A `task_complete` for some turn, open, finished or removed.
    LateComplete(u8),
    /// Items join an earlier turn from here on, without any line that says so.
    ReturnToTurn(u8),
    /// A user message.
    User(u8),
    /// A user message without its response item.
    UserEventOnly(u8),
    /// A user response item without its event: context, or a lost event.
    UserResponseOnly(u8),
    /// An agent message without a phase.
    Agent(u8),
    /// An agent message said along the way.
    Commentary(u8),
    /// An agent message that answers the turn.
    FinalAnswer(u8),
    /// A reasoning step with so many summary and raw parts.
    Reasoning(u8, u8),
    /// A later snapshot of an earlier item, in its own or in the open turn.
    Snapshot(u8, u8),
    /// A new item for an earlier turn.
    LateItem(u8, u8),
    /// A plan.
    Plan(u8),
    /// A prompt added by a hook.
    HookPrompt,
    /// A shell command with this exit code.
    Exec(u8),
    /// A call whose output never comes, or comes by `LateOutput`.
    CallOnly,
    /// The output of an earlier call, perhaps again.
    LateOutput(u8),
    /// An output without any call.
    OrphanOutput,
    /// The event of old files that tells of an earlier call.
    ExecEvent(u8),
    /// A patch.
    Patch,
    /// A call of an MCP tool that goes well, ill, or nowhere.
    Mcp(u8),
    /// A web search.
    WebSearch(u8),
    /// A look at an image.
    ViewImage,
    /// A call of a tool of the client.
    DynamicTool,
    /// A pause.
    Sleep,
    /// A sign of life of a sub-agent.
    SubAgent(u8),
    /// A compaction.
    Compact,
    /// A rollback of so many turns; legacy only.
    RollBack(u8),
    /// A goal.
    Goal,
    /// New settings.
    Settings,
    /// A token count.
    TokenCount,
    /// A `world_state` record.
    WorldState,
    /// The beginning of a review.
    EnterReview,
    /// The end of a review.
    ExitReview,
    /// A second copy of the header; legacy only.
    MetadataUpdate,
    /// Time passes, or the clock is set back.
    Clock(i16),
    /// A blank line.
    Blank,
    /// A line that is no JSON.
    Garbage,
    /// A line that is no UTF-8.
    Binary,
    /// A JSON line that is no object.
    Scalar,
    /// A record of an unknown kind.
    UnknownRecord,
    /// An event of an unknown kind.
    UnknownEvent,
    /// An item of an unknown kind.
    UnknownItem,
    /// Half a line that the next line is glued to.
    Torn(u8),
    /// The next line has no ordinal.
    OmitOrdinal,
    /// The next line has an ordinal used before.
    ReuseOrdinal(u8),
    /// Ordinals are skipped.
    SkipOrdinals(u8),
}

/// Up to `max_steps` steps; simple ones are what failures shrink to.
pub fn steps(max_steps: usize) -> impl Strategy<Value = Vec<Step>> {
    collection::vec(step(), 0..=max_steps)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => talk(),
        6 => turns(),
        5 => tools(),
        3 => late(),
        2 => surroundings(),
        3 => damage(),
    ]
}

fn talk() -> impl Strategy<Value = Step> {
    let n = any::<u8>;
    prop_oneof![
        4 => n().prop_map(Step::User),
        3 => n().prop_map(Step::Agent),
        1 => n().prop_map(Step::Commentary),
        1 => n().prop_map(Step::FinalAnswer),
        1 => n().prop_map(Step::UserEventOnly),
        1 => n().prop_map(Step::UserResponseOnly),
        2 => (0..3_u8, 0..3_u8).prop_map(|(summary, raw)| Step::Reasoning(summary, raw)),
        1 => n().prop_map(Step::Plan),
        1 => Just(Step::HookPrompt),
    ]
}

fn turns() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::StartTurn),
        4 => Just(Step::CompleteTurn),
        1 => Just(Step::FailTurn),
        1 => Just(Step::AbortTurn),
        1 => Just(Step::AbortWithoutId),
        1 => Just(Step::ForgetTurn),
        1 => (0..4_u8).prop_map(Step::RollBack),
    ]
}

fn tools() -> impl Strategy<Value = Step> {
    let n = any::<u8>;
    prop_oneof![
        4 => (0..3_u8).prop_map(Step::Exec),
        1 => Just(Step::CallOnly),
        1 => Just(Step::OrphanOutput),
        2 => Just(Step::Patch),
        1 => (0..3_u8).prop_map(Step::Mcp),
        1 => n().prop_map(Step::WebSearch),
        1 => Just(Step::ViewImage),
        1 => Just(Step::DynamicTool),
        1 => Just(Step::Sleep),
        1 => n().prop_map(Step::SubAgent),
    ]
}

fn late() -> impl Strategy<Value = Step> {
    let n = any::<u8>;
    prop_oneof![
        2 => (n(), n()).prop_map(|(item, text)| Step::Snapshot(item, text)),
        2 => (n(), n()).prop_map(|(turn, text)| Step::LateItem(turn, text)),
        2 => n().prop_map(Step::LateOutput),
        1 => n().prop_map(Step::ExecEvent),
        1 => n().prop_map(Step::LateComplete),
        1 => n().prop_map(Step::RepeatStart),
        1 => n().prop_map(Step::ReturnToTurn),
    ]
}

fn surroundings() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::TokenCount),
        Just(Step::Settings),
        Just(Step::Goal),
        Just(Step::WorldState),
        Just(Step::Compact),
        Just(Step::EnterReview),
        Just(Step::ExitReview),
        Just(Step::MetadataUpdate),
        (-2000..20_000_i16).prop_map(Step::Clock),
    ]
}

fn damage() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Blank),
        Just(Step::Garbage),
        Just(Step::Binary),
        Just(Step::Scalar),
        Just(Step::UnknownRecord),
        Just(Step::UnknownEvent),
        Just(Step::UnknownItem),
        any::<u8>().prop_map(Step::Torn),
        Just(Step::OmitOrdinal),
        any::<u8>().prop_map(Step::ReuseOrdinal),
        (1..5_u8).prop_map(Step::SkipOrdinals),
    ]
}
