//! Cheap features of a prompt's text, for the learner that wants to know more than the class.

/// How many features there are.
pub const FEATURES: usize = 76;
/// The features that words are hashed into; the others are counts.
const WORDS: usize = 64;

/// Returns the features of a text: constant, length, sorts of characters, hashed words; each of about unit size.
#[must_use]
pub fn features(text: &str) -> Vec<f32> {
    let characters = text.chars().count().max(1) as f32;
    let share = |is: fn(char) -> bool| text.chars().filter(|&c| is(c)).count() as f32 / characters;
    let flag = |is: bool| if is { 1.0 } else { 0.0 };
    let mut features = vec![
        1.0,
        characters.ln() / 10.0,
        share(|c| c.is_ascii_digit()),
        share(char::is_uppercase),
        share(char::is_whitespace),
        share(|c| c.is_ascii_punctuation()),
        share(|c| !c.is_ascii()),
        share(|c| c == '\n'),
        flag(text.contains('?')),
        flag(text.contains("\nA.") || text.contains("A)") || text.contains("(A)")),
        flag(text.contains("```") || text.contains("def ") || text.contains("();")),
        flag(text.contains(['=', '+', '^', '$'])),
    ];
    let mut words = [0.0_f32; WORDS];
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(400) {
        let hash = word.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3)
        });
        if let Some(count) = words.get_mut((hash >> 32) as usize % WORDS) {
            *count += 1.0;
        }
    }
    let length = words.iter().map(|count| count * count).sum::<f32>().sqrt().max(1.0);
    features.extend(words.map(|count| count / length));
    features
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_has_the_same_number_of_finite_features() {
        for text in ["", "?", "What is 2+2?\nA. 3\nB. 4", "\u{1f600}\u{0}"] {
            let features = features(text);

            assert_eq!(features.len(), FEATURES, "{text}");
            assert!(features.iter().all(|feature| feature.is_finite()), "{text}");
        }
    }
}
