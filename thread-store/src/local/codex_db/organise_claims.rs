//! Claims about what threads are organised by: sections, projects, attachments, read state, goals and queues.
//!
//! Pure. The values have the shapes of the families in `crate::organise`, which a test reads them with. A value that is
//! not understood is no claim, and noted: it must not pass for one that is gone.

use std::collections::BTreeMap;

use codex_protocol::ids::ThreadId;
use codex_protocol::item::UserInput;
use codex_protocol::log::RawJson;
use codex_rollout::journal::FactKind;
use codex_state::codex_db::{
    AttachmentRow, Cell, Extent, GoalRow, GoalsDb, ProjectRow, QueueDb, QueuedRow, ReadReceiptRow, StateDb,
};
use serde::Deserialize;
use serde_json::json;

use super::claims::Claims;
use super::seen::{Column, Subject, hash_of};
use super::thread_claims::raw;
use crate::organise::{GoalStatus, PINNED_SECTION_ID};

/// Claims all that the state database says besides the rows of threads, which come first.
pub(super) fn claim_state(db: &StateDb, claims: &mut Claims) {
    claim_sections(db, claims);
    claim_projects(db, claims);
    claims.note_extent(FactKind::Attachment, &db.attachments);
    for row in &db.attachments.rows {
        claim_attachment(row, claims);
    }
    claims.note_extent(FactKind::ReadState, &db.read_receipts);
    for row in &db.read_receipts.rows {
        claim_read_state(row, claims);
    }
}

fn claim_sections(db: &StateDb, claims: &mut Claims) {
    claims.note_extent(FactKind::Section, &db.sections);
    for row in db.sections.rows.iter().filter(|row| row.id != PINNED_SECTION_ID) {
        let subject = Subject::of_key(FactKind::Section, &row.id);
        let Some(name) = row.name.value() else {
            claims.note_unclear(subject);
            continue;
        };
        let appearance = row.appearance.value();
        let looks = appearance.and_then(|text| serde_json::from_str::<Appearance>(text).ok());
        if looks.is_none() && appearance.is_some() {
            claims.problem(format!("the appearance of section {} is not understood", row.id));
        }
        let value = json!({
            "name": name,
            "appearance": looks.map(|looks| json!({ "icon": looks.icon, "color": looks.color })),
        });
        let hash = hash_of(&[Column::Text(name), Column::from(appearance)]);
        claims.add(subject, hash, raw(&value));
    }
}

#[derive(Deserialize)]
struct Appearance {
    #[serde(default)]
    icon: Option<String>,
    #[serde(default)]
    color: Option<String>,
}

/// Claims projects with the keys that made them, and the keys of those that are gone.
fn claim_projects(db: &StateDb, claims: &mut Claims) {
    claims.note_extent(FactKind::Project, &db.projects);
    claims.note_extent(FactKind::ProjectKey, &db.idempotency_keys);
    let mut keys: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in &db.idempotency_keys.rows {
        match row.project_id.value() {
            Some(project_id) => keys.entry(project_id).or_default().push(&row.key),
            None => claims.note_unclear(Subject::of_key(FactKind::ProjectKey, &row.key)),
        }
    }
    for row in &db.projects.rows {
        let mut keys = keys.remove(row.id.as_str()).unwrap_or_default();
        keys.sort_unstable();
        claim_project(row, &keys, claims);
    }
    let whole = db.projects.extent == Extent::Whole;
    for (project_id, keys) in keys {
        for key in keys {
            let subject = Subject::of_key(FactKind::ProjectKey, key);
            if !whole {
                // Its project may be there, or gone.
                claims.note_unclear(subject);
                continue;
            }
            let hash = hash_of(&[Column::Text(project_id)]);
            let value = json!({ "projectId": project_id });
            claims.add(subject, hash, raw(&value));
        }
    }
}

