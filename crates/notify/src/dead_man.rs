//! A dead man's switch: somebody else raises the alarm when this is not called any more.

use common::config::alerts;
use reqwest_of_teloxide::{Client, Url};

use crate::http;
use crate::send_error::SendError;

/// An address that is called as long as the miner can earn.
#[derive(Debug)]
pub struct DeadMan {
    client: Client,
    well: Url,
    unwell: Url,
}

impl DeadMan {
    /// Makes the switch.
    ///
    /// # Errors
    /// The address is none.
    pub fn new(config: &alerts::DeadMan) -> Result<Self, SendError> {
        let well = http::url("alerts.dead_man.url", &config.url)?;
        let unwell = http::url("alerts.dead_man.url", &format!("{}/fail", config.url.trim_end_matches('/')))?;
        Ok(Self { client: http::client()?, well, unwell })
    }

    /// Says once whether the miner can earn, and if not, why.
    ///
    /// # Errors
    /// Nobody heard it.
    pub async fn call(&self, obstacle: Option<&str>) -> Result<(), SendError> {
        let request = match obstacle {
            None => self.client.get(self.well.clone()),
            Some(obstacle) => self.client.post(self.unwell.clone()).body(obstacle.to_owned()),
        };
        http::outcome(request.send().await)
    }
}
