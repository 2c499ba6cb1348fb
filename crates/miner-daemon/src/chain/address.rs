//! Finds the IP address that validators dial: the configured one, or what the configured services say.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use common::config::chain::Axon;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

/// How long one service may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// No address is longer; a page of HTML is.
const LONGEST: usize = 64;

/// Why there is no address.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AddressError {
    /// Nothing is configured.
    #[error(
        "where validators dial is not known: set chain.axon.address in miner-config.json to this machine's public address"
    )]
    NotConfigured,
    /// All services failed.
    #[error("no address service says where validators dial ({0}): set chain.axon.address in miner-config.json")]
    NoAnswer(String),
    /// No connection can be made at all.
    #[error("the address services cannot be asked: set chain.axon.address in miner-config.json")]
    Client(#[source] anyhow::Error),
}

/// Returns the address; the services are asked in order until one answers with an address.
pub(crate) async fn external(axon: &Axon) -> Result<IpAddr, AddressError> {
    if let Some(address) = axon.address {
        return Ok(address);
    }
    if axon.address_services.is_empty() {
        return Err(AddressError::NotConfigured);
    }
    let client = client(&axon.address_services).map_err(AddressError::Client)?;
    let mut problems = Vec::new();
    for service in &axon.address_services {
        match ask(&client, service).await {
            Ok(address) => return Ok(address),
            Err(problem) => problems.push(format!("{service}: {problem}")),
        }
    }
    Err(AddressError::NoAnswer(problems.join("; ")))
}

fn client(services: &[String]) -> anyhow::Result<reqwest::Client> {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let tls = tls.with_safe_default_protocol_versions()?;
    // Without https no certificates need be installed.
    let tls = if services.iter().any(|service| service.starts_with("https:")) {
        tls.with_platform_verifier()?
    } else {
        tls.with_root_certificates(RootCertStore::empty())
    };
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls.with_no_client_auth())
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE);
    Ok(client.build()?)
}

/// Why a service's answer is no address.
#[derive(Debug, thiserror::Error)]
enum ServiceError {
    #[error("cannot be reached")]
    Http(#[from] reqwest::Error),
    #[error("answers with status {0}")]
    Status(u16),
    #[error("answers with something that is no IP address")]
    NotAnAddress,
}

async fn ask(client: &reqwest::Client, service: &str) -> Result<IpAddr, ServiceError> {
    let mut response = client.get(service).send().await?;
    if !response.status().is_success() {
        return Err(ServiceError::Status(response.status().as_u16()));
    }
    let mut text = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        text.extend_from_slice(&chunk);
        if text.len() > LONGEST {
            return Err(ServiceError::NotAnAddress);
        }
    }
    let text = std::str::from_utf8(&text).map_err(|_| ServiceError::NotAnAddress)?;
    text.trim().parse().map_err(|_| ServiceError::NotAnAddress)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn the_configured_address_is_not_asked_for() {
        let axon = Axon { address: Some([203, 0, 113, 7].into()), ..Axon::default() };

        assert_eq!(external(&axon).await.unwrap(), IpAddr::from([203, 0, 113, 7]));
    }

    #[tokio::test]
    async fn the_first_service_that_answers_with_an_address_is_believed() {
        let (broken, html, right) = tokio::join!(
            serve("500 Oops", "203.0.113.1"),
            serve("200 OK", "<html>a page that is far longer than any address of any kind could ever be</html>"),
            serve("200 OK", "203.0.113.7\n"),
        );
        let axon = Axon { address_services: vec![broken, html, right], ..Axon::default() };

        assert_eq!(external(&axon).await.unwrap(), IpAddr::from([203, 0, 113, 7]));
    }

    #[tokio::test]
    async fn every_service_that_failed_is_named() {
        let service = serve("200 OK", "nonsense").await;
        let axon = Axon { address_services: vec![service.clone()], ..Axon::default() };

        let error = external(&axon).await.unwrap_err().to_string();

        assert!(error.contains(&service) && error.contains("chain.axon.address"), "{error}");
    }

    /// Answers one request, and returns the URL.
    async fn serve(status: &'static str, body: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let workers = daemon_kit::Workers::new();
        workers.spawn("service", async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _read = socket.read(&mut request).await.unwrap();
            let response =
                format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
            socket.write_all(response.as_bytes()).await.unwrap();
        });
        url
    }
}
