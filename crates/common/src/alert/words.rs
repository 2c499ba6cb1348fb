//! What an operator reads. Pure.

use super::{AlertChange, AlertSeverity, Condition, ConditionKind};

/// A message longer than this is cut: a chat is no log.
const LONGEST: usize = 480;
/// Texts of one message together; Telegram takes 4,096.
const TOGETHER: usize = 3_500;

/// Says what happened in one or two lines.
#[must_use]
pub fn sentence(change: AlertChange, condition: &Condition) -> String {
    let Condition { kind, subject, severity, detail } = condition;
    let what = headline(*kind, subject);
    let text = match change {
        AlertChange::Raised | AlertChange::Worsened | AlertChange::Eased => {
            let mark = match severity {
                AlertSeverity::Critical => "🔴",
                AlertSeverity::Warning => "🟡",
                AlertSeverity::Notice => "🟢",
            };
            format!("{mark} {what}: {detail}\n→ {}", advice(*kind))
        }
        AlertChange::Cleared => format!("✅ Over: {what}"),
    };
    cut(&printable(&text), LONGEST)
}

/// Puts sentences that are due together into as few messages as possible. Returns each with how many it holds.
#[must_use]
pub fn together(sentences: &[String]) -> Vec<(String, usize)> {
    let mut messages: Vec<(String, usize)> = Vec::new();
    for sentence in sentences {
        match messages.last_mut() {
            Some((text, count)) if text.len() + sentence.len() < TOGETHER => {
                text.push('\n');
                text.push_str(sentence);
                *count += 1;
            }
            Some(_) | None => messages.push((sentence.clone(), 1)),
        }
    }
    messages
}

fn headline(kind: ConditionKind, subject: &str) -> String {
    match kind {
        ConditionKind::DaemonDown => format!("{subject} is down"),
        ConditionKind::Deregistered => format!("not registered in {subject}"),
        ConditionKind::AtRisk => format!("next to be replaced in {subject}"),
        ConditionKind::AxonUnpublished => format!("axon of {subject} is not published"),
        ConditionKind::ChainStalled => "the chain stands still".into(),
        ConditionKind::SpecChanged => format!("the chain's runtime changed: {subject}"),
        ConditionKind::ScoreDrop => format!("weights fell in {subject}"),
        ConditionKind::Budget => format!("budget {subject}"),
        ConditionKind::ClockDoubt => "spending is frozen, the clock jumped".into(),
        ConditionKind::VendorKey => format!("no key for vendor {subject}"),
        ConditionKind::SpoofingBurst => "many forged requests".into(),
        ConditionKind::Storage => format!("{subject} does not work"),
    }
}

/// What to do, in the words of a command wherever there is one.
fn advice(kind: ConditionKind) -> &'static str {
    match kind {
        ConditionKind::DaemonDown | ConditionKind::ChainStalled | ConditionKind::AxonUnpublished => "minerctl status",
        ConditionKind::Deregistered | ConditionKind::AtRisk => "minerctl register --help",
        ConditionKind::SpecChanged => "money calls of that shape wait for a newer release; serving goes on",
        ConditionKind::ScoreDrop => "minerctl status, part Earnings",
        ConditionKind::Budget => "minerctl budget",
        ConditionKind::ClockDoubt => "set the clock, then minerctl budget --help",
        ConditionKind::VendorKey => "minerctl credentials check",
        ConditionKind::SpoofingBurst => "minerctl why",
        ConditionKind::Storage => "df -h, then minerctl status",
    }
}

/// Takes away what a terminal or a chat could take for more than text.
fn printable(text: &str) -> String {
    text.chars().filter(|&char| char == '\n' || !char.is_control()).collect()
}

fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let mut end = most - '…'.len_utf8();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn condition(kind: ConditionKind, subject: &str, severity: AlertSeverity, detail: &str) -> Condition {
        Condition { kind, subject: subject.into(), severity, detail: detail.into() }
    }

    #[test]
    fn every_kind_reads_as_it_stands_in_messaging_md() {
        let document = include_str!("../../../../MESSAGING.md");

        for kind in ConditionKind::ALL {
            let row = format!("| `{}` |", kind.name());
            assert!(document.contains(&row), "MESSAGING.md has no row that begins {row}");
        }
    }

    #[test]
    fn a_message_says_how_bad_what_where_and_what_to_do() {
        let down = condition(ConditionKind::DaemonDown, "task-handler", AlertSeverity::Critical, "not heard for 25 s");
        let budget = condition(ConditionKind::Budget, "daily", AlertSeverity::Warning, "95 % of $2.00 used");

        let told = [
            sentence(AlertChange::Raised, &down),
            sentence(AlertChange::Worsened, &budget),
            sentence(AlertChange::Cleared, &down),
        ];

        assert_eq!(
            told,
            [
                "🔴 task-handler is down: not heard for 25 s\n→ minerctl status",
                "🟡 budget daily: 95 % of $2.00 used\n→ minerctl budget",
                "✅ Over: task-handler is down",
            ]
        );
    }

    #[test]
    fn what_is_due_together_is_one_message_until_it_is_long() {
        let short = together(&["a".into(), "b".into()]);
        let long = together(&vec!["x".repeat(480); 10]);

        assert_eq!(short, [("a\nb".to_owned(), 2)]);
        assert_eq!(long.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [7, 3]);
    }

    proptest! {
        #[test]
        fn no_message_is_long_or_holds_a_control_character(subject in any::<String>(), detail in any::<String>()) {
            for kind in ConditionKind::ALL {
                let condition = condition(kind, &subject, AlertSeverity::Warning, &detail);

                let told = sentence(AlertChange::Raised, &condition);

                prop_assert!(told.len() <= LONGEST);
                prop_assert!(!told.chars().any(|char| char.is_control() && char != '\n'));
            }
        }
    }
}
