//! Finds what was probably meant. Pure.

/// Below these likenesses, from 0 to 1, a suggestion confuses more than it helps.
const SAME_BEGINNING: f64 = 0.7;
const FEW_EDITS: f64 = 0.6;

/// Returns the known name that looks most like `name`, if any does.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|known| (likeness(name, known), known))
        .filter(|(likeness, _)| *likeness > 0.0)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

fn likeness(name: &str, known: &str) -> f64 {
    let beginning = Some(strsim::jaro_winkler(name, known)).filter(|likeness| *likeness >= SAME_BEGINNING);
    let edits = Some(strsim::normalized_damerau_levenshtein(name, known)).filter(|likeness| *likeness >= FEW_EDITS);
    beginning.into_iter().chain(edits).fold(0.0, f64::max)
}

/// Returns `; did you mean x?`, or nothing.
pub(super) fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!("; did you mean {nearest}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognized() {
        let known = ["dialect", "base_url", "credential"];

        assert_eq!(nearest("base_ur", known), Some("base_url"));
        assert_eq!(nearest("credentials", known), Some("credential"));
        assert_eq!(nearest("dya", ["minute", "day"]), Some("day"));
    }

    #[test]
    fn what_looks_like_nothing_has_no_suggestion() {
        assert_eq!(nearest("xyz", ["dialect", "base_url"]), None);
    }
}
