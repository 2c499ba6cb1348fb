//! Measures the front door alone, with routes that answer at once, beside the least that could do the same: a bare HTTP server
//! that checks one signature. Both run as processes of their own, one after the other, under the same client.
//!
//! `cargo run --release -p miner-daemon --example front_door`; pin it with `taskset` to compare machines. With `hostile SECONDS`
//! it measures honest requests alone and among forged ones instead.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement fails by panicking, and prints"
)]

mod functions;
mod load;
mod sender;
mod server;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use load::Measured;
use sender::Kind;

/// Requests of the closed loop, and connections that send them.
const REQUESTS: usize = 20_000;
const CONNECTIONS: usize = 16;
/// The open loop.
const PER_SECOND: u32 = 1000;
const OPEN_LOOP: Duration = Duration::from_secs(5);
/// The hostile mix.
const HONEST: u32 = 100;
const FORGED: u32 = 1000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, what] = arguments.as_slice()
        && command == "serve"
    {
        return server::serve(what);
    }
    if let [command, seconds] = arguments.as_slice()
        && command == "hostile"
    {
        return hostile(Duration::from_secs(seconds.parse().expect("seconds")));
    }
    println!("functions, one core");
    functions::measure();
    println!("\nover the wire: CPU of the server a request; closed loop of {CONNECTIONS}; open loop of {PER_SECOND}/s");
    for kind in [Kind::Synapse, Kind::Btauth] {
        let floor = measure("floor", kind);
        let door = measure("door", kind);
        println!("  {:8} {:7} {floor}", kind.name(), "floor");
        println!("  {:8} {:7} {door}", kind.name(), "door");
        println!(
            "  {:8} {:7} CPU x{:.2}, closed loop x{:.2}",
            "",
            "ratio",
            door.cpu_us / floor.cpu_us,
            floor.per_second / door.per_second
        );
    }
}

/// Honest requests alone, and then among ten times as many forged ones from another address.
fn hostile(time: Duration) {
    let server = Server::start("door");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for kind in [Kind::Synapse, Kind::Btauth] {
            let alone = load::open(server.port, kind, HONEST, time).await;
            let among = tokio::select! {
                among = load::open(server.port, kind, HONEST, time) => among,
                () = load::forge(server.port, kind, FORGED) => unreachable!("forging does not end"),
            };
            println!(
                "{:8} honest {HONEST}/s alone: p50 {:?}, p99 {:?}; among {FORGED}/s forged: p50 {:?}, p99 {:?}, x{:.2}",
                kind.name(),
                alone.0,
                alone.1,
                among.0,
                among.1,
                among.1.as_secs_f64() / alone.1.as_secs_f64()
            );
        }
    });
}

/// A server in a process of its own; killed when dropped.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start(what: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["serve", what])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, port: line.trim().parse().expect("the server says its port") }
    }

    /// The processor time it has used.
    fn cpu(&self) -> Duration {
        let threads = format!("/proc/{}/task", self.process.id());
        let of_thread = |path: std::path::PathBuf| -> u64 {
            let text = std::fs::read_to_string(path.join("schedstat")).unwrap_or_default();
            text.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0)
        };
        Duration::from_nanos(std::fs::read_dir(threads).unwrap().map(|entry| of_thread(entry.unwrap().path())).sum())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn measure(what: &str, kind: Kind) -> Measured {
    let server = Server::start(what);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        // The first requests make connections and fill caches.
        load::closed(server.port, kind.requests(1000), CONNECTIONS).await;
        let requests = kind.requests(REQUESTS);
        let before = server.cpu();
        let took = load::closed(server.port, requests, CONNECTIONS).await;
        let cpu = server.cpu() - before;
        let (p50, p99) = load::open(server.port, kind, PER_SECOND, OPEN_LOOP).await;
        let per_request = |time: Duration| time.as_secs_f64() / REQUESTS as f64;
        Measured { cpu_us: per_request(cpu) * 1e6, per_second: 1.0 / per_request(took), p50, p99 }
    })
}
