//! A client inside the process: the same connection code over a pipe in memory.
//!
//! The command line is such a client, so that it sees exactly what other clients see.

use std::sync::Arc;

use codex_protocol::rpc::envelope::{ErrorResponse, RequestId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf};
use tokio::task::JoinHandle;

use super::connection::{TransportError, serve_connection};
use crate::server::Server;

/// Size of the pipe in each direction.
const PIPE_BYTES: usize = 64 << 10;

/// A connection to a server in this process; one call at a time.
pub struct Client {
    reader: BufReader<ReadHalf<DuplexStream>>,
    writer: WriteHalf<DuplexStream>,
    serving: JoinHandle<Result<(), TransportError>>,
    next_id: i64,
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The server answered with an error.
    #[error("{}", .0.message)]
    Refused(codex_protocol::rpc::envelope::ErrorObject),
    /// The connection broke.
    #[error("talk to the server in this process")]
    Connection(#[from] std::io::Error),
    /// The answer is not what the method promises.
    #[error("decode the answer to {method}")]
    Answer {
        /// The method.
        method: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

#[derive(serde::Deserialize)]
struct Answer<R> {
    id: RequestId,
    result: R,
}

impl Client {
    /// Connects and shakes hands, with experimental methods switched on.
    ///
    /// # Errors
    /// When the handshake fails.
    pub async fn connect(server: Arc<Server>, name: &str) -> Result<Self, CallError> {
        let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
        let (their_reader, their_writer) = tokio::io::split(theirs);
        let serving = tokio::spawn(serve_connection(server, BufReader::new(their_reader), their_writer));
        let (reader, writer) = tokio::io::split(ours);
        let mut client = Self {
            reader: BufReader::new(reader),
            writer,
            serving,
            next_id: 0,
        };
        let params = json!({
            "clientInfo": {"name": name, "version": env!("CARGO_PKG_VERSION")},
            "capabilities": {"experimentalApi": true},
        });
        client.call::<_, serde_json::Value>("initialize", &params).await?;
        Ok(client)
    }

    /// Calls a method and waits for its answer; notifications are skipped.
    ///
    /// # Errors
    /// The server's refusal, or a broken connection.
    pub async fn call<P: Serialize, R: DeserializeOwned>(&mut self, method: &str, params: &P) -> Result<R, CallError> {
        self.next_id += 1;
        let id = RequestId::Number(self.next_id);
        let mut line =
            serde_json::to_vec(&json!({"id": id, "method": method, "params": params})).map_err(|source| {
                CallError::Answer {
                    method: method.to_owned(),
                    source,
                }
            })?;
        line.push(b'\n');
        self.writer.write_all(&line).await?;
        loop {
            let mut text = Vec::new();
            if self.reader.read_until(b'\n', &mut text).await? == 0 {
                return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
            }
            match serde_json::from_slice::<Answer<R>>(&text) {
                Ok(answer) if answer.id == id => return Ok(answer.result),
                Ok(_) => {}
                Err(source) => match serde_json::from_slice::<ErrorResponse>(&text) {
                    Ok(failed) if failed.id == id => return Err(CallError::Refused(failed.error)),
                    Ok(_) => {}
                    Err(_) if is_notification(&text) => {}
                    Err(_) => {
                        return Err(CallError::Answer {
                            method: method.to_owned(),
                            source,
                        });
                    }
                },
            }
        }
    }

    /// Disconnects and waits until the server has noticed.
    ///
    /// # Errors
    /// When the connection had broken before.
    pub async fn close(mut self) -> Result<(), TransportError> {
        self.writer.shutdown().await.map_err(TransportError::Write)?;
        drop((self.reader, self.writer));
        match self.serving.await {
            Ok(served) => served,
            Err(error) => Err(TransportError::Read(std::io::Error::other(error))),
        }
    }
}

fn is_notification(text: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Head {
        #[serde(default)]
        id: Option<serde::de::IgnoredAny>,
    }
    serde_json::from_slice::<Head>(text).is_ok_and(|head| head.id.is_none())
}
