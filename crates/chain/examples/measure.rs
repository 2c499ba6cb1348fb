//! Measures the client on an embedded chain with a full subnet: `cargo run --release -p chain --example measure`.
#![expect(clippy::print_stdout, reason = "it is for people")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chain::{Client, ConnectionState, Endpoint, Settings, Timing};
use common::config::chain::Network;
use sandbox_chain::{Genesis, Neuron, Node, NodeConfig, Refusal, Subnet};
use tokio::task::JoinSet;

const NETUID: u16 = 2;
const NEURONS: u16 = 256;
const ROUNDS: u32 = 50;
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let node = Node::start(&NodeConfig::manual(genesis()))?;
    let second = node.another_endpoint(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let mut running = JoinSet::new();
    running.spawn(node.run());
    running.spawn(second.run());
    let endpoints = [node.url(), second.url()];
    let endpoints = endpoints.iter().map(|url| Endpoint::parse(Network::Sandbox, url)).collect::<Result<_, _>>()?;
    let timing = Timing::of(Network::Sandbox);
    let (client, driver) = chain::connect(Settings { network: Network::Sandbox, endpoints, genesis: None, timing });
    running.spawn(driver.run(std::future::pending()));

    let start = Instant::now();
    client.connected(PATIENCE).await?;
    println!("connected, metadata read and checked: {:.1} ms", ms(start.elapsed()));

    snapshots(&node, &client).await?;
    failover(&node, &second, &client).await?;
    running.shutdown().await;
    Ok(())
}

async fn snapshots(node: &Node, client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let (mut seen, mut read) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let known = client.at_best()?.head().hash;
        node.new_block()?;
        let made = Instant::now();
        let block = client.after(Some(known), PATIENCE).await?;
        seen.push(made.elapsed());
        let metagraph = block.metagraph(NETUID).await?;
        read.push(made.elapsed());
        assert_eq!(metagraph.neurons.len(), usize::from(NEURONS), "all neurons are there");
    }
    println!(
        "block made -> head known:                median {:.1} ms, worst {:.1} ms",
        median(&mut seen),
        worst(&seen)
    );
    println!(
        "block made -> snapshot of {NEURONS} neurons:    median {:.1} ms, worst {:.1} ms",
        median(&mut read),
        worst(&read)
    );
    Ok(())
}

async fn failover(
    node: &Node,
    second: &sandbox_chain::Endpoint,
    client: &Client,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut times = Vec::new();
    for round in 0..10 {
        let (from, to) = if round % 2 == 0 { (node.endpoint(), second) } else { (second, node.endpoint()) };
        to.refuse(Refusal::None);
        from.refuse(Refusal::Close);
        let mut state = client.connection();
        let cut = Instant::now();
        from.drop_connections();
        let url = to.url();
        state
            .wait_for(|state| matches!(state, ConnectionState::Up { endpoint, .. } if endpoint.to_string() == url))
            .await?;
        client.connected(PATIENCE).await?;
        times.push(cut.elapsed());
    }
    println!(
        "socket cut -> next node ready for reading: median {:.1} ms, worst {:.1} ms",
        median(&mut times),
        worst(&times)
    );
    println!("open sockets afterwards: {}", node.endpoint().connections() + second.connections());
    Ok(())
}

fn genesis() -> Genesis {
    let neuron = |uid: u16| {
        let [high, low] = uid.to_be_bytes();
        let key = |kind| std::array::from_fn(|at| [kind, high, low].get(at).copied().unwrap_or(7));
        Neuron { netuid: NETUID, hotkey: key(1), coldkey: key(2), stake: 1_000_000_000, validator_permit: uid < 64 }
    };
    Genesis {
        time_ms: 1_790_000_000_000,
        subnets: vec![Subnet { netuid: NETUID, ..Subnet::default() }],
        neurons: (0..NEURONS).map(neuron).collect(),
        ..Genesis::default()
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).copied().map_or(0.0, ms)
}

fn worst(times: &[Duration]) -> f64 {
    times.iter().max().copied().map_or(0.0, ms)
}