fn claim_project(row: &ProjectRow, keys: &[&str], claims: &mut Claims) {
    let subject = Subject::of_key(FactKind::Project, &row.id);
    let (Some(name), Some(roots)) = (row.name.value(), row.roots.value()) else {
        for key in keys {
            claims.note_unclear(Subject::of_key(FactKind::ProjectKey, key));
        }
        return claims.note_unclear(subject);
    };
    let metadata = row.metadata.value();
    let texts = metadata.map(|text| serde_json::from_str::<BTreeMap<String, String>>(text));
    if let Some(Err(error)) = &texts {
        claims.problem(format!("the metadata of project {} is not understood: {error}", row.id));
    }
    let number = |cell: Option<&i64>| cell.copied().unwrap_or_default();
    let value = json!({
        "name": name,
        "roots": roots,
        "metadata": texts.and_then(Result::ok).unwrap_or_default(),
        "rank": number(row.position.value()),
        "createdAtMs": number(row.created_at_ms.value()),
        "updatedAtMs": number(row.updated_at_ms.value()),
        "idempotencyKeys": keys,
    });
    let mut columns = vec![
        Column::Text(name),
        Column::from(metadata),
        Column::from(row.position.value()),
        Column::from(row.created_at_ms.value()),
        Column::from(row.updated_at_ms.value()),
    ];
    columns.extend(roots.iter().map(|root| Column::Text(root)));
    columns.push(Column::None);
    columns.extend(keys.iter().map(|key| Column::Text(key)));
    claims.add(subject, hash_of(&columns), raw(&value));
}

/// Returns the thread that a row is about if it is one to claim about. A row that does not say it may be about any thread.
fn thread_of_row(kind: &FactKind, table: &str, told: &Cell<String>, claims: &mut Claims) -> Option<ThreadId> {
    if told.value().is_none_or(|id| id.parse::<ThreadId>().is_err()) {
        claims.note_unclear_row(kind);
    }
    claims.thread_of(table, told.value()?)
}

fn claim_attachment(row: &AttachmentRow, claims: &mut Claims) {
    let Some(thread_id) = thread_of_row(&FactKind::Attachment, "an attachment", &row.thread_id, claims) else {
        return;
    };
    // What cannot be read is reported by the reader.
    let (Some(kind), Some(identity)) = (row.attachment_type.value(), row.identity_key.value()) else {
        return claims.note_unclear_row(&FactKind::Attachment);
    };
    let key = serde_json::to_string(&(kind, identity)).expect("texts always serialise");
    let subject = Subject::of_thread_key(FactKind::Attachment, thread_id, &key);
    let Some(payload) = row.payload.value() else {
        return claims.note_unclear(subject);
    };
    let Ok(json_payload) = RawJson::from_text(payload.clone()) else {
        claims.problem(format!("the payload of attachment {} is no JSON", row.id));
        return claims.note_unclear(subject);
    };
    let created_at = row.created_at.value().copied().unwrap_or_default();
    let value = AttachmentValue {
        id: &row.id,
        attachment_type: kind,
        identity_key: identity,
        payload: &json_payload,
        created_at,
    };
    let value = RawJson::of(&value).expect("texts, numbers and raw JSON always serialise");
    let columns = [Column::Text(&row.id), Column::Text(payload), Column::Number(created_at)];
    claims.add(subject, hash_of(&columns), value);
}

/// Keeps the payload as it is written.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct AttachmentValue<'a> {
    id: &'a str,
    attachment_type: &'a str,
    identity_key: &'a str,
    payload: &'a RawJson,
    created_at: i64,
}

fn claim_read_state(row: &ReadReceiptRow, claims: &mut Claims) {
    let Some(thread_id) = claims.thread_of("a read receipt", &row.thread_id) else {
        return;
    };
    let subject = Subject::of_thread(FactKind::ReadState, thread_id);
    let (Some(revision), Some(first_unread)) = (row.revision.value(), row.first_unread_turn.stated()) else {
        return claims.note_unclear(subject);
    };
    let first_unread = match first_unread.map(String::as_str) {
        None => json!(null),
        // The whole thread, marked as unread, has no turn that it begins with.
        Some("") => json!({ "type": "threadStart" }),
        Some(turn_id) => json!({ "type": "turn", "turnId": turn_id }),
    };
    let last_turn = row.last_published_turn.value();
    let value = json!({ "firstUnread": first_unread, "revision": revision, "lastTurn": last_turn });
    let columns = [
        Column::from(row.first_unread_turn.value()),
        Column::Text(revision),
        Column::from(last_turn),
    ];
    claims.add(subject, hash_of(&columns), raw(&value));
}

