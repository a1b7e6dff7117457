//! The loss over pieces of a vocabulary, and the gradient of the head's input, against f64.

mod common;

use common::{assert_close, cpu, gpu, random, read, upload};
use kernel::dispatch::{Device, Recorder};
use kernel::types::Vec2;
use kernels_src::cross_entropy::{
    CrossEntropyParams, CrossEntropyPieceParams, ScaleRowsParams, cross_entropy, cross_entropy_backward,
    cross_entropy_piece, scale_rows,
};
use kernels_src::elementwise::{Map, Scale, Softcap};
use kernels_src::reduce::{Reduce, Tree};

const ROWS: usize = 3;
const HIDDEN: usize = 5;
const VOCAB: usize = 700;
/// The last piece is shorter, and targets lie in the first, a middle and the last one.
const PIECE: usize = 300;
const TARGETS: [u32; ROWS] = [7, 450, 699];
const WEIGHTS: [f32; ROWS] = [0.25, 0.5, 0.0];

struct Head {
    x: Vec<f32>,
    table: Vec<f32>,
    cap: Option<f64>,
}

impl Head {
    fn new(cap: Option<f64>) -> Self {
        let x = random(1, ROWS * HIDDEN).iter().map(|value| value * 12.0).collect();
        Self { x, table: random(2, VOCAB * HIDDEN), cap }
    }

    fn product(&self, row: usize, token: usize) -> f64 {
        (0..HIDDEN).map(|i| f64::from(self.x[row * HIDDEN + i]) * f64::from(self.table[token * HIDDEN + i])).sum()
    }

    fn logit(&self, product: f64) -> f64 {
        self.cap.map_or(product, |cap| cap * (product / cap).tanh())
    }

    fn slope(&self, product: f64) -> f64 {
        self.cap.map_or(1.0, |cap| 1.0 - (product / cap).tanh().powi(2))
    }

    /// The row's probabilities and loss.
    fn softmax(&self, row: usize) -> (Vec<f64>, f64) {
        let exps: Vec<f64> = (0..VOCAB).map(|token| self.logit(self.product(row, token)).exp()).collect();
        let sum: f64 = exps.iter().sum();
        let loss = sum.ln() - self.logit(self.product(row, TARGETS[row] as usize));
        (exps.iter().map(|value| value / sum).collect(), loss)
    }

    fn gradient(&self) -> Vec<f64> {
        let mut dx = vec![0.0; ROWS * HIDDEN];
        for row in 0..ROWS {
            let (p, _) = self.softmax(row);
            for (token, p) in p.iter().enumerate() {
                let by_logit = p - f64::from(u8::from(token as u32 == TARGETS[row]));
                let by_product = f64::from(WEIGHTS[row]) * by_logit * self.slope(self.product(row, token));
                for i in 0..HIDDEN {
                    dx[row * HIDDEN + i] += by_product * f64::from(self.table[token * HIDDEN + i]);
                }
            }
        }
        dx
    }
}

