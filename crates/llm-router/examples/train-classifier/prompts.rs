//! Makes labelled prompts: instructions of each class around texts that all classes share. Seeded, so that the same seed makes
//! the same prompts everywhere.

use common::strategy::TaskClass;

use crate::words::{LANGUAGES, PEOPLE, SENTENCES, THINGS, TOPICS, instructions};

/// Makes `count` prompts of each class.
pub(crate) fn generate(seed: u64, count: usize) -> Vec<(TaskClass, String)> {
    let mut dice = Dice(seed);
    let mut prompts = Vec::new();
    for class in llm_router::class::CLASSES {
        for _ in 0..count {
            prompts.push((class, prompt(&mut dice, class)));
        }
    }
    prompts
}

/// Prompts with their classes.
pub(crate) type Labelled = Vec<(TaskClass, String)>;

/// Returns the prompts that were written by hand, of which nothing was learnt: those that training's numbers were chosen by,
/// and those that were only ever counted.
pub(crate) fn held_out() -> (Labelled, Labelled) {
    let lines = include_str!("held_out.tsv").lines().filter_map(|line| line.split_once('\t'));
    let prompts = lines.filter_map(|(name, text)| Some((named(name)?, text.replace("\\n", "\n"))));
    let (even, odd): (Vec<_>, Vec<_>) = prompts.enumerate().partition(|(index, _)| index % 2 == 0);
    let plain = |numbered: Vec<(usize, _)>| numbered.into_iter().map(|(_, prompt)| prompt).collect();
    (plain(even), plain(odd))
}

fn named(name: &str) -> Option<TaskClass> {
    TaskClass::ALL.into_iter().find(|class| class.name() == name)
}

fn prompt(dice: &mut Dice, class: TaskClass) -> String {
    let instruction = {
        let template = dice_pick(dice, instructions(class));
        fill(dice, template)
    };
    let instruction = if dice.one_in(4) { lower_first(&instruction) } else { instruction };
    let before = dice_pick(
        dice,
        &[
            "",
            "",
            "",
            "",
            "",
            "Please help: ",
            "Hi, ",
            "Hello! ",
            "You are a helpful assistant.\n\n",
            "### Instruction:\n",
            "Question: ",
            "Task: ",
            "Could you help me? ",
            "ok so ",
        ],
    );
    let after = dice_pick(
        dice,
        &[
            "",
            "",
            "",
            "",
            "",
            " Thanks!",
            " Be brief.",
            " Answer in one sentence.",
            " Think carefully.",
            "\n### Response:",
            " Keep it short.",
            " Give only the answer.",
        ],
    );
    format!("{before}{instruction}{after}")
}

/// Replaces each `{slot}` by one of its words.
fn fill(dice: &mut Dice, template: &str) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((plain, after)) = rest.split_once('{') {
        let Some((slot, after)) = after.split_once('}') else { break };
        text.push_str(plain);
        text.push_str(&slot_text(dice, slot));
        rest = after;
    }
    text + rest
}

fn slot_text(dice: &mut Dice, slot: &str) -> String {
    match slot {
        "topic" => dice_pick(dice, TOPICS).to_owned(),
        "lang" => dice_pick(dice, LANGUAGES).to_owned(),
        "person" => dice_pick(dice, PEOPLE).to_owned(),
        "thing" => dice_pick(dice, THINGS).to_owned(),
        "n" => (2 + dice.below(97)).to_string(),
        "sentence" => dice_pick(dice, SENTENCES).to_owned(),
        "text" => {
            let count = 2 + dice.below(6);
            let sentences: Vec<_> = (0..count).map(|_| dice_pick(dice, SENTENCES)).collect();
            sentences.join(" ")
        }
        "name" => ["parse", "merge", "count_words", "sort_by_key", "fetch_all", "validate", "to_hex"]
            .get(dice.below(7))
            .map(|name| (*name).to_owned())
            .unwrap_or_default(),
        "code" => {
            ["Python", "Rust", "JavaScript", "TypeScript", "Java", "Go", "C++", "SQL", "bash", "C#", "PHP", "Swift"]
                .get(dice.below(12))
                .map(|name| (*name).to_owned())
                .unwrap_or_default()
        }
        other => format!("{{{other}}}"),
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

fn dice_pick<'a>(dice: &mut Dice, from: &[&'a str]) -> &'a str {
    // No list is empty.
    from[dice.below(from.len())]
}

/// SplitMix64, so that no library's version changes what is made.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let value = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.next() % count.max(1) as u64) as usize
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}
