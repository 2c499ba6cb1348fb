//! Puts what the newest epochs brought into words. Pure.

use common::call::tracker::EpochSummary;
use common::money::AlphaRao;
use jiff::Timestamp;

use super::{age, thousands};
use crate::output::table;

/// Returns the part of a status that tells of earnings; nothing before the first epoch.
pub(super) fn render(epochs: &[EpochSummary], now: Timestamp) -> String {
    if epochs.is_empty() {
        return String::new();
    }
    let heading = ["subnet", "newest epoch", "share", "rank", "weighed by", "it brought", "last 24 h"];
    let rows = std::iter::once(heading.map(str::to_owned).to_vec()).chain(epochs.iter().map(|epoch| row(epoch, now)));
    format!("\nEarnings, in each subnet's alpha\n{}", table(&rows.collect::<Vec<_>>()))
}

fn row(epoch: &EpochSummary, now: Timestamp) -> Vec<String> {
    let rank = epoch.rank.zip(epoch.earning).map_or("-".into(), |(rank, earning)| format!("{rank} of {earning}"));
    vec![
        epoch.netuid.to_string(),
        format!("{} ago", age(epoch.unix_ms, now)),
        epoch.incentive.map_or("not registered".into(), share),
        rank,
        format!("{} validators", epoch.weighed_by),
        alpha(epoch.emission),
        alpha(epoch.emission_of_day),
    ]
}

/// A share of 65535, in hundredths of a per cent.
fn share(incentive: u16) -> String {
    let hundredths = u32::from(incentive) * 10_000 / u32::from(u16::MAX);
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

/// Alpha with four decimals, rounded down: nothing is shown that was not earned.
fn alpha(amount: AlphaRao) -> String {
    format!("{}.{:04}", thousands(amount.0 / 1_000_000_000), amount.0 % 1_000_000_000 / 100_000)
}

#[cfg(test)]
mod tests {
    use common::id::Netuid;
    use common::money::Rao;

    use super::*;

    #[test]
    fn earnings_are_told_by_subnet() {
        let epoch = EpochSummary {
            netuid: Netuid(18),
            block: 9_203_761,
            unix_ms: 1_000_000,
            incentive: Some(812),
            rank: Some(17),
            earning: Some(188),
            weighed_by: 9,
            emission: AlphaRao(1_830_400_211),
            emission_of_day: AlphaRao(1_234_036_608_004_220),
            alpha_price: Some(Rao(21_400_000)),
        };

        let text = render(&[epoch], Timestamp::from_second(1_060).unwrap());

        let expected = "
Earnings, in each subnet's alpha
  subnet  newest epoch   share   rank       weighed by    it brought  last 24 h
  18      1 min 0 s ago  1.23 %  17 of 188  9 validators  1.8304      1,234,036.6080
";
        assert_eq!(text, expected);
    }

    #[test]
    fn before_the_first_epoch_there_is_nothing_to_tell() {
        assert_eq!(render(&[], Timestamp::UNIX_EPOCH), "");
    }
}