/// Claims the goals of threads.
pub(super) fn claim_goals(db: &GoalsDb, claims: &mut Claims) {
    claims.note_extent(FactKind::Goal, &db.goals);
    for row in &db.goals.rows {
        if let Some(thread_id) = claims.thread_of("a goal", &row.thread_id) {
            claim_goal(thread_id, row, claims);
        }
    }
}

fn claim_goal(thread_id: ThreadId, row: &GoalRow, claims: &mut Claims) {
    let subject = Subject::of_thread(FactKind::Goal, thread_id);
    let (Some(objective), Some(status)) = (row.objective.value(), row.status.value()) else {
        return claims.note_unclear(subject);
    };
    let known_status = match status.as_str() {
        "active" => GoalStatus::Active,
        "paused" => GoalStatus::Paused,
        "blocked" => GoalStatus::Blocked,
        "usage_limited" => GoalStatus::UsageLimited,
        "budget_limited" => GoalStatus::BudgetLimited,
        "complete" => GoalStatus::Complete,
        other => {
            claims.problem(format!(
                "the goal of thread {thread_id} has the unknown status {other:?}"
            ));
            return claims.note_unclear(subject);
        }
    };
    let number = |cell: Option<&i64>| cell.copied().unwrap_or_default();
    let value = json!({
        "objective": objective,
        "status": known_status,
        "tokenBudget": row.token_budget.value(),
        "tokensUsed": number(row.tokens_used.value()),
        "timeUsedSeconds": number(row.time_used_seconds.value()),
        "createdAtMs": number(row.created_at_ms.value()),
        "updatedAtMs": number(row.updated_at_ms.value()),
    });
    let columns = [
        Column::from(row.goal_id.value()),
        Column::Text(objective),
        Column::Text(status),
        Column::from(row.token_budget.value()),
        Column::from(row.tokens_used.value()),
        Column::from(row.time_used_seconds.value()),
        Column::from(row.updated_at_ms.value()),
    ];
    claims.add(subject, hash_of(&columns), raw(&value));
}

/// Claims what waits to be submitted.
pub(super) fn claim_queue(db: &QueueDb, claims: &mut Claims) {
    claims.note_extent(FactKind::QueuedSubmission, &db.items);
    for row in &db.items.rows {
        claim_queued(row, claims);
    }
}

/// What Codex keeps of a submission.
#[derive(Deserialize)]
enum Queued {
    UserInput {
        content: Vec<UserInput>,
        #[serde(default)]
        client_id: Option<String>,
        #[serde(default, alias = "responsesapiClientMetadata")]
        responsesapi_client_metadata: Option<BTreeMap<String, String>>,
    },
}

fn claim_queued(row: &QueuedRow, claims: &mut Claims) {
    let Some(thread_id) = thread_of_row(&FactKind::QueuedSubmission, "a queued item", &row.thread_id, claims) else {
        return;
    };
    let subject = Subject::of_thread_key(FactKind::QueuedSubmission, thread_id, &row.id);
    let Some(payload) = row.payload_json.value() else {
        return claims.note_unclear(subject);
    };
    let Queued::UserInput {
        content,
        client_id,
        responsesapi_client_metadata,
    } = match serde_json::from_str(payload) {
        Ok(queued) => queued,
        Err(error) => {
            claims.problem(format!("queued item {} is not understood: {error}", row.id));
            return claims.note_unclear(subject);
        }
    };
    let order = row.queue_order.value().copied().unwrap_or_default();
    let value = json!({
        "input": content,
        "clientUserMessageId": client_id.unwrap_or_default(),
        "responsesapiClientMetadata": responsesapi_client_metadata,
        "order": order,
    });
    claims.add(
        subject,
        hash_of(&[Column::Text(payload), Column::Number(order)]),
        raw(&value),
    );
}
