//! Words and pairs of words, hashed into a fixed number of buckets.

/// How many buckets there are.
pub const BUCKETS: usize = 4_096;

/// Of a longer text only so many bytes of its beginning and of its end are read: instructions stand there.
const HEAD: usize = 3_072;
const TAIL: usize = 1_024;
/// The first and the last words count twice, the second time apart from the others.
const FIRST_WORDS: usize = 16;
const LAST_WORDS: usize = 12;

/// Keeps the kinds of features apart.
const PAIR: u64 = 0x5bd1_e995_97f4_a7c1;
const EDGE: u64 = 0xc2b2_ae3d_27d4_eb4f;

/// The buckets of a text's words; a bucket stands here as often as it is met.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Features {
    /// Of all words.
    pub body: Vec<u16>,
    /// Of the first and the last words.
    pub edge: Vec<u16>,
}

impl Features {
    /// Reads a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut words = Vec::with_capacity(256);
        if text.len() <= HEAD + TAIL {
            read(text, &mut words);
        } else {
            read(text.get(..text.floor_char_boundary(HEAD)).unwrap_or_default(), &mut words);
            read(text.get(text.ceil_char_boundary(text.len() - TAIL)..).unwrap_or_default(), &mut words);
        }
        let mut features = Self { body: Vec::with_capacity(words.len() * 2), edge: Vec::with_capacity(64) };
        let last = words.len().saturating_sub(LAST_WORDS);
        let mut before = 0;
        for (index, word) in words.iter().enumerate() {
            let pair = before ^ word.rotate_left(21) ^ PAIR;
            features.body.extend([bucket(*word), bucket(pair)]);
            if index < FIRST_WORDS || index >= last {
                features.edge.extend([bucket(word ^ EDGE), bucket(pair ^ EDGE)]);
            }
            before = *word;
        }
        features
    }
}

/// Hashes the words of a text: letters in lower case, a number as such, and signs that tell something.
fn read(text: &str, words: &mut Vec<u64>) {
    const START: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    const NUMBER: u64 = 0x9e37_79b9_7f4a_7c15;
    let (mut hash, mut inside, mut all_digits) = (START, false, true);
    let mut end = |hash: &mut u64, inside: &mut bool, all_digits: &mut bool| {
        if *inside {
            words.push(if *all_digits { NUMBER } else { *hash });
        }
        (*hash, *inside, *all_digits) = (START, false, true);
    };
    for c in text.chars() {
        let mut take = |c: char| hash = (hash ^ u64::from(u32::from(c))).wrapping_mul(PRIME);
        if c.is_ascii_alphanumeric() {
            take(c.to_ascii_lowercase());
            (inside, all_digits) = (true, all_digits && c.is_ascii_digit());
        } else if c.is_alphanumeric() {
            c.to_lowercase().for_each(&mut take);
            (inside, all_digits) = (true, false);
        } else {
            end(&mut hash, &mut inside, &mut all_digits);
            if matches!(c, '?' | '!' | ':' | '{' | '}' | '=' | '+' | '*' | '"' | '`' | '<' | '%' | '$') {
                let sign = (START ^ u64::from(u32::from(c))).wrapping_mul(PRIME);
                (hash, inside, all_digits) = (sign, true, false);
                end(&mut hash, &mut inside, &mut all_digits);
            }
        }
    }
    end(&mut hash, &mut inside, &mut all_digits);
}

fn bucket(hash: u64) -> u16 {
    let hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    // The upper bits are the better mixed; the result is under BUCKETS.
    ((hash >> 32) as usize % BUCKETS) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_white_space_and_the_digits_of_a_number_do_not_matter() {
        assert_eq!(Features::of("Add 12  to\n7?"), Features::of("add 99 TO 123 ?"));
        assert_ne!(Features::of("add 12 to 7?"), Features::of("add 12 to 7!"));
    }

    #[test]
    fn every_word_and_every_pair_has_a_bucket() {
        let features = Features::of(&"word ".repeat(100));

        assert_eq!(features.body.len(), 200);
        assert_eq!(features.edge.len(), 2 * (FIRST_WORDS + LAST_WORDS));
        assert!(features.body.iter().all(|bucket| usize::from(*bucket) < BUCKETS));
    }

    #[test]
    fn of_a_long_text_its_beginning_and_its_end_are_read() {
        let long = format!("{} {} end", "häuser ".repeat(1_000), "middle ".repeat(10_000));

        let features = Features::of(&long);

        assert!(features.body.len() < 2_000);
        assert_eq!(features.edge.last(), Features::of("middle end").edge.last());
    }
}
