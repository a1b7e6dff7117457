//! The matrices, and how results are judged.

use half::f16;
use kernel::trial::random;

/// `c = a·b` with square matrices whose values are exact in f16, so that every precision gets the same ones.
pub struct Problem {
    /// Rows and columns.
    pub n: usize,
    /// In rows.
    pub a: Vec<f32>,
    /// In rows.
    pub b: Vec<f32>,
}

impl Problem {
    pub fn new(n: usize) -> Self {
        let rounded = |name| random(name, n * n, -1.0..1.0).into_iter().map(|x| f16::from_f32(x).to_f32()).collect();
        Self { n, a: rounded("a"), b: rounded("b") }
    }

    /// The matrices in f16.
    pub fn halves(values: &[f32]) -> Vec<f16> {
        values.iter().copied().map(f16::from_f32).collect()
    }

    /// Prints a line of the table: the rate, and the relative error of a sample of outputs against f64.
    pub fn report(&self, what: &str, seconds: f64, c: impl Fn(usize) -> f64) {
        const SAMPLES: usize = 512;
        let n = self.n;
        let (mut error, mut norm) = (0.0, 0.0);
        for sample in 0..SAMPLES {
            let at = sample * 2_654_435_761 % (n * n);
            let (row, column) = (at / n, at % n);
            let expected: f64 =
                (0..n).map(|k| f64::from(self.a[row * n + k]) * f64::from(self.b[k * n + column])).sum();
            error += (c(at) - expected).powi(2);
            norm += expected.powi(2);
        }
        let rate = 2.0 * (n as f64).powi(3) / seconds * 1e-12;
        println!(
            "{what:48} {:8.3} ms  {rate:7.1} TFLOP/s  relative error {:.1e}",
            seconds * 1e3,
            (error / norm).sqrt()
        );
    }
}
