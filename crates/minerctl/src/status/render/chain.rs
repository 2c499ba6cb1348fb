//! Puts what miner-daemon knows of the chain into words. Pure.

use common::call::miner::chain::{AxonStatus, ChainStatus, MetagraphStatus, Registration, SubnetStatus};
use common::config::chain::Network;

use super::thousands;
use crate::output::{printable, table};

/// Returns the part of a status that tells of the chain.
pub(super) fn render(chain: &ChainStatus) -> String {
    let mut text = format!("\nChain {}\n", network(chain.network));
    text.push_str(&table(&[vec!["node".into(), node(chain)], vec!["head".into(), head(chain)]]));
    text.push_str(&table(&subnets(&chain.subnets)));
    text.extend(chain.subnets.iter().filter_map(why_not_published));
    if !chain.differences.is_empty() {
        text.push_str("  The chain's runtime differs from what this release knows; moving money is paused:\n");
        for difference in &chain.differences {
            text.push_str(&format!("    {}\n", printable(difference)));
        }
    }
    text
}

fn network(network: Network) -> &'static str {
    match network {
        Network::Finney => "finney",
        Network::Test => "test",
        Network::Local => "local",
        Network::Sandbox => "sandbox",
    }
}

fn node(chain: &ChainStatus) -> String {
    let endpoint = chain.endpoint.as_deref().map_or("not connected".into(), printable);
    match &chain.problem {
        Some(problem) => format!("{endpoint}: {}", printable(problem)),
        None => endpoint,
    }
}

fn head(chain: &ChainStatus) -> String {
    let (Some(best), Some(age)) = (chain.best_block, chain.head_age_ms) else { return "not seen yet".into() };
    let finalized = chain.finalized_block.map_or("unknown".into(), thousands);
    let spec = chain.spec_version.map_or("unknown".into(), |version| version.to_string());
    format!("block {}, {} s ago; finalized {finalized}; runtime {spec}", thousands(best), age / 1000)
}

fn subnets(subnets: &[SubnetStatus]) -> Vec<Vec<String>> {
    let heading = ["subnet", "place", "axon", "neurons", "last epoch"].map(str::to_owned).to_vec();
    let row = |subnet: &SubnetStatus| {
        vec![
            subnet.netuid.to_string(),
            place(subnet.registration),
            axon(&subnet.axon),
            subnet.metagraph.as_ref().map_or("-".into(), neurons),
            subnet.last_epoch_block.map_or("-".into(), |block| format!("block {}", thousands(block))),
        ]
    };
    std::iter::once(heading).chain(subnets.iter().map(row)).collect()
}

fn place(registration: Registration) -> String {
    match registration {
        Registration::Unknown => "unknown".into(),
        Registration::NotRegistered => "NOT REGISTERED: nothing is spent for it".into(),
        Registration::Registered { uid, immunity_blocks_left, evicted_after } => {
            let safety = match (immunity_blocks_left, evicted_after) {
                (Some(blocks), _) if blocks > 0 => format!(", immune for {} blocks", thousands(blocks)),
                (_, Some(0 | 1)) => ", NEXT TO BE REPLACED".into(),
                (_, Some(registrations)) => format!(", replaced after {registrations} registrations"),
                (_, None) => String::new(),
            };
            format!("uid {uid}{safety}")
        }
    }
}

fn axon(axon: &AxonStatus) -> String {
    match axon {
        AxonStatus::Unknown => "unknown".into(),
        AxonStatus::Off => "not published by this miner".into(),
        AxonStatus::Published { address } => address.to_string(),
        AxonStatus::Pending { .. } => "waits".into(),
        AxonStatus::Failed { .. } => "NOT PUBLISHED".into(),
    }
}

/// The reason has a line of its own: it would tear the table apart.
fn why_not_published(subnet: &SubnetStatus) -> Option<String> {
    let netuid = subnet.netuid;
    match &subnet.axon {
        AxonStatus::Pending { reason } => Some(format!("  subnet {netuid}: the axon waits: {}\n", printable(reason))),
        AxonStatus::Failed { problem } => {
            Some(format!("  subnet {netuid}: the axon is not published: {}\n", printable(problem)))
        }
        AxonStatus::Unknown | AxonStatus::Off | AxonStatus::Published { .. } => None,
    }
}

fn neurons(metagraph: &MetagraphStatus) -> String {
    let stale = if metagraph.stale { ", old" } else { "" };
    format!("{}, {} validators{stale}", metagraph.neurons, metagraph.validators)
}

#[cfg(test)]
mod tests {
    use common::id::Netuid;

    use super::*;

    #[test]
    fn a_miner_in_good_order_is_told_in_a_few_lines() {
        let text = render(&chain());

        let expected = "
Chain finney
  node  wss://node.example:443
  head  block 9,204,003, 4 s ago; finalized 9,204,001; runtime 424
  subnet  place                                    axon              neurons             last epoch
  18      uid 41, replaced after 97 registrations  203.0.113.7:8091  256, 12 validators  block 9,203,761
";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_costs_earnings_is_in_capitals() {
        let place_of = |immunity, distance| {
            place(Registration::Registered { uid: 1, immunity_blocks_left: immunity, evicted_after: distance })
        };

        assert_eq!(place_of(Some(7_200), None), "uid 1, immune for 7,200 blocks");
        assert_eq!(place_of(Some(0), Some(1)), "uid 1, NEXT TO BE REPLACED");
        assert!(place(Registration::NotRegistered).starts_with("NOT REGISTERED"));
    }

    #[test]
    fn why_an_axon_is_not_published_stands_under_the_table() {
        let mut chain = chain();
        chain.subnets[0].axon = AxonStatus::Failed { problem: "10.0.0.1 is a private address".into() };

        let text = render(&chain);

        assert!(text.contains("  NOT PUBLISHED  "), "{text}");
        assert!(text.ends_with("\n  subnet 18: the axon is not published: 10.0.0.1 is a private address\n"), "{text}");
    }

    #[test]
    fn a_chain_that_cannot_be_reached_says_why() {
        let chain = ChainStatus {
            endpoint: None,
            problem: Some("no route".into()),
            best_block: None,
            head_age_ms: None,
            ..chain()
        };

        let text = render(&chain);

        assert!(text.contains("not connected: no route\n"), "{text}");
        assert!(text.contains("not seen yet\n"), "{text}");
    }

    fn chain() -> ChainStatus {
        let registration = Registration::Registered { uid: 41, immunity_blocks_left: Some(0), evicted_after: Some(97) };
        ChainStatus {
            network: Network::Finney,
            endpoint: Some("wss://node.example:443".into()),
            problem: None,
            best_block: Some(9_204_003),
            finalized_block: Some(9_204_001),
            head_age_ms: Some(4_200),
            spec_version: Some(424),
            differences: Vec::new(),
            subnets: vec![SubnetStatus {
                netuid: Netuid(18),
                registration,
                axon: AxonStatus::Published { address: "203.0.113.7:8091".parse().unwrap() },
                metagraph: Some(MetagraphStatus { block: 1, neurons: 256, validators: 12, stale: false }),
                last_epoch_block: Some(9_203_761),
            }],
        }
    }
}
