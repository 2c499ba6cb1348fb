//! The linear model: its weights are a file that `cargo run --example train-classifier` writes.

use std::sync::LazyLock;

use common::strategy::TaskClass;

use super::features::{BUCKETS, Features};

/// The classes that the model tells apart; the order is that of the file.
pub const CLASSES: [TaskClass; 12] = [
    TaskClass::Code,
    TaskClass::Math,
    TaskClass::Logic,
    TaskClass::MultipleChoice,
    TaskClass::Translation,
    TaskClass::Summary,
    TaskClass::Structured,
    TaskClass::Question,
    TaskClass::Creative,
    TaskClass::Rewrite,
    TaskClass::Labelling,
    TaskClass::Chat,
];

const CLASS_COUNT: usize = CLASSES.len();
/// What a file begins with.
const MAGIC: &[u8; 8] = b"taskcls1";
/// The scale and a bias for each class, four bytes each.
const HEADER: usize = MAGIC.len() + 4 * (1 + CLASS_COUNT);

/// A file with one signed byte for each bucket and class.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    scale: f32,
    biases: [f32; CLASS_COUNT],
    weights: Vec<[i8; CLASS_COUNT]>,
}

/// The bytes are no model of this program.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a file of weights for {CLASS_COUNT} classes and {BUCKETS} buckets")]
pub struct ModelError;

impl Model {
    /// Returns the model that is shipped with the program.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test reads the very file that is compiled in")]
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Model> = LazyLock::new(|| {
            Model::parse(include_bytes!("../../data/class-weights.bin")).expect("the shipped weights are valid")
        });
        &SHIPPED
    }

    /// Makes a model of weights as they were learnt: one for each bucket and class, and a bias for each class.
    #[must_use]
    pub fn quantised(weights: &[[f32; CLASS_COUNT]], biases: [f32; CLASS_COUNT]) -> Self {
        let largest = weights.iter().flatten().fold(f32::MIN_POSITIVE, |most, weight| most.max(weight.abs()));
        let scale = largest / f32::from(i8::MAX);
        // Within the range by the choice of the scale.
        let weights = weights.iter().map(|row| row.map(|weight| (weight / scale).round() as i8)).collect();
        Self { scale, biases, weights }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It is not one that [`Model::to_bytes`] wrote.
    pub fn parse(bytes: &[u8]) -> Result<Self, ModelError> {
        if bytes.len() != HEADER + BUCKETS * CLASS_COUNT || !bytes.starts_with(MAGIC) {
            return Err(ModelError);
        }
        let (header, body) = bytes.split_at(HEADER);
        let mut numbers = header.iter().skip(MAGIC.len()).copied().collect::<Vec<u8>>().into_iter();
        let mut number = || {
            let bytes = [(); 4].map(|()| numbers.next().unwrap_or(0));
            f32::from_le_bytes(bytes)
        };
        let scale = number();
        let biases = [(); CLASS_COUNT].map(|()| number());
        let (rows, _) = body.as_chunks::<CLASS_COUNT>();
        let weights = rows.iter().map(|row| row.map(u8::cast_signed)).collect();
        Ok(Self { scale, biases, weights })
    }

    /// Writes a file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.scale.to_le_bytes());
        bytes.extend(self.biases.iter().flat_map(|bias| bias.to_le_bytes()));
        bytes.extend(self.weights.iter().flatten().map(|weight| weight.cast_unsigned()));
        bytes
    }

    /// Returns the likeliest class and its probability as the model sees it.
    #[must_use]
    pub fn classify(&self, features: &Features) -> (TaskClass, f32) {
        let (body, edge) = (self.sum(&features.body), self.sum(&features.edge));
        let (body_norm, edge_norm) = (norm(features.body.len()), norm(features.edge.len()));
        let mut best = (TaskClass::Unknown, f32::MIN);
        let mut scores = [0.0; CLASS_COUNT];
        for ((((score, bias), body), edge), class) in
            scores.iter_mut().zip(self.biases).zip(body).zip(edge).zip(CLASSES)
        {
            *score = bias + self.scale * (body as f32 * body_norm + edge as f32 * edge_norm);
            if *score > best.1 {
                best = (class, *score);
            }
        }
        let total: f32 = scores.iter().map(|score| (score - best.1).exp()).sum();
        (best.0, 1.0 / total)
    }

    fn sum(&self, buckets: &[u16]) -> [i32; CLASS_COUNT] {
        let mut sum = [0; CLASS_COUNT];
        for row in buckets.iter().filter_map(|bucket| self.weights.get(usize::from(*bucket))) {
            for (sum, weight) in sum.iter_mut().zip(row) {
                *sum += i32::from(*weight);
            }
        }
        sum
    }
}

/// What each feature of a text with so many of them counts.
pub(crate) fn norm(count: usize) -> f32 {
    1.0 / (count.max(1) as f32).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_weights_can_be_read() {
        let bytes = include_bytes!("../../data/class-weights.bin");

        assert_eq!(Model::parse(bytes).unwrap().to_bytes(), bytes);
        assert!(bytes.len() < 200 * 1024);
    }

    #[test]
    fn bytes_of_another_kind_are_refused() {
        let good = Model::quantised(&vec![[0.0; CLASS_COUNT]; BUCKETS], [0.0; CLASS_COUNT]).to_bytes();
        let mut wrong = good.clone();
        wrong[0] ^= 1;

        assert!(Model::parse(&good).is_ok());
        for bytes in [&good[1..], &[], &wrong] {
            assert_eq!(Model::parse(bytes), Err(ModelError));
        }
    }

    #[test]
    fn the_class_with_the_largest_weight_wins() {
        let mut weights = vec![[0.0; CLASS_COUNT]; BUCKETS];
        for bucket in Features::of("sing").body {
            weights[usize::from(bucket)][8] = 3.0;
        }
        let model = Model::quantised(&weights, [0.0; CLASS_COUNT]);

        let (class, confidence) = model.classify(&Features::of("sing"));

        assert_eq!(class, TaskClass::Creative);
        assert!(confidence > 0.5, "{confidence}");
    }
}
