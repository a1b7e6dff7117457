//! Sequences side by side with their attention and its gradient in f64: what attention's kernels are compared with.

use super::random;

/// Sequences side by side, with queries, keys, values and the gradient of the result.
#[derive(Clone)]
pub struct Batch {
    pub heads: usize,
    pub kv_heads: usize,
    pub head_dim: usize,
    pub window: usize,
    /// Each row's first row of its own sequence.
    pub segments: Vec<u32>,
    pub q: Vec<f64>,
    pub k: Vec<f64>,
    pub v: Vec<f64>,
    pub d_out: Vec<f64>,
}

/// What attention gives, and its gradients.
pub struct Gradients {
    pub q: Vec<f64>,
    pub k: Vec<f64>,
    pub v: Vec<f64>,
}

impl Batch {
    /// Sequences of these lengths.
    pub fn new(head_dim: usize, (heads, kv_heads): (usize, usize), lengths: &[usize]) -> Self {
        let mut segments = Vec::new();
        for length in lengths {
            segments.extend(vec![segments.len() as u32; *length]);
        }
        let rows = segments.len();
        let values = |seed: u64, heads: usize, scale: f64| -> Vec<f64> {
            let values = random(seed + rows as u64, rows * heads * head_dim);
            values.into_iter().map(|value| f64::from((f64::from(value) * scale) as f32)).collect()
        };
        // Scores of about the size that norms of 1 give.
        let scale = 2.5 / (head_dim as f64).sqrt().sqrt();
        Self {
            heads,
            kv_heads,
            head_dim,
            window: 0,
            q: values(1, heads, scale),
            k: values(2, kv_heads, scale),
            v: values(3, kv_heads, 1.0),
            d_out: values(4, heads, 1.0),
            segments,
        }
    }

    pub fn window(mut self, window: usize) -> Self {
        self.window = window;
        self
    }

    pub fn rows(&self) -> usize {
        self.segments.len()
    }

    pub fn head<'a>(&self, values: &'a [f64], heads: usize, row: usize, head: usize) -> &'a [f64] {
        &values[(row * heads + head) * self.head_dim..][..self.head_dim]
    }

    /// The first row that a query sees, its probabilities from there on, and the logarithm of their sum.
    pub fn probabilities(&self, row: usize, head: usize) -> (usize, Vec<f64>, f64) {
        let kv_head = head / (self.heads / self.kv_heads);
        let window = if self.window == 0 { usize::MAX } else { self.window };
        let first = (self.segments[row] as usize).max((row + 1).saturating_sub(window));
        let q = self.head(&self.q, self.heads, row, head);
        let scores: Vec<f64> =
            (first..=row).map(|key| dot(q, self.head(&self.k, self.kv_heads, key, kv_head))).collect();
        let greatest = scores.iter().copied().fold(f64::MIN, f64::max);
        let lse = greatest + scores.iter().map(|score| (score - greatest).exp()).sum::<f64>().ln();
        (first, scores.into_iter().map(|score| (score - lse).exp()).collect(), lse)
    }

    pub fn forward(&self) -> (Vec<f64>, Vec<f64>) {
        let (mut out, mut lses) = (Vec::new(), Vec::new());
        for row in 0..self.rows() {
            for head in 0..self.heads {
                let (first, probabilities, lse) = self.probabilities(row, head);
                lses.push(lse);
                let kv_head = head / (self.heads / self.kv_heads);
                out.extend((0..self.head_dim).map(|d| {
                    let terms = probabilities.iter().enumerate();
                    terms.map(|(i, p)| p * self.head(&self.v, self.kv_heads, first + i, kv_head)[d]).sum::<f64>()
                }));
            }
        }
        (out, lses)
    }

    pub fn loss(&self) -> f64 {
        dot(&self.forward().0, &self.d_out)
    }

    pub fn backward(&self) -> Gradients {
        let hd = self.head_dim;
        let mut gradients =
            Gradients { q: vec![0.0; self.q.len()], k: vec![0.0; self.k.len()], v: vec![0.0; self.v.len()] };
        for row in 0..self.rows() {
            for head in 0..self.heads {
                let kv_head = head / (self.heads / self.kv_heads);
                let (first, probabilities, _) = self.probabilities(row, head);
                let d_out = self.head(&self.d_out, self.heads, row, head);
                let by_probability: Vec<f64> = (0..probabilities.len())
                    .map(|i| dot(d_out, self.head(&self.v, self.kv_heads, first + i, kv_head)))
                    .collect();
                let mean = dot(&probabilities, &by_probability);
                for (i, p) in probabilities.iter().enumerate() {
                    let by_score = p * (by_probability[i] - mean);
                    let (q_at, k_at) = ((row * self.heads + head) * hd, ((first + i) * self.kv_heads + kv_head) * hd);
                    for (d, of_out) in d_out.iter().enumerate() {
                        gradients.q[q_at + d] += by_score * self.k[k_at + d];
                        gradients.k[k_at + d] += by_score * self.q[q_at + d];
                        gradients.v[k_at + d] += p * of_out;
                    }
                }
            }
        }
        gradients
    }
}

pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|value| *value as f32).collect()
}
