//! The subnet's public score, to be computed beside the chain (`GroundTruthTagSimilarityScoringMechanism`, March 2026): a
//! proxy, because the validator has ground truth and embeddings of its own. Pure.

use std::collections::HashSet;

/// A tag of an answer with its embedding; none if the validator could not embed it.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredTag {
    /// The tag.
    pub tag: String,
    /// Its embedding.
    pub vector: Option<Vec<f64>>,
}

/// Fewer tags score nothing.
const LEAST_TAGS: usize = 3;
/// The reference stops after this many more than one.
const MOST_TAGS: usize = 21;

/// Scores an answer's tags, from 0 to 1 in practice.
///
/// `truth` has the tags that the validator found in the whole conversation, with their embeddings. Tags are scored in the order
/// given; the reference takes them in an order of chance, which matters only above its maximum.
#[must_use]
pub fn score(truth: &[ScoredTag], answer: &[ScoredTag]) -> f64 {
    let mut seen = HashSet::new();
    let distinct: Vec<&ScoredTag> = answer.iter().filter(|tag| seen.insert(tag.tag.as_str())).collect();
    if answer.len() < LEAST_TAGS {
        return 0.0;
    }
    let known: HashSet<&str> = truth.iter().map(|tag| tag.tag.as_str()).collect();
    let neighborhood = mean_vector(truth);
    let (mut all, mut unique) = (Vec::new(), Vec::new());
    for tag in distinct.iter().take(MOST_TAGS) {
        let similarity = tag.vector.as_deref().map_or(0.0, |vector| cosine(&neighborhood, vector));
        all.push(similarity);
        if !known.contains(tag.tag.as_str()) {
            unique.push(similarity);
        }
    }
    all.sort_by(f64::total_cmp);
    unique.sort_by(f64::total_cmp);
    let max = all.last().copied().unwrap_or(0.0);
    let adjusted = 0.55 * top_three_mean(&unique) + 0.1 * median(&all) + 0.25 * mean(&all) + 0.1 * max;
    let unique_tags = distinct.iter().filter(|tag| !known.contains(tag.tag.as_str())).count();
    adjusted * penalty(distinct.len(), unique_tags, max)
}

fn penalty(tags: usize, unique: usize, max: f64) -> f64 {
    let mut factor = 1.0;
    if tags == unique {
        factor *= 0.9;
    }
    if max < 0.2 {
        factor *= 0.5;
    }
    if tags < 2 {
        factor *= 0.2;
    }
    factor
        * match unique {
            0 => 0.85,
            1 => 0.9,
            2 => 0.95,
            _ => 1.0,
        }
}

/// Fewer than three count as if the rest were nothing.
fn top_three_mean(sorted: &[f64]) -> f64 {
    sorted.iter().rev().take(3).sum::<f64>() / 3.0
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    let at = |index: usize| sorted.get(index).copied().unwrap_or(0.0);
    if sorted.len() % 2 == 1 { at(middle) } else { (at(middle.saturating_sub(1)) + at(middle)) / 2.0 }
}

fn mean_vector(tags: &[ScoredTag]) -> Vec<f64> {
    let vectors: Vec<&[f64]> = tags.iter().filter_map(|tag| tag.vector.as_deref()).collect();
    let width = vectors.first().map_or(0, |vector| vector.len());
    let column = |index| vectors.iter().filter_map(|vector| vector.get(index)).sum::<f64>() / vectors.len() as f64;
    (0..width).map(column).collect()
}

/// Nothing where one of them has no direction, as the reference makes of it.
fn cosine(one: &[f64], other: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let similarity = dot(one, other) / (dot(one, one).sqrt() * dot(other, other).sqrt());
    if similarity.is_finite() { similarity } else { 0.0 }
}
