//! `codex-threads delete`: one thread with the threads that it spawned, for good or into the trash.
//!
//! Asks the same method as any client; never without a confirmation on the command line.

use codex_protocol::rpc::lifecycle::{ThreadDeleteParams, ThreadDeleteResponse};
use codex_thread_store::ThreadStore;
use serde_json::json;

use super::app::App;
use super::args::DeleteArgs;
use super::error::{CliError, CliResult};

pub(super) async fn run(app: &mut App, args: DeleteArgs) -> CliResult {
    let store = app.store().await?;
    let thread_id = app
        .find(store.as_ref() as &dyn ThreadStore, &args.thread)
        .await?
        .thread_id;
    // What can be undone needs no confirmation.
    if !args.yes && !args.trash {
        return Err(CliError::Unconfirmed {
            what: format!("delete thread {thread_id} for good"),
        });
    }
    let mut client = app.client(store).await?;
    let params = ThreadDeleteParams {
        thread_id: thread_id.to_string(),
        to_trash: Some(args.trash),
    };
    let answer: ThreadDeleteResponse = client.call("thread/delete", &params).await?;
    if args.json.json {
        return app
            .out
            .pretty_json(&json!({"threadId": params.thread_id, "trashId": answer.trash_id}));
    }
    match answer.trash_id {
        Some(trash_id) => {
            app.out
                .line(&format!("Thread {thread_id} is in the trash. To bring it back:"))?;
            app.out.line(&format!("  codex-threads trash restore {trash_id}"))
        }
        None => app.out.line(&format!("Thread {thread_id} is deleted.")),
    }
}
