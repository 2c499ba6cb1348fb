//! Sends requests and measures how they are answered.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bittensor::keys::{Keypair, Scheme};
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

use crate::sender::{Kind, nonce};

/// What came of a server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(crate) cpu_us: f64,
    pub(crate) per_second: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let Self { cpu_us, per_second, p50, p99 } = *self;
        write!(f, "{cpu_us:6.1} us CPU, {per_second:7.0}/s; p50 {:.2} ms, p99 {:.2} ms", ms(p50), ms(p99))
    }
}

/// Sends all requests, so many at once; returns how long that took.
pub(crate) async fn closed(port: u16, requests: Vec<Vec<u8>>, connections: usize) -> Duration {
    let queue = Arc::new(std::sync::Mutex::new(requests));
    let start = Instant::now();
    let send = |queue: Arc<std::sync::Mutex<Vec<Vec<u8>>>>| async move {
        let mut stream = connect(port).await;
        loop {
            let request = queue.lock().unwrap().pop();
            let Some(request) = request else { return };
            ask(&mut stream, &request).await;
        }
    };
    join_all((0..connections).map(|_| send(Arc::clone(&queue)))).await;
    start.elapsed()
}

/// Sends requests when they are due, whatever the answers do; latencies count from then.
pub(crate) async fn open(port: u16, kind: Kind, per_second: u32, time: Duration) -> (Duration, Duration) {
    let count = usize::try_from(per_second).unwrap() * usize::try_from(time.as_secs()).unwrap();
    let key = Keypair::from_uri(Scheme::Sr25519, "//Alice").unwrap();
    let free = Mutex::new(Vec::new());
    let start = Instant::now() + Duration::from_millis(50);
    let (key, free) = (&key, &free);
    let send = |number: u32| async move {
        let due = start + Duration::from_secs(1) * number / per_second;
        sleep_until(due).await;
        // Only now: a nonce has its time. Signing takes less than the clock's own error.
        let request = kind.request(key, nonce());
        let free_one = free.lock().await.pop();
        let mut stream = match free_one {
            Some(stream) => stream,
            None => connect(port).await,
        };
        ask(&mut stream, &request).await;
        let took = due.elapsed();
        free.lock().await.push(stream);
        took
    };
    let mut latencies = join_all((0..u32::try_from(count).unwrap()).map(send)).await;
    latencies.sort_unstable();
    (latencies[latencies.len() / 2], latencies[latencies.len() * 99 / 100])
}

/// Sends forged requests from another address until it is dropped; whatever comes back is thrown away.
pub(crate) async fn forge(port: u16, kind: Kind, per_second: u32) {
    let honest = kind.requests(1).remove(0);
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let (mut reader, mut writer) = socket.connect(([127, 0, 0, 1], port).into()).await.unwrap().into_split();
    let start = Instant::now();
    let write = async {
        for number in 0_u32.. {
            sleep_until(start + Duration::from_secs(1) * number / per_second).await;
            writer.write_all(&kind.forged(&honest)).await.unwrap();
        }
    };
    let read = async {
        let mut answers = vec![0; 64 * 1024];
        while reader.read(&mut answers).await.unwrap() > 0 {}
    };
    tokio::join!(write, read);
}

async fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Sends a request and reads the answer, which must be a 200.
async fn ask(stream: &mut TcpStream, request: &[u8]) {
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::with_capacity(4096);
    loop {
        let read = stream.read_buf(&mut answer).await.unwrap();
        assert!(read > 0, "the server hung up: {}", String::from_utf8_lossy(&answer));
        let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&answer[..end]).unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if answer.len() >= end + 4 + length.parse::<usize>().unwrap() {
            return;
        }
    }
}
