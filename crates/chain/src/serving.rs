//! Whether where we are is published, and must be anew. Pure, but for [`Client::serve`], which does it.

mod address;

use std::time::Duration;

use bittensor::keys::Keypair;
use common::config::chain::Network;

pub use address::{AddressProblem, problem};

use crate::axon::{Axon, Certificate, PublishedAxon};
use crate::calls::Call;
use crate::client::Client;
use crate::error::ChainError;
use crate::submit::{Inclusion, Until};

/// What is to stand on the chain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wanted {
    /// Where we are reached.
    pub axon: Axon,
    /// The TLS key to publish beside it, if any.
    pub certificate: Option<Certificate>,
}

/// What stands on the chain, and what it allows.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Published {
    /// What was published last.
    pub axon: Option<PublishedAxon>,
    /// The TLS key beside it.
    pub certificate: Option<Certificate>,
    /// Blocks that must lie between two publications.
    pub rate_limit: u64,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// Publish it now.
    Serve,
    /// It stands there already.
    Keep,
    /// It may be published from that block on.
    Wait {
        /// The first block at which the chain accepts it.
        until_block: u64,
    },
    /// It must not be published.
    Refuse(AddressProblem),
}

/// What came of [`Client::serve`].
#[derive(Clone, Debug)]
pub enum Served {
    /// It stands on the chain now.
    Now(Inclusion),
    /// Nothing was sent, for this reason.
    Not(Decision),
}

/// Decides. `block` is the best head's height.
#[must_use]
pub fn decide(published: &Published, wanted: &Wanted, block: u64, network: Network) -> Decision {
    if let Some(problem) = problem(wanted.axon.ip, network).or_else(|| port_problem(&wanted.axon)) {
        return Decision::Refuse(problem);
    }
    let Some(last) = published.axon else { return Decision::Serve };
    if last.axon == wanted.axon && (wanted.certificate.is_none() || published.certificate == wanted.certificate) {
        return Decision::Keep;
    }
    let until_block = last.block.saturating_add(published.rate_limit);
    if published.rate_limit == 0 || last.block == 0 || block >= until_block {
        Decision::Serve
    } else {
        Decision::Wait { until_block }
    }
}

fn port_problem(axon: &Axon) -> Option<AddressProblem> {
    (axon.port == 0).then_some(AddressProblem::NoPort)
}

impl Client {
    /// Publishes where a hotkey is reached, if it must be and may be; waits until it stands on the chain. Costs nothing.
    ///
    /// # Errors
    /// If the hotkey is not registered, the chain refuses, or it is not known what came of it. Nothing is sent twice.
    pub async fn serve(
        &self,
        netuid: u16,
        hotkey: &Keypair,
        wanted: &Wanted,
        network: Network,
        patience: Duration,
    ) -> Result<Served, ChainError> {
        let block = self.at_best()?;
        let account = hotkey.public();
        if !block.subnet_exists(netuid).await? {
            return Err(ChainError::UnknownSubnet(netuid));
        }
        if block.uids(&[netuid], &account).await?.first().copied().flatten().is_none() {
            return Err(ChainError::NotRegistered { netuid, hotkey: account });
        }
        let published = block.published(netuid, &account, wanted.certificate.is_some()).await?;
        match decide(&published, wanted, block.number(), network) {
            Decision::Serve => {}
            not @ (Decision::Keep | Decision::Wait { .. } | Decision::Refuse(_)) => return Ok(Served::Not(not)),
        }
        let axon = wanted.axon;
        let call = match wanted.certificate.clone() {
            Some(certificate) => Call::ServeAxonTls { netuid, axon, certificate },
            None => Call::ServeAxon { netuid, axon },
        };
        Ok(Served::Now(self.submit(&call, hotkey, Until::Best, patience).await?))
    }
}

