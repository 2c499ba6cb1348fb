//! Lower triangular matrices that grow by rows, and the Cholesky factor in that form.
#![expect(clippy::indexing_slicing, reason = "every index is below a dimension that the loop or an assertion holds")]

use serde::{Deserialize, Serialize};

/// A symmetric matrix by its lower half, or a lower triangular one: row after row, so that a new last row moves nothing.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Triangle {
    /// Row `i` begins at `i * (i + 1) / 2` and has `i + 1` numbers.
    values: Vec<f64>,
}

fn start(row: usize) -> usize {
    row * (row + 1) / 2
}

impl Triangle {
    /// Returns row `i` up to the diagonal.
    pub(crate) fn row(&self, i: usize) -> &[f64] {
        &self.values[start(i)..start(i + 1)]
    }

    fn row_mut(&mut self, i: usize) -> &mut [f64] {
        &mut self.values[start(i)..start(i + 1)]
    }

    /// Appends a row of zeros that ends with `diagonal`.
    pub(crate) fn grow(&mut self, size: usize, diagonal: f64) {
        self.values.resize(start(size + 1) - 1, 0.0);
        self.values.push(diagonal);
    }

    /// Multiplies everything.
    pub(crate) fn scale(&mut self, factor: f64) {
        self.values.iter_mut().for_each(|value| *value *= factor);
    }

    /// Adds `weight * x * xᵀ` for a sparse `x` with ascending indices.
    pub(crate) fn add_square(&mut self, x: &[(usize, f64)], weight: f64) {
        for (position, &(i, xi)) in x.iter().enumerate() {
            let row = self.row_mut(i);
            for &(j, xj) in &x[..=position] {
                row[j] += weight * xi * xj;
            }
        }
    }

    /// Factors `self + diag(diagonal)` into `L * Lᵀ`.
    ///
    /// The diagonal that is added is positive and `self` a sum of squares, so that every pivot is; one that rounding
    /// made too small is held at the added diagonal.
    pub(crate) fn cholesky(&self, diagonal: &[f64]) -> Self {
        let mut factor = self.clone();
        for (i, &added) in diagonal.iter().enumerate() {
            let (done, rest) = factor.values.split_at_mut(start(i));
            let row = &mut rest[..=i];
            for j in 0..i {
                let other = &done[start(j)..start(j + 1)];
                row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
            }
            let pivot = row[i] + added - dot(&row[..i], &row[..i]);
            row[i] = pivot.max(added * 1e-9).sqrt();
        }
        factor
    }

    /// Returns the sum of the logarithms of the diagonal.
    pub(crate) fn log_diagonal(&self, size: usize) -> f64 {
        (0..size).map(|i| self.row(i)[i].ln()).sum()
    }

    /// Turns the factor of `A` into the factor of `A + x * xᵀ`.
    pub(crate) fn update(&mut self, mut x: Vec<f64>) {
        let Some(first) = x.iter().position(|&value| value != 0.0) else { return };
        let mut turns: Vec<(f64, f64)> = Vec::with_capacity(x.len() - first);
        for i in first..x.len() {
            let mut xi = x[i];
            let row = self.row_mut(i);
            for (value, &(cosine, sine)) in row[first..i].iter_mut().zip(&turns) {
                *value = (*value + sine * xi) / cosine;
                xi = cosine * xi - sine * *value;
            }
            let pivot = row[i];
            let turned = pivot.hypot(xi);
            turns.push((turned / pivot, xi / pivot));
            row[i] = turned;
            x[i] = xi;
        }
    }

    /// Solves `L * y = b` in place.
    pub(crate) fn solve_down(&self, b: &mut [f64]) {
        for i in 0..b.len() {
            let row = self.row(i);
            b[i] = (b[i] - dot(&row[..i], &b[..i])) / row[i];
        }
    }

    /// Solves `Lᵀ * x = y` in place, for `LANES` vectors at once: the matrix is read once for all of them.
    pub(crate) fn solve_up<const LANES: usize>(&self, y: &mut [[f64; LANES]]) {
        for i in (0..y.len()).rev() {
            let row = self.row(i);
            let (before, at) = y.split_at_mut(i);
            let solved = at[0].map(|value| value / row[i]);
            at[0] = solved;
            for (value, &factor) in before.iter_mut().zip(row) {
                for lane in 0..LANES {
                    value[lane] -= factor * solved[lane];
                }
            }
        }
    }
}

/// The scalar product, in four sums so that the processor need not wait for each addition.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a_four, a_rest) = a.as_chunks::<4>();
    let (b_four, b_rest) = b.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for (a, b) in a_four.iter().zip(b_four) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A matrix of squares of irregular vectors.
    fn matrix(size: usize, squares: usize) -> (Triangle, Vec<f64>) {
        let mut matrix = Triangle::default();
        for i in 0..size {
            matrix.grow(i, 0.0);
        }
        for n in 0..squares {
            let x: Vec<(usize, f64)> = (0..size).map(|i| (i, ((n * 7 + i * 3) as f64).sin())).collect();
            matrix.add_square(&x, 1.0 + n as f64);
        }
        (matrix, (0..size).map(|i| 0.5 + i as f64).collect())
    }

    fn entry(factor: &Triangle, i: usize, j: usize) -> f64 {
        (0..=i.min(j)).map(|k| factor.row(i)[k] * factor.row(j)[k]).sum()
    }

    #[test]
    fn the_factor_times_its_transpose_is_the_matrix() {
        let (matrix, diagonal) = matrix(9, 4);

        let factor = matrix.cholesky(&diagonal);

        for (i, added) in diagonal.iter().enumerate() {
            for j in 0..=i {
                let expected = matrix.row(i)[j] + if i == j { *added } else { 0.0 };
                assert!((entry(&factor, i, j) - expected).abs() < 1e-9, "{i} {j}");
            }
        }
    }

    #[test]
    fn an_updated_factor_is_the_factor_of_the_updated_matrix() {
        let (mut matrix, diagonal) = matrix(7, 3);
        let mut factor = matrix.cholesky(&diagonal);
        let x = [(2, 0.5), (3, -1.0), (6, 2.0)];

        factor.update(vec![0.0, 0.0, 0.5, -1.0, 0.0, 0.0, 2.0]);
        matrix.add_square(&x, 1.0);

        let expected = matrix.cholesky(&diagonal);
        for i in 0..7 {
            for j in 0..=i {
                assert!((factor.row(i)[j] - expected.row(i)[j]).abs() < 1e-9, "{i} {j}");
            }
        }
    }

    #[test]
    fn solving_down_and_up_solves_the_system() {
        let (matrix, diagonal) = matrix(6, 5);
        let factor = matrix.cholesky(&diagonal);
        let b: Vec<f64> = (0..6).map(|i| f64::from(i) - 2.5).collect();

        let mut solved = b.clone();
        factor.solve_down(&mut solved);
        let mut x: Vec<[f64; 1]> = solved.into_iter().map(|value| [value]).collect();
        factor.solve_up(&mut x);

        for (i, b) in b.iter().enumerate() {
            let product: f64 = (0..6).map(|j| entry(&factor, i, j) * x[j][0]).sum();
            assert!((product - b).abs() < 1e-9, "{i}");
        }
    }
}
