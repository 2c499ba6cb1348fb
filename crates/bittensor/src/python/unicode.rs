//! Which characters `repr()` writes as they are: `str.isprintable`, which changes with Python's Unicode version.
//!
//! A validator's Python is unknown, so a body hash is accepted if it is right in any of the versions. That loosens
//! nothing: in each of them different values have different texts.

use std::sync::LazyLock;

use regex_syntax::Parser;
use regex_syntax::hir::{Class, ClassUnicode, HirKind};

/// A version of Unicode that a Python has.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Unicode {
    /// Python 3.9 and 3.10.
    V13,
    /// Python 3.11.
    #[default]
    V14,
    /// Python 3.12.
    V15,
    /// Python 3.13.
    V15_1,
    /// Python 3.14.
    V16,
}

impl Unicode {
    /// All versions, the likeliest first.
    pub const ALL: [Self; 5] = [Self::V14, Self::V15, Self::V15_1, Self::V13, Self::V16];

    /// Whether the character is printable: assigned, and neither a control nor a separator other than the space.
    pub(super) fn is_printable(self, c: char) -> bool {
        if c.is_ascii() {
            return (' '..='~').contains(&c);
        }
        let ranges = self.printable().ranges();
        let after = ranges.partition_point(|range| range.start() <= c);
        after.checked_sub(1).and_then(|index| ranges.get(index)).is_some_and(|range| c <= range.end())
    }

    fn printable(self) -> &'static ClassUnicode {
        static V13: LazyLock<ClassUnicode> = LazyLock::new(|| printable_in("13.0"));
        static V14: LazyLock<ClassUnicode> = LazyLock::new(|| printable_in("14.0"));
        static V15: LazyLock<ClassUnicode> = LazyLock::new(|| printable_in("15.0"));
        static V15_1: LazyLock<ClassUnicode> = LazyLock::new(|| printable_in("15.1"));
        static V16: LazyLock<ClassUnicode> = LazyLock::new(|| printable_in("16.0"));
        match self {
            Self::V13 => &V13,
            Self::V14 => &V14,
            Self::V15 => &V15,
            Self::V15_1 => &V15_1,
            Self::V16 => &V16,
        }
    }
}

/// Nothing is printable in a version that the tables do not have: then no hash would fit. A test holds that they do.
fn printable_in(version: &str) -> ClassUnicode {
    let pattern = format!(r"[\p{{age={version}}}--[\p{{Other}}\p{{Separator}}]]");
    match Parser::new().parse(&pattern).map(|hir| hir.into_kind()) {
        Ok(HirKind::Class(Class::Unicode(class))) => class,
        Ok(_) | Err(_) => ClassUnicode::empty(),
    }
}

#[cfg(test)]
mod tests {
    use sha3::{Digest, Sha3_256};

    use super::*;

    /// One bit for each code point, as tests/make_python_vectors.py makes them.
    fn fingerprint(unicode: Unicode) -> String {
        let bit = |code: u32| u8::from(char::from_u32(code).is_some_and(|c| unicode.is_printable(c)));
        let bytes: Vec<u8> = (0..0x11_0000).map(bit).collect();
        hex::encode(Sha3_256::digest(&bytes))
    }

    #[test]
    fn python_3_11_agrees_on_every_character() {
        let vectors: serde_json::Value = serde_json::from_str(include_str!("../../tests/data/python.json")).unwrap();

        assert_eq!(vectors["unicode"], "14.0.0");
        assert_eq!(fingerprint(Unicode::V14), vectors["isprintable_sha3_256"].as_str().unwrap());
    }

    #[test]
    fn each_version_knows_the_characters_of_its_time() {
        let newest =
            [('\u{1fad6}', 13.0), ('\u{1fae0}', 14.0), ('\u{1fae8}', 15.0), ('\u{2ffc}', 15.1), ('\u{1fae9}', 16.0)];
        let versions = [
            (Unicode::V13, 13.0),
            (Unicode::V14, 14.0),
            (Unicode::V15, 15.0),
            (Unicode::V15_1, 15.1),
            (Unicode::V16, 16.0),
        ];

        for (unicode, version) in versions {
            for (c, since) in newest {
                assert_eq!(unicode.is_printable(c), version >= since, "{unicode:?} {c:?}");
            }
        }
    }
}
