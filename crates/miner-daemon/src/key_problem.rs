//! Something wrong with a key of a profile, found where the key's whole path is not known yet.

/// What is wrong, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct KeyProblem {
    /// The key's path, below what the finder was given.
    pub(crate) key: String,
    /// What is wrong, and what to do.
    pub(crate) problem: String,
}

impl KeyProblem {
    /// Makes a problem.
    pub(crate) fn new(key: &str, problem: impl Into<String>) -> Self {
        Self { key: key.to_owned(), problem: problem.into() }
    }

    /// The same problem, seen from further above.
    pub(crate) fn under(self, parent: &str) -> Self {
        Self { key: format!("{parent}.{}", self.key), problem: self.problem }
    }
}
