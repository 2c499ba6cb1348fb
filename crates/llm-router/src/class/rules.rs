//! Hard signals: what hardly ever means anything else.

use common::strategy::TaskClass;

/// How far into a text an instruction is looked for, at each end.
const REACH: usize = 400;
/// How many options make a choice.
const OPTIONS: usize = 3;

/// Begins of lines and words that only programs have.
const OF_CODE: [&str; 14] = [
    "```",
    "def ",
    "fn ",
    "class ",
    "import ",
    "#include",
    "public static",
    "console.log(",
    "select * from",
    "</div>",
    "() {",
    "=> {",
    "printf(",
    "std::",
];

/// Finds the class that a hard signal names, with how sure that is.
pub(super) fn find(text: &str) -> Option<(TaskClass, f32)> {
    let edges = edges(text);
    if has_options(text) {
        return Some((TaskClass::MultipleChoice, 0.95));
    }
    if asks_to_translate(&edges) {
        return Some((TaskClass::Translation, 0.95));
    }
    if asks_for_data(&edges) {
        return Some((TaskClass::Structured, 0.9));
    }
    if shows_code(text) {
        return Some((TaskClass::Code, 0.9));
    }
    is_calculation(text).then_some((TaskClass::Math, 0.95))
}

/// The beginning and the end of a text, in lower case.
fn edges(text: &str) -> String {
    if text.len() <= 2 * REACH {
        return text.to_lowercase();
    }
    let head = text.get(..text.floor_char_boundary(REACH)).unwrap_or_default();
    let tail = text.get(text.ceil_char_boundary(text.len() - REACH)..).unwrap_or_default();
    format!("{head}\n{tail}").to_lowercase()
}

/// At least three lines that begin with consecutive letters or numbers as options do: `A) …`, `(b) …`, `C. …`.
fn has_options(text: &str) -> bool {
    let (mut wanted, mut found) = ('a', 0);
    for line in text.lines() {
        let line = line.trim_start().trim_start_matches(['(', '[']);
        let mut chars = line.chars();
        let (first, second) = (chars.next().map(|c| c.to_ascii_lowercase()), chars.next());
        if first == Some(wanted) && matches!(second, Some(')' | '.' | ':' | ']')) {
            found += 1;
            wanted = char::from_u32(u32::from(wanted) + 1).unwrap_or(wanted);
        }
    }
    found >= OPTIONS
}

fn asks_to_translate(edges: &str) -> bool {
    const ASKS: [&str; 5] = ["translate ", "translation of ", "traduce ", "übersetze ", "traduis "];
    const ABOUT: [&str; 3] = ["translate to ", "who translate", "can translate into"];
    let asks = ASKS.iter().any(|words| edges.contains(words));
    asks && !ABOUT.iter().any(|words| edges.contains(words)) || edges.contains("translate to english:")
}

/// A form of data together with a word that asks for it.
fn asks_for_data(edges: &str) -> bool {
    const ASKS: [&str; 8] = ["return", "respond", "output", "format", "extract", "convert", "as json", "in json"];
    const FORMS: [&str; 5] = ["json", "yaml", "csv", "xml", "markdown table"];
    let names = |word: &&str| edges.split(|c: char| !c.is_alphanumeric()).any(|found| found == *word);
    let form = FORMS.iter().any(|form| if form.contains(' ') { edges.contains(form) } else { names(form) });
    // A question about a program that reads such data is one about a program.
    let about_code = ["function", "script", "program", "parser", "code"].iter().any(names);
    form && !about_code && ASKS.iter().any(|words| edges.contains(words))
}

fn shows_code(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let signs = OF_CODE.iter().filter(|sign| has_sign(&lower, sign)).count();
    lower.contains("```") || signs >= 2
}

fn has_sign(text: &str, sign: &str) -> bool {
    // A keyword counts at the beginning of a line only.
    if sign.ends_with(' ') { text.lines().any(|line| line.trim_start().starts_with(sign)) } else { text.contains(sign) }
}

/// A sum to be worked out, and few other words.
fn is_calculation(text: &str) -> bool {
    let text = text.trim();
    if text.len() > 120 {
        return false;
    }
    let compact: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    let is_operator = |c: char| matches!(c, '+' | '*' | '/' | '^' | '×' | '÷' | '-' | '−');
    let sums = compact.windows(3).filter(|window| match window {
        [left, operator, right] => {
            (left.is_ascii_digit() || *left == ')')
                && is_operator(*operator)
                && (right.is_ascii_digit() || *right == '(')
        }
        _ => false,
    });
    let sums = sums.count();
    // Dates and telephone numbers have signs between digits too.
    let has_real_operator = compact.iter().any(|c| matches!(c, '+' | '*' | '^' | '×' | '÷'));
    let words = text.split_whitespace().filter(|word| word.chars().all(char::is_alphabetic) && word.len() > 1).count();
    sums > 0 && words <= 6 && (has_real_operator || text.contains(['=', '?']) && sums == 1 && !text.contains("--"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(text: &str) -> Option<TaskClass> {
        find(text).map(|(class, _)| class)
    }

    #[test]
    fn hard_signals_are_found() {
        let cases = [
            ("Which is a gas?\nA) iron\nB) neon\nC) salt\nD) wood", TaskClass::MultipleChoice),
            ("Pick one.\n(a) 1\n(b) 2\n(c) 3", TaskClass::MultipleChoice),
            ("Translate the following into Spanish: Good morning", TaskClass::Translation),
            ("Extract the names and return them as a JSON array.\n\nAnna met Bob.", TaskClass::Structured),
            ("What is wrong here?\n```\nx = 1\n```", TaskClass::Code),
            ("Explain:\nimport os\ndef f(x):\n    return x", TaskClass::Code),
            ("What is 17 * 23 + 4?", TaskClass::Math),
            ("(3 + 4) * 12 =", TaskClass::Math),
        ];

        for (text, expected) in cases {
            assert_eq!(class(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_signal_is_left_to_the_model() {
        let cases = [
            "Call me on 555-1234 after 2026-11-28.",
            "A. Lincoln was born where?",
            "What does JSON stand for?",
            "Write a function that parses CSV and returns rows.",
            "Tell me about the class system in India.",
            "",
        ];

        for text in cases {
            assert_eq!(class(text), None, "{text}");
        }
    }
}
