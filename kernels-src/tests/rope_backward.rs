//! The way back through rotation and head norms against central differences in f64.

mod common;

use common::{assert_close, cpu, gpu, random, read, upload};
use kernel::dispatch::{Device, Recorder};
use kernels_src::reduce::{Reduce, Tree};
use kernels_src::rope::{QkNormRopeParams, RopeTable};
use kernels_src::rope_backward::qk_norm_rope_backward;

const HD: usize = 32;
const HEADS: usize = 3;
const ROWS: usize = 4;
const PAIRS: usize = 5;
const EPS: f64 = 1e-3;

struct Case {
    qkv: Vec<f32>,
    q_norm: Vec<f32>,
    k_norm: Vec<f32>,
    dq: Vec<f32>,
    dk: Vec<f32>,
    dv: Vec<f32>,
    kv_heads: usize,
    /// Whether values are the raw keys.
    tied: bool,
}

impl Case {
    fn new(kv_heads: usize, tied: bool) -> Self {
        let of = |seed, heads: usize| random(seed, ROWS * heads * HD);
        let width = HEADS + kv_heads * if tied { 1 } else { 2 };
        Self {
            qkv: of(1, width),
            q_norm: random(2, HD),
            k_norm: random(3, HD),
            dq: of(4, HEADS),
            dk: of(5, kv_heads.max(1)),
            dv: of(6, kv_heads.max(1)),
            kv_heads,
            tied,
        }
    }

    fn stride(&self) -> usize {
        self.qkv.len() / ROWS
    }

    fn v_at(&self) -> usize {
        (HEADS + if self.tied { 0 } else { self.kv_heads }) * HD
    }

    /// A head normed, weighted and turned to its position.
    fn turned(x: &[f64], w: Option<&[f32]>, row: usize, turns: bool) -> Vec<f64> {
        let scale = (x.iter().map(|value| value * value).sum::<f64>() / HD as f64 + EPS).powf(-0.5);
        let mut y: Vec<f64> = (0..HD).map(|i| x[i] * scale * w.map_or(1.0, |w| f64::from(w[i]))).collect();
        for pair in 0..if turns { PAIRS } else { 0 } {
            let (sin, cos) = (row as f64 * 1e4f64.powf(-2.0 * pair as f64 / HD as f64)).sin_cos();
            let (low, high) = (y[pair], y[pair + HD / 2]);
            (y[pair], y[pair + HD / 2]) = (low * cos - high * sin, high * cos + low * sin);
        }
        y
    }

    /// `Σ dq·q + dk·k + dv·v` of one row's projections.
    fn objective(&self, row: usize, qkv: &[f64]) -> f64 {
        let dot = |y: Vec<f64>, d: &[f32]| y.iter().zip(d).map(|(y, d)| y * f64::from(*d)).sum::<f64>();
        let mut sum = 0.0;
        for head in 0..HEADS {
            let q = Self::turned(&qkv[head * HD..][..HD], Some(&self.q_norm), row, true);
            sum += dot(q, &self.dq[(row * HEADS + head) * HD..][..HD]);
        }
        for head in 0..self.kv_heads {
            let at = (row * self.kv_heads + head) * HD;
            let k = Self::turned(&qkv[(HEADS + head) * HD..][..HD], Some(&self.k_norm), row, true);
            let v = Self::turned(&qkv[self.v_at() + head * HD..][..HD], None, row, false);
            sum += dot(k, &self.dk[at..][..HD]) + dot(v, &self.dv[at..][..HD]);
        }
        sum
    }

    fn expected(&self) -> Vec<f64> {
        let mut gradient = Vec::new();
        for (row, x) in self.qkv.chunks(self.stride()).enumerate() {
            let x: Vec<f64> = x.iter().map(|value| f64::from(*value)).collect();
            for i in 0..x.len() {
                let moved = |step: f64| {
                    let mut x = x.clone();
                    x[i] += step;
                    self.objective(row, &x)
                };
                gradient.push((moved(1e-5) - moved(-1e-5)) / 2e-5);
            }
        }
        gradient
    }

    fn actual<R: Reduce>(&self, device: &Device) -> Vec<f32> {
        let factors: Vec<f32> = (0..HD / 2).map(|pair| if pair < PAIRS { 1.0 } else { 1e30 }).collect();
        let turns = RopeTable::new(1e4, HD as u32, Some(&factors), ROWS as u32);
        let up = |values: &[f32]| upload(device, values);
        let mut d_qkv = up(&vec![f32::NAN; self.qkv.len()]);
        let params = QkNormRopeParams {
            rows: ROWS as u32,
            heads: HEADS as u32,
            kv_heads: self.kv_heads as u32,
            pairs: turns.pairs,
            ring: ROWS as u32,
            stride: self.stride() as u32,
            k_at: (HEADS * HD) as u32,
            v_at: self.v_at() as u32,
            eps: EPS as f32,
        };
        let args = qk_norm_rope_backward::Args {
            qkv: &up(&self.qkv),
            q_norm: &up(&self.q_norm),
            k_norm: &up(&self.k_norm),
            table: &upload(device, &turns.entries),
            dq: &up(&self.dq),
            dk: &up(&self.dk),
            dv: &up(&self.dv),
            d_qkv: &mut d_qkv,
        };
        let mut recorder = Recorder::new(device, "backward");
        qk_norm_rope_backward::Kernel::<R, { HD as u32 }>::dispatch(&mut recorder, params, args).unwrap();
        recorder.run().unwrap();
        read(device, &d_qkv)
    }
}

fn check(kv_heads: usize, tied: bool) {
    let case = Case::new(kv_heads, tied);
    let expected = case.expected();
    assert_close("on the CPU", &case.actual::<Tree<1>>(&cpu()), &expected, 1e-5);
    if let Some(gpu) = gpu() {
        assert_close("on the GPU", &case.actual::<Tree<64>>(&gpu), &expected, 1e-5);
    }
}

#[test]
fn heads_of_queries_keys_and_values_go_back_to_their_projections() {
    check(2, false);
}

#[test]
fn keys_that_are_values_too_get_both_gradients() {
    check(1, true);
}

#[test]
fn a_layer_without_keys_of_its_own_has_only_queries() {
    // Stands for equal offsets: a layer that shares has neither.
    check(0, true);
}
