//! Makes tags of what a model wrote, so that the validator's own cleaning finds nothing to drop.

/// The validator scores no more.
const MOST: usize = 20;
/// Shorter and longer tags are dropped by the validator.
const LENGTHS: std::ops::RangeInclusive<usize> = 3..=64;

/// Reads comma-delimited tags: lower case, letters, digits and single spaces, each once, in the model's order.
pub(super) fn tags(text: &str) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for written in text.split([',', '\n', ';']) {
        let words = written.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let tag = words.collect::<Vec<_>>().join(" ").to_ascii_lowercase();
        if LENGTHS.contains(&tag.len()) && !tags.contains(&tag) {
            tags.push(tag);
        }
        if tags.len() == MOST {
            break;
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_clean_unique_and_few() {
        assert_eq!(
            tags("Boat-Building,  boat building,ab,\"Knots\"\nwind (north)"),
            ["boat building", "knots", "wind north"]
        );
        assert_eq!(tags(&"x".repeat(65)), Vec::<String>::new());
        let many: Vec<String> = (0..50).map(|number| format!("tag {number}")).collect();
        assert_eq!(tags(&many.join(",")).len(), MOST);
    }
}