/// Losses, hits and the gradient by the kernels, a piece at a time.
fn by_pieces<M: Map, R: Reduce>(device: &Device, head: &Head, factor: f32) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let targets = upload(device, &TARGETS);
    let mut running = upload(device, &[Vec2::new(f32::NAN, f32::NAN); ROWS]);
    let (mut faded, mut products) = (upload(device, &[f32::NAN; ROWS]), upload(device, &[f32::NAN; ROWS]));
    let mut sums = upload(device, &[0.0f32; ROWS * HIDDEN]);
    for first in (0..VOCAB).step_by(PIECE) {
        let n = PIECE.min(VOCAB - first);
        let of_piece: Vec<f32> =
            (0..ROWS).flat_map(|row| (first..first + n).map(move |token| head.product(row, token) as f32)).collect();
        let mut logits = upload(device, &of_piece);
        let params = CrossEntropyPieceParams { rows: ROWS as u32, n: n as u32, first: first as u32, factor };
        let mut recorder = Recorder::new(device, "piece");
        let args = cross_entropy_piece::Args {
            targets: &targets,
            logits: &mut logits,
            running: &mut running,
            faded: &mut faded,
            target_products: &mut products,
        };
        cross_entropy_piece::Kernel::<M, R, true>::dispatch(&mut recorder, params, args).unwrap();
        let params = ScaleRowsParams { rows: ROWS as u32, n: HIDDEN as u32 };
        scale_rows::Kernel::<256>::dispatch(&mut recorder, params, scale_rows::Args { factors: &faded, x: &mut sums })
            .unwrap();
        recorder.run().unwrap();
        let weights = read(device, &logits);
        let mut so_far = read(device, &sums);
        for row in 0..ROWS {
            for i in 0..HIDDEN {
                let of_piece = (0..n).map(|at| weights[row * n + at] * head.table[(first + at) * HIDDEN + i]);
                so_far[row * HIDDEN + i] += of_piece.sum::<f32>();
            }
        }
        sums = upload(device, &so_far);
    }
    let weights = upload(device, &WEIGHTS);
    let rows: Vec<f32> =
        TARGETS.iter().flat_map(|target| head.table[*target as usize * HIDDEN..][..HIDDEN].to_vec()).collect();
    let target_rows = upload(device, &rows);
    let mut losses = upload(device, &[Vec2::new(0.0f32, 0.0); ROWS]);
    let mut dx = upload(device, &[0.0f32; ROWS * HIDDEN]);
    let params = CrossEntropyParams { rows: ROWS as u32, n: HIDDEN as u32, factor };
    let mut recorder = Recorder::new(device, "loss");
    let args =
        cross_entropy::Args { running: &running, target_products: &products, weights: &weights, losses: &mut losses };
    cross_entropy::Kernel::<M, 256>::dispatch(&mut recorder, params, args).unwrap();
    let args = cross_entropy_backward::Args {
        running: &running,
        target_products: &products,
        weights: &weights,
        sums: &sums,
        target_rows: &target_rows,
        dx: &mut dx,
    };
    cross_entropy_backward::Kernel::<M, 256>::dispatch(&mut recorder, params, args).unwrap();
    recorder.run().unwrap();
    let losses = read(device, &losses);
    (losses.iter().map(|loss| loss.x).collect(), losses.iter().map(|loss| loss.y).collect(), read(device, &dx))
}

fn check<M: Map, R: Reduce>(device: &Device, cap: Option<f64>) {
    let head = Head::new(cap);
    let (losses, _, dx) = by_pieces::<M, R>(device, &head, cap.unwrap_or(1.0) as f32);
    let expected: Vec<f64> = (0..ROWS).map(|row| f64::from(WEIGHTS[row]) * head.softmax(row).1).collect();
    assert_close("losses", &losses, &expected, 1e-5);
    assert_close("gradient", &dx, &head.gradient(), 2e-5);
}

#[test]
fn losses_and_gradients_over_pieces_are_those_of_the_whole_vocabulary() {
    for cap in [None, Some(3.0)] {
        match cap {
            None => check::<Scale, Tree<1>>(&cpu(), cap),
            Some(_) => check::<Softcap, Tree<1>>(&cpu(), cap),
        }
        if let Some(gpu) = gpu() {
            match cap {
                None => check::<Scale, Tree<256>>(&gpu, cap),
                Some(_) => check::<Softcap, Tree<256>>(&gpu, cap),
            }
        }
    }
}

#[test]
fn a_target_whose_logit_none_exceeds_is_a_hit() {
    let mut head = Head::new(None);
    // Row 1's target points along its input, as no other row of the table does.
    for i in 0..HIDDEN {
        head.table[TARGETS[1] as usize * HIDDEN + i] = head.x[HIDDEN + i];
    }
    let (_, hits, _) = by_pieces::<Scale, Tree<1>>(&cpu(), &head, 1.0);
    let best = |row: usize| (0..VOCAB).max_by(|a, b| head.product(row, *a).total_cmp(&head.product(row, *b))).unwrap();
    let expected: Vec<f32> = (0..ROWS).map(|row| f32::from(u8::from(best(row) == TARGETS[row] as usize))).collect();
    assert_eq!(hits, expected);
    assert_eq!(hits[1], 1.0);
}
