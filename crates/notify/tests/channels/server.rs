//! A server on a free port that gives prepared answers, one to each request, and keeps what it was asked.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a client has asked.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: String,
    headers: Vec<(String, String)>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

pub(crate) struct Server {
    url: String,
    serving: JoinHandle<()>,
    requests: tokio::sync::mpsc::Receiver<Request>,
}

impl Server {
    /// Answers one request with each status and body. A redirect leads to the server itself.
    pub(crate) async fn answering(answers: Vec<(u16, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let location = format!("{url}/elsewhere");
        let (sender, requests) = tokio::sync::mpsc::channel(16);
        #[expect(clippy::disallowed_methods, reason = "a test's own server, ended with it")]
        let serving = tokio::spawn(async move {
            for (status, body) in answers {
                let (stream, _) = listener.accept().await.unwrap();
                sender.send(exchange(stream, status, &body, &location).await).await.unwrap();
            }
        });
        Self { url, serving, requests }
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// Stops and returns what was asked.
    pub(crate) async fn requests(mut self) -> Vec<Request> {
        self.serving.abort();
        let mut requests = Vec::new();
        while let Some(request) = self.requests.recv().await {
            requests.push(request);
        }
        requests
    }
}

async fn exchange(stream: TcpStream, status: u16, answer: &str, location: &str) -> Request {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    let mut request = Request { method, path, body: String::new(), headers };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    request.body = String::from_utf8(body).unwrap();
    let head = format!(
        "HTTP/1.1 {status} Status\r\ncontent-length: {}\r\ncontent-type: application/json\r\nlocation: {location}\r\n\
         connection: close\r\n\r\n{answer}",
        answer.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    request
}
