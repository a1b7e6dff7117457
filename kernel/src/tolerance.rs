//! How far a kernel's outputs may lie from a reference.

/// `|actual − expected| ≤ abs + rel · max(|expected|, rms)` for each value, where `rms` is the root mean square of all
/// expected values of the output: a value near zero among larger ones is as inexact as its neighbours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// Absolute part.
    pub abs: f64,
    /// Relative part.
    pub rel: f64,
}

/// The value of an output that uses most of its tolerance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worst {
    /// Its place in the output.
    pub index: usize,
    /// What was computed.
    pub actual: f64,
    /// What the reference says.
    pub expected: f64,
    /// Error as a share of what the tolerance allows: above 1 it is exceeded.
    pub used: f64,
}

impl Tolerance {
    /// Nothing but the same value.
    pub const EXACT: Self = Self { abs: 0.0, rel: 0.0 };

    /// A relative tolerance alone.
    pub const fn rel(rel: f64) -> Self {
        Self { abs: 0.0, rel }
    }

    /// The value that uses most of the tolerance; `None` where there are no values. A missing value counts as NaN, and
    /// NaN and infinities are within the tolerance only where the reference has the same.
    pub fn worst(self, actual: &[f64], expected: &[f64]) -> Option<Worst> {
        let squares: f64 = expected.iter().filter(|value| value.is_finite()).map(|value| value * value).sum();
        let rms = (squares / expected.len().max(1) as f64).sqrt();
        let used = |actual: f64, expected: f64| {
            if actual == expected || (actual.is_nan() && expected.is_nan()) {
                return 0.0;
            }
            let share = (actual - expected).abs() / (self.abs + self.rel * expected.abs().max(rms));
            if share.is_nan() { f64::INFINITY } else { share }
        };
        (0..actual.len().max(expected.len()))
            .map(|index| {
                let value = |values: &[f64]| values.get(index).copied().unwrap_or(f64::NAN);
                let missing = index >= actual.len() || index >= expected.len();
                let (actual, expected) = (value(actual), value(expected));
                let used = if missing { f64::INFINITY } else { used(actual, expected) };
                Worst { index, actual, expected, used }
            })
            .max_by(|a, b| a.used.total_cmp(&b.used))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(tolerance: Tolerance, actual: &[f64], expected: &[f64]) -> f64 {
        tolerance.worst(actual, expected).map_or(0.0, |worst| worst.used)
    }

    #[test]
    fn the_worst_value_is_named() {
        let worst = Tolerance::rel(0.1).worst(&[1.0, 2.5, 3.0], &[1.0, 2.0, 3.0]).expect("there are values");
        assert_eq!((worst.index, worst.actual, worst.expected), (1, 2.5, 2.0));
    }

    #[test]
    fn a_value_near_zero_is_measured_by_its_neighbours() {
        assert!(used(Tolerance::rel(1e-3), &[1e-4, 1.0, -1.0], &[0.0, 1.0, -1.0]) < 1.0);
        assert!(used(Tolerance::rel(1e-3), &[1e-2, 1.0, -1.0], &[0.0, 1.0, -1.0]) > 1.0);
    }

    #[test]
    fn what_is_not_finite_must_be_the_same() {
        assert_eq!(used(Tolerance::rel(1.0), &[f64::NAN], &[1.0]), f64::INFINITY);
        assert_eq!(used(Tolerance::rel(1.0), &[f64::INFINITY], &[f64::INFINITY]), 0.0);
        assert_eq!(used(Tolerance::rel(1.0), &[1.0], &[f64::INFINITY]), f64::INFINITY);
    }

    #[test]
    fn a_missing_value_exceeds_every_tolerance() {
        assert_eq!(used(Tolerance::rel(1.0), &[1.0], &[1.0, 1.0]), f64::INFINITY);
    }

    #[test]
    fn exact_means_the_same_value() {
        assert_eq!(used(Tolerance::EXACT, &[2.0], &[2.0]), 0.0);
        assert!(used(Tolerance::EXACT, &[2.0], &[2.0 + 1e-12]) > 1.0);
    }
}
