//! One connection: the handshake, the gate, and what becomes of each message (`app-server-api.md` 1.8, 1.9).
//!
//! Decides; does no I/O. Messages are given one at a time in the order of arrival.

use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_protocol::rpc::envelope::{ErrorResponse, Incoming, Request, RequestId, Response, decode_message};
use codex_protocol::rpc::initialize::{InitializeParams, InitializeResponse};
use codex_protocol::rpc::methods::{Stability, find_method, unknown_method_message};
use codex_protocol::rpc::notification::{
    RemoteControlConnectionStatus, RemoteControlStatusChangedNotification, notification_name,
};
use serde::Serialize;

use crate::dispatch::{Call, Ordered};
use crate::live::{Api, Audience, ConnectionId, Notice, Wishes};
use crate::order::{Access, Order, Tickets};
use crate::rpc_error::{RpcError, RpcResult};
use crate::server::Server;

/// The state of one connection.
pub(crate) struct Session {
    server: Arc<Server>,
    connection: ConnectionId,
    /// Set by the handshake.
    api: Option<Api>,
    order: Order,
}

/// What becomes of a message.
pub(crate) enum Step {
    /// Nothing.
    Ignore,
    /// This encoded message is sent at once.
    Send(Vec<u8>),
    /// The handshake is answered.
    Greet(Box<Greeting>),
    /// A call runs and is answered when it is done.
    Run(Box<Job>),
}

/// A handshake that is ready to be answered.
pub(crate) struct Greeting {
    /// The encoded answer.
    pub(crate) answer: Vec<u8>,
    /// What the client said.
    pub(crate) wishes: Wishes,
    /// What it is told first.
    pub(crate) first: Notice,
}

/// A call that is ready to run.
pub(crate) struct Job {
    /// Where the answer goes.
    pub(crate) id: RequestId,
    /// What to do.
    pub(crate) call: Call,
    /// Earlier requests of the same thread come first.
    pub(crate) tickets: Tickets,
}

impl Session {
    pub(crate) fn new(server: Arc<Server>, connection: ConnectionId) -> Self {
        Self {
            server,
            connection,
            api: None,
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
            Err(error) => Step::Send(encode_error(id, error)),
        }
    }

    /// Checks in Codex's order: method, parameters, handshake, gate.
    fn admit(&mut self, request: Request) -> RpcResult<Step> {
        let Request { id, method, params } = request;
        let info = find_method(&method).ok_or_else(|| {
            RpcError::invalid_request(format!("Invalid request: {}", unknown_method_message(&method)))
        })?;
        let (call, field) = Call::decode(info, params)?;
        if let Call::Initialize(params) = call {
            return self.initialize(id, params);
        }
        let api = self.api.ok_or_else(|| RpcError::invalid_request("Not initialized"))?;
        if api == Api::Stable {
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
        let tickets = self.tickets(&call);
        Ok(Step::Run(Box::new(Job { id, call, tickets })))
    }

    fn tickets(&self, call: &Call) -> Tickets {
        let (thread_id, change) = match call.ordered_by() {
            Ordered::Freely => return Tickets::default(),
            Ordered::Reading(thread_id) => (thread_id, false),
            Ordered::Changing(thread_id) => (thread_id, true),
            Ordered::Globally(family, access) => {
                return Tickets {
                    own: None,
                    // No id of a thread has a colon.
                    shared: Some(self.server.order.ticket(&format!("family:{family}"), access)),
                };
            }
        };
        // One thread has one key, however its id is written.
        let key = match thread_id.parse::<ThreadId>() {
            Ok(thread_id) => thread_id.to_string(),
            Err(_) => thread_id.to_owned(),
        };
        Tickets {
            own: Some(self.order.ticket(&key, Access::Alone)),
            shared: change.then(|| self.server.order.ticket(&key, Access::Alone)),
        }
    }

    fn initialize(&mut self, id: RequestId, params: InitializeParams) -> RpcResult<Step> {
        if self.api.is_some() {
            return Err(RpcError::invalid_request("Already initialized"));
        }
        let name = params.client_info.name;
        if !crate::identity::is_header_value(&name) {
            return Err(RpcError::invalid_request(format!(
                "Invalid clientInfo.name: '{name}'. Must be a valid HTTP header value."
            )));
        }
        let capabilities = params.capabilities.unwrap_or_default();
        let identity = &self.server.identity;
        let originator = self.server.originator(&name);
        let answer = encode_result(
            id,
            &InitializeResponse {
                user_agent: identity.user_agent(originator, &name, &params.client_info.version),
                codex_home: identity.home.clone(),
                platform_family: std::env::consts::FAMILY.to_owned(),
                platform_os: std::env::consts::OS.to_owned(),
            },
        );
        let status = RemoteControlStatusChangedNotification {
            status: RemoteControlConnectionStatus::Disabled,
            server_name: identity.server_name.clone(),
            installation_id: identity.installation_id.clone(),
            environment_id: None,
        };
        let opted_out = capabilities.opt_out_notification_methods.unwrap_or_default();
        let api = match capabilities.experimental_api {
            true => Api::Experimental,
            false => Api::Stable,
        };
        let greeting = Greeting {
            answer,
            wishes: Wishes {
                api,
                opted_out: opted_out.into_iter().collect(),
            },
            first: Notice::new(
                Audience::Only(self.connection),
                notification_name::REMOTE_CONTROL_STATUS_CHANGED,
                &status,
                self.server.clock.now_ms(),
            ),
        };
        self.api = Some(api);
        Ok(Step::Greet(Box::new(greeting)))
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
