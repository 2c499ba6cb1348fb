//! A vendor that answers at once and keeps its own bill: what it was asked for, it counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What each call is billed.
pub(crate) const TOKENS: u64 = 90;

/// A running vendor; it ends with the test's runtime.
pub(crate) struct Instant {
    base_url: String,
    calls: Arc<AtomicU64>,
    gate: watch::Sender<bool>,
}

impl Instant {
    pub(crate) async fn start() -> Self {
        Self::with_gate(true).await
    }

    /// Starts one that answers nobody before it is told to.
    pub(crate) async fn held() -> Self {
        Self::with_gate(false).await
    }

    async fn with_gate(is_open: bool) -> Self {
        let (gate, opened) = watch::channel(is_open);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let calls = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&calls);
        let mut connections = tokio::task::JoinSet::new();
        let serve = async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(answer_all(stream, Arc::clone(&counted), opened.clone()));
            }
        };
        let mut server = tokio::task::JoinSet::new();
        server.spawn(serve);
        server.detach_all();
        Self { base_url, calls, gate }
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Lets it answer.
    pub(crate) fn open(&self) {
        self.gate.send_replace(true);
    }

    /// Returns how often it was asked.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    /// Returns what it will bill.
    pub(crate) fn billed(&self) -> u64 {
        self.calls() * TOKENS
    }
}

async fn answer_all(mut stream: TcpStream, calls: Arc<AtomicU64>, mut opened: watch::Receiver<bool>) {
    let body = r#"{"id":"x","object":"chat.completion","created":1,"model":"toy","choices":[{"index":0,"message":{"role":"assistant","content":"Paris."},"finish_reason":"stop"}],"usage":{"prompt_tokens":60,"completion_tokens":30,"total_tokens":90}}"#;
    let reply =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let mut buffer = Vec::new();
    loop {
        let Some(length) = whole(&buffer) else {
            match stream.read_buf(&mut buffer).await {
                Ok(1..) => continue,
                Ok(0) | Err(_) => return,
            }
        };
        // The work is done and will be billed, whether or not anybody still waits for it.
        calls.fetch_add(1, Ordering::SeqCst);
        buffer.drain(..length);
        if opened.wait_for(|is_open| *is_open).await.is_err() {
            return;
        }
        if stream.write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Returns the length of the first request, if all of it has come.
fn whole(buffer: &[u8]) -> Option<usize> {
    let head = buffer.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(buffer.get(..head)?).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok())?;
    (buffer.len() >= head + length).then_some(head + length)
}
