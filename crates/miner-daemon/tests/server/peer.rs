//! A peer that speaks HTTP by hand, so that it can speak it badly.

use std::collections::HashMap;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::harness::LONG;

/// One connection.
pub(crate) struct Peer {
    stream: BufReader<TcpStream>,
}

/// One response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Value,
    /// The body as it came.
    pub(crate) text: String,
    /// Whether a body in pieces came to its end.
    pub(crate) whole: bool,
}

impl Answer {
    /// What a dendrite reads of a failure. Checks that it can.
    pub(crate) fn message(&self) -> &str {
        assert_eq!(self.headers["content-type"], "application/json");
        self.body["message"].as_str().unwrap()
    }
}

impl Peer {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self { stream: BufReader::new(TcpStream::connect(address).await.unwrap()) }
    }

    /// Connects with as little room for answers as the system allows.
    pub(crate) async fn connect_narrow(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(1).unwrap();
        Self { stream: BufReader::with_capacity(1, socket.connect(address).await.unwrap()) }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// The next response; none if the connection is closed instead.
    pub(crate) async fn answer(&mut self) -> Option<Answer> {
        timeout(LONG, self.read_answer()).await.unwrap()
    }

    /// Sends and takes the answer.
    pub(crate) async fn ask(&mut self, bytes: impl AsRef<[u8]>) -> Answer {
        self.send(bytes).await;
        self.answer().await.unwrap()
    }

    /// Whether the other side closes in good order now.
    pub(crate) async fn is_closed(&mut self) -> bool {
        timeout(LONG, self.stream.read_u8()).await.unwrap().is_err_and(|error| {
            assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
            true
        })
    }

    /// Waits for the other side to say anything, also by closing.
    pub(crate) async fn hear(&mut self) {
        self.stream.fill_buf().await.unwrap();
    }

    async fn read_answer(&mut self) -> Option<Answer> {
        let status_line = self.line().await?;
        let status = status_line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = HashMap::new();
        loop {
            let line = self.line().await.unwrap();
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ").unwrap();
            headers.insert(name.to_owned(), value.to_owned());
        }
        if headers.get("transfer-encoding").is_some_and(|encoding| encoding == "chunked") {
            let mut text = Vec::new();
            let whole = loop {
                match self.chunk().await {
                    Some(chunk) if chunk.is_empty() => break true,
                    Some(chunk) => text.extend(chunk),
                    None => break false,
                }
            };
            let text = String::from_utf8(text).unwrap();
            return Some(Answer { status, headers, body: Value::Null, text, whole });
        }
        let mut body = vec![0; headers["content-length"].parse().unwrap()];
        self.stream.read_exact(&mut body).await.unwrap();
        let text = String::from_utf8(body).unwrap();
        Some(Answer { status, headers, body: serde_json::from_str(&text).unwrap(), text, whole: true })
    }

    /// Reads a head and returns its lines.
    pub(crate) async fn head(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let line = timeout(LONG, self.line()).await.unwrap().unwrap();
            if line.is_empty() {
                return lines;
            }
            lines.push(line);
        }
    }

    /// The next piece of a chunked body; empty at its end, none if it broke off.
    pub(crate) async fn chunk(&mut self) -> Option<Vec<u8>> {
        let size = usize::from_str_radix(&self.line().await?, 16).unwrap();
        let mut chunk = vec![0; size + 2];
        self.stream.read_exact(&mut chunk).await.ok()?;
        chunk.truncate(size);
        Some(chunk)
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        // A connection that is reset is closed, too.
        let read = self.stream.read_line(&mut line).await.unwrap_or(0);
        (read > 0).then(|| line.trim_end().to_owned())
    }
}