impl crate::block::Block {
    /// What [`decide`] wants to know.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn published(
        &self,
        netuid: u16,
        hotkey: &crate::head::Account,
        with_certificate: bool,
    ) -> Result<Published, ChainError> {
        let axon = self.axon(netuid, hotkey).await?;
        let certificate = if with_certificate { self.certificate(netuid, hotkey).await? } else { None };
        let rate_limit = self.serving_rate_limit(netuid).await?;
        Ok(Published { axon, certificate, rate_limit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_published_is_published() {
        let nothing = Published { rate_limit: 50, ..Published::default() };

        assert_eq!(decide(&nothing, &wanted("1.2.3.4"), 7, Network::Finney), Decision::Serve);
    }

    #[test]
    fn what_stands_there_is_not_published_again() {
        let wanted = wanted("1.2.3.4");

        assert_eq!(decide(&published(&wanted, 10), &wanted, 11, Network::Finney), Decision::Keep);
    }

    #[test]
    fn each_change_is_published() {
        let old = wanted("1.2.3.4");
        let axon = old.axon;
        let changes = [
            Axon { ip: "1.2.3.5".parse().unwrap(), ..axon },
            Axon { port: 9, ..axon },
            Axon { protocol: 9, ..axon },
            Axon { version: 9, ..axon },
        ];
        for axon in changes {
            let new = Wanted { axon, certificate: None };

            assert_eq!(decide(&published(&old, 10), &new, 110, Network::Finney), Decision::Serve, "{axon:?}");
        }
    }

    #[test]
    fn a_change_waits_for_the_chains_limit() {
        let old = wanted("1.2.3.4");
        let new = wanted("1.2.3.5");

        let early = decide(&published(&old, 10), &new, 109, Network::Finney);

        assert_eq!(early, Decision::Wait { until_block: 110 });
        assert_eq!(decide(&published(&old, 10), &new, 110, Network::Finney), Decision::Serve);
    }

    #[test]
    fn without_a_limit_nothing_waits() {
        let old = wanted("1.2.3.4");
        let unlimited = Published { rate_limit: 0, ..published(&old, 10) };

        assert_eq!(decide(&unlimited, &wanted("1.2.3.5"), 10, Network::Finney), Decision::Serve);
    }

    #[test]
    fn another_tls_key_is_published_and_an_unwanted_one_left_alone() {
        let key = |byte| Some(Certificate { algorithm: 1, public_key: vec![byte; 32] });
        let old = wanted("1.2.3.4");
        let with_key = Published { certificate: key(1), ..published(&old, 10) };
        let want = |certificate| Wanted { certificate, ..old.clone() };

        assert_eq!(decide(&with_key, &want(key(1)), 500, Network::Finney), Decision::Keep);
        assert_eq!(decide(&with_key, &want(key(2)), 500, Network::Finney), Decision::Serve);
        assert_eq!(decide(&with_key, &want(None), 500, Network::Finney), Decision::Keep);
        assert_eq!(decide(&published(&old, 10), &want(key(1)), 500, Network::Finney), Decision::Serve);
    }

    #[test]
    fn an_address_that_nobody_reaches_is_refused_even_if_it_stands_there() {
        let private = wanted("10.0.0.9");

        let refused = decide(&published(&private, 10), &private, 500, Network::Test);

        assert_eq!(refused, Decision::Refuse(AddressProblem::Private));
        assert_eq!(decide(&published(&private, 10), &private, 500, Network::Sandbox), Decision::Keep);
    }

    #[test]
    fn an_axon_without_a_port_is_refused() {
        let mut none = wanted("1.2.3.4");
        none.axon.port = 0;

        let refused = decide(&Published::default(), &none, 500, Network::Sandbox);

        assert_eq!(refused, Decision::Refuse(AddressProblem::NoPort));
    }

    fn wanted(ip: &str) -> Wanted {
        let axon = Axon { ip: ip.parse().unwrap(), port: 8091, protocol: crate::HTTP, version: 1 };
        Wanted { axon, certificate: None }
    }

    fn published(what: &Wanted, block: u64) -> Published {
        let axon = Some(PublishedAxon { block, axon: what.axon });
        Published { axon, certificate: what.certificate.clone(), rate_limit: 100 }
    }
}
