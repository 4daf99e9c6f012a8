//! Arbitrary probes.

use codex_thread_store::{ArchivedFilter, Direction, HistoryOrder, ItemsView, ListSort, View};
use proptest::prelude::*;

use crate::probe::{Marks, Probe};

/// Whole words and pieces, in other letter case, across words, of scripts without spaces, and words that only rendered
/// Markdown has.
pub(crate) const TERMS: [&str; 13] = [
    "needle",
    "WIDGET",
    "*widget*",
    "日本",
    "finally",
    "ready code",
    "eedl",
    "CAFÉ 日",
    "本語",
    "twothree",
    "wothre",
    "e",
    "nowhere at all",
];

/// Words, phrases, prefixes, texts inside words, exclusions, kinds, times, expressions; and what narrows nothing.
pub(crate) const QUERIES: [&str; 24] = [
    "needle",
    "widget fix",
    "\"fix the widget\"",
    "need*",
    "'eedl'",
    "needle OR widget",
    "(needle OR ready) -widget",
    "-needle",
    "",
    "/wid.et/",
    "日本",
    "本",
    "twothree",
    "in:message needle",
    "in:command needle",
    "in:output needle",
    "in:command,output,patch,path,call,result /./",
    "in:reasoning,plan,review,web /./",
    "path:rs",
    "sh OR cargo OR test OR rs",
    "name:e needle",
    "after:2026-01-02 needle",
    "archived:yes needle",
    "nowhere",
];

pub(crate) fn history_query() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&QUERIES[..])
}

pub(crate) fn history_order() -> impl Strategy<Value = HistoryOrder> {
    prop_oneof![Just(HistoryOrder::Ranked), Just(HistoryOrder::Newest)]
}

pub(crate) fn view() -> impl Strategy<Value = View> {
    prop_oneof![Just(View::Full), Just(View::Codex)]
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Ascending), Just(Direction::Descending)]
}

fn items_view() -> impl Strategy<Value = ItemsView> {
    prop_oneof![
        Just(ItemsView::NotLoaded),
        Just(ItemsView::Summary),
        Just(ItemsView::Full)
    ]
}

pub(crate) fn marks() -> impl Strategy<Value = Marks> {
    prop_oneof![
        Just(Marks::Positions),
        Just(Marks::Wire),
        Just(Marks::Ids),
        Just(Marks::Overlapping)
    ]
}

pub(crate) fn term() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&TERMS[..])
}

pub(crate) fn probe() -> impl Strategy<Value = Probe> {
    let limit = || prop_oneof![1..4_usize, Just(100_usize)];
    let sort = prop_oneof![
        Just(ListSort::CreatedAt),
        Just(ListSort::UpdatedAt),
        Just(ListSort::RecencyAt)
    ];
    let archived = prop_oneof![
        Just(ArchivedFilter::Live),
        Just(ArchivedFilter::Archived),
        Just(ArchivedFilter::Any)
    ];
    prop_oneof![
        2 => (view(), prop::option::of(items_view())).prop_map(|(view, turns)| Probe::Read(view, turns)),
        3 => (view(), direction(), limit(), items_view(), marks()).prop_map(|(v, d, l, i, m)| Probe::Turns(v, d, l, i, m)),
        3 => (view(), direction(), limit(), any::<Option<u8>>(), marks())
            .prop_map(|(v, d, l, turn, m)| Probe::Items(v, d, l, turn, m)),
        1 => (view(), any::<u8>()).prop_map(|(view, turn)| Probe::ItemsById(view, turn)),
        2 => (view(), limit(), marks()).prop_map(|(v, l, m)| Probe::Timeline(v, l, m)),
        2 => (view(), sort, direction(), limit(), archived, prop::option::weighted(0.2, term()))
            .prop_map(|(v, s, d, l, a, t)| Probe::List(v, s, d, l, a, t)),
        2 => (view(), term(), direction(), limit()).prop_map(|(v, t, d, l)| Probe::Search(v, t, d, l)),
        2 => (view(), term(), limit(), marks()).prop_map(|(v, t, l, m)| Probe::Occurrences(v, t, l, m)),
        2 => (history_query(), history_order(), limit()).prop_map(|(q, o, l)| Probe::History(q, o, l)),
        1 => Just(Probe::Resolve),
        1 => Just(Probe::State),
    ]
}
