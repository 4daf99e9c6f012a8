//! One connection: the handshake, the gate, and what becomes of each message (`app-server-api.md` 1.8, 1.9).
//!
//! Decides; does no I/O. Messages are given one at a time in the order of arrival.

use std::collections::HashSet;
use std::sync::Arc;

use codex_protocol::rpc::envelope::{
    ErrorResponse, Incoming, Request, RequestId, Response, ServerNotification, decode_message,
};
use codex_protocol::rpc::initialize::{InitializeParams, InitializeResponse};
use codex_protocol::rpc::methods::{Stability, find_method, gated_field, unknown_method_message};
use codex_protocol::rpc::notification::{
    RemoteControlConnectionStatus, RemoteControlStatusChangedNotification, notification_name,
};
use serde::Serialize;

use crate::dispatch::Call;
use crate::order::{Order, Ticket};
use crate::rpc_error::{RpcError, RpcResult};
use crate::server::Server;

/// The state of one connection.
pub(crate) struct Session {
    server: Arc<Server>,
    client: Option<Client>,
    order: Order,
}

/// What is known about an initialized client.
struct Client {
    api: Api,
    opted_out: HashSet<String>,
}

/// Which methods and fields a client may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Api {
    Stable,
    Experimental,
}

/// What becomes of a message.
pub(crate) enum Step {
    /// Nothing.
    Ignore,
    /// These encoded messages are sent at once, in this order.
    Send(Vec<Vec<u8>>),
    /// A call runs and is answered when it is done.
    Run(Box<Job>),
}

/// A call that is ready to run.
pub(crate) struct Job {
    /// Where the answer goes.
    pub(crate) id: RequestId,
    /// What to do.
    pub(crate) call: Call,
    /// Present when earlier requests of the same thread come first.
    pub(crate) ticket: Option<Ticket>,
}

impl Session {
    pub(crate) fn new(server: Arc<Server>) -> Self {
        Self {
            server,
            client: None,
            order: Order::default(),
        }
    }

    /// Decides about one line.
    pub(crate) fn receive(&mut self, line: &[u8]) -> Step {
        if line.iter().all(u8::is_ascii_whitespace) {
            return Step::Ignore;
        }
        match decode_message(line) {
            Ok(Incoming::Request(request)) => self.request(request),
            Ok(Incoming::Notification { method }) => {
                tracing::debug!(method, "notification ignored");
                Step::Ignore
            }
            Ok(Incoming::Response) => Step::Ignore,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    bytes = line.len(),
                    "message dropped"
                );
                Step::Ignore
            }
        }
    }

    fn request(&mut self, request: Request) -> Step {
        let id = request.id.clone();
        match self.admit(request) {
            Ok(step) => step,
            Err(error) => Step::Send(vec![encode_error(id, error)]),
        }
    }

    /// Checks in Codex's order: method, parameters, handshake, gate.
    fn admit(&mut self, request: Request) -> RpcResult<Step> {
        let Request { id, method, params } = request;
        let info = find_method(&method).ok_or_else(|| {
            RpcError::invalid_request(format!("Invalid request: {}", unknown_method_message(&method)))
        })?;
        let field = params.as_ref().and_then(|params| gated_field(info.name, params));
        let call = Call::decode(info, params)?;
        if let Call::Initialize(params) = call {
            return self.initialize(id, params).map(Step::Send);
        }
        let client = self
            .client
            .as_ref()
            .ok_or_else(|| RpcError::invalid_request("Not initialized"))?;
        if client.api == Api::Stable {
            let gated = match (info.stability, field) {
                (Stability::Experimental, _) => Some(method),
                (Stability::Stable, Some(field)) => Some(format!("{method}.{field}")),
                (Stability::Stable, None) => None,
            };
            if let Some(name) = gated {
                return Err(RpcError::invalid_request(format!(
                    "{name} requires experimentalApi capability"
                )));
            }
        }
        let ticket = call.ordered_by().map(|key| self.order.ticket(key));
        Ok(Step::Run(Box::new(Job { id, call, ticket })))
    }

    fn initialize(&mut self, id: RequestId, params: InitializeParams) -> RpcResult<Vec<Vec<u8>>> {
        if self.client.is_some() {
            return Err(RpcError::invalid_request("Already initialized"));
        }
        let name = params.client_info.name;
        if !crate::identity::is_header_value(&name) {
            return Err(RpcError::invalid_request(format!(
                "Invalid clientInfo.name: '{name}'. Must be a valid HTTP header value."
            )));
        }
        let capabilities = params.capabilities.unwrap_or_default();
        let client = Client {
            api: if capabilities.experimental_api {
                Api::Experimental
            } else {
                Api::Stable
            },
            opted_out: capabilities
                .opt_out_notification_methods
                .unwrap_or_default()
                .into_iter()
                .collect(),
        };
        let identity = &self.server.identity;
        let originator = self.server.originator(&name);
        let mut messages = vec![encode_result(
            id,
            &InitializeResponse {
                user_agent: identity.user_agent(originator, &name, &params.client_info.version),
                codex_home: identity.home.clone(),
                platform_family: std::env::consts::FAMILY.to_owned(),
                platform_os: std::env::consts::OS.to_owned(),
            },
        )];
        let status = RemoteControlStatusChangedNotification {
            status: RemoteControlConnectionStatus::Disabled,
            server_name: identity.server_name.clone(),
            installation_id: identity.installation_id.clone(),
            environment_id: None,
        };
        messages.extend(self.notification(&client, notification_name::REMOTE_CONTROL_STATUS_CHANGED, status));
        self.client = Some(client);
        Ok(messages)
    }

    fn notification<T: Serialize>(&self, client: &Client, method: &str, params: T) -> Option<Vec<u8>> {
        if client.opted_out.contains(method) {
            return None;
        }
        let emitted_at_ms = self.server.clock.now_ms();
        Some(encode(&ServerNotification {
            method: method.to_owned(),
            params,
            emitted_at_ms,
        }))
    }
}

/// Encodes a successful answer.
pub(crate) fn encode_result<T: Serialize>(id: RequestId, result: &T) -> Vec<u8> {
    encode(&Response { id, result })
}

/// Encodes a failed answer.
pub(crate) fn encode_error(id: RequestId, error: RpcError) -> Vec<u8> {
    encode(&ErrorResponse {
        error: error.into(),
        id,
    })
}

fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    serde_json::to_vec(message).expect("wire types serialise: text keys and no failing impls")
}
