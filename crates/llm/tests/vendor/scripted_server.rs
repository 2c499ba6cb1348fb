//! A server that answers each request with the next of its scripted replies, byte for byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// What is done after a request was read.
pub(crate) enum Act {
    /// Bytes are sent, and the connection stays open.
    Send(Vec<u8>),
    /// Bytes are sent, and the connection is closed.
    SendAndClose(Vec<u8>),
    /// Bytes are sent one by one, without end.
    Drip(Vec<u8>),
}

/// A request as it came in.
pub(crate) struct Request {
    /// Counts connections from 0.
    pub(crate) connection: usize,
    /// Request line and headers, in lower case.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct ScriptedServer {
    pub(crate) base_url: String,
    pub(crate) requests: Receiver<Request>,
}

impl ScriptedServer {
    /// Listens on a free port; every connection goes on in the same script.
    pub(crate) fn start(script: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let (sender, requests) = channel();
        thread::spawn(move || {
            let mut script = script.into_iter();
            for (connection, stream) in listener.incoming().enumerate() {
                let mut reader = BufReader::new(stream.unwrap());
                while let Some((head, body)) = read_request(&mut reader) {
                    // The test may not care what was asked.
                    let _ = sender.send(Request { connection, head, body });
                    let Some(act) = script.next() else { return };
                    if !perform(act, reader.get_mut()) {
                        break;
                    }
                }
            }
        });
        Self { base_url, requests }
    }
}

/// Whether the connection goes on.
fn perform(act: Act, stream: &mut TcpStream) -> bool {
    match act {
        Act::Send(bytes) => stream.write_all(&bytes).is_ok(),
        Act::SendAndClose(bytes) => {
            // The peer may have had enough.
            let _ = stream.write_all(&bytes);
            false
        }
        Act::Drip(bytes) => {
            let mut alive = stream.write_all(&bytes).is_ok();
            while alive {
                thread::sleep(Duration::from_millis(5));
                alive = stream.write_all(b" ").is_ok();
            }
            false
        }
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(Some(0), |length| length.parse().ok())?];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

/// A whole reply.
pub(crate) fn reply(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len()).into_bytes()
}
