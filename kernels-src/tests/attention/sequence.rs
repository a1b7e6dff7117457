//! One layer's attention over a growing sequence: on a device, and in f64.

use kernel::dispatch::{Buffer, Device, Recorder};
use kernel::prelude::{Vec2, Vec4};
use kernels_src::attention::decode::{
    AttendCombineParams, AttendDecodeParams, attend_combine, attend_decode, partial_vectors,
};
use kernels_src::attention::kv::{KvFormat, cache_words};
use kernels_src::attention::prefill::{AttendPrefillParams, attend_prefill};
use kernels_src::reduce::{Subgroups, Tree};
use kernels_src::rope::{QkNormRopeParams, RopeTable, qk_norm_rope};

use crate::common::{random, read, upload};

pub const EPS: f32 = 1e-6;

/// A layer's shape, its weights and the raw projections of `len` positions.
pub struct Layer {
    pub heads: u32,
    pub kv_heads: u32,
    pub head_dim: u32,
    pub window: u32,
    pub ring: u32,
    pub v_is_k: bool,
    pub q_norm: Vec<f32>,
    pub k_norm: Vec<f32>,
    pub base: f64,
    pub factors: Option<Vec<f32>>,
    /// Positions before the first: the sequence starts here.
    pub origin: u32,
    pub raw: Vec<f32>,
}

impl Layer {
    pub fn new(head_dim: u32, (heads, kv_heads): (u32, u32), len: u32) -> Self {
        let weight = |seed| random(seed, head_dim as usize).iter().map(|w| 0.5 + 0.2 * w).collect();
        Self {
            heads,
            kv_heads,
            head_dim,
            window: 0,
            ring: len,
            v_is_k: false,
            q_norm: weight(11),
            k_norm: weight(12),
            base: 1e4,
            factors: None,
            origin: 0,
            raw: random(u64::from(head_dim + len), (len * (heads + 2 * kv_heads) * head_dim) as usize),
        }
    }

    pub fn window(mut self, window: u32, ring: u32) -> Self {
        (self.window, self.ring) = (window, ring);
        self
    }

    /// Values are the keys' projections, and a quarter of the pairs rotate, as on full layers.
    pub fn full(mut self) -> Self {
        self.v_is_k = true;
        self.base = 1e6;
        let half = self.head_dim as usize / 2;
        self.factors = Some((0..half).map(|pair| if pair < half / 4 { 1.0 } else { 1e30 }).collect());
        self
    }

    pub fn stride(&self) -> u32 {
        (self.heads + 2 * self.kv_heads) * self.head_dim
    }

    pub fn k_at(&self) -> u32 {
        self.heads * self.head_dim
    }

    pub fn v_at(&self) -> u32 {
        if self.v_is_k { self.k_at() } else { (self.heads + self.kv_heads) * self.head_dim }
    }

    pub fn len(&self) -> u32 {
        self.raw.len() as u32 / self.stride()
    }

    pub fn rows(&self, first: u32, rows: u32) -> &[f32] {
        &self.raw[(first * self.stride()) as usize..((first + rows) * self.stride()) as usize]
    }

    fn head(&self, row: u32, at: u32, weight: Option<&[f32]>, turned: bool) -> Vec<f64> {
        let hd = self.head_dim as usize;
        let x: Vec<f64> = self.raw[(row * self.stride() + at) as usize..][..hd].iter().map(|v| f64::from(*v)).collect();
        let scale = 1.0 / (x.iter().map(|v| v * v).sum::<f64>() / hd as f64 + f64::from(EPS)).sqrt();
        let x: Vec<f64> = (0..hd).map(|i| x[i] * scale * weight.map_or(1.0, |w| f64::from(w[i]))).collect();
        if turned { turned_head(&x, self.base, self.factors.as_deref(), self.origin + row) } else { x }
    }

    pub fn query(&self, row: u32, head: u32) -> Vec<f64> {
        self.head(row, head * self.head_dim, Some(&self.q_norm), true)
    }

    pub fn key(&self, row: u32, head: u32) -> Vec<f64> {
        self.head(row, self.k_at() + head * self.head_dim, Some(&self.k_norm), true)
    }

    pub fn value(&self, row: u32, head: u32) -> Vec<f64> {
        self.head(row, self.v_at() + head * self.head_dim, None, false)
    }

    /// The attention's output for rows `first..first + rows`, with keys and values rounded as the cache does.
    pub fn attend<K: Rounds>(&self, first: u32, rows: u32) -> Vec<f64> {
        let rounded = |rows: Vec<f64>| rows.into_iter().map(K::round).collect::<Vec<f64>>();
        let mut out = Vec::new();
        for kv_head in 0..self.kv_heads {
            let keys: Vec<_> = (0..first + rows).map(|row| rounded(self.key(row, kv_head))).collect();
            let values: Vec<_> = (0..first + rows).map(|row| rounded(self.value(row, kv_head))).collect();
            let group = self.heads / self.kv_heads;
            out.push((keys, values, kv_head * group..(kv_head + 1) * group));
        }
        (first..first + rows)
            .flat_map(|row| {
                out.iter().flat_map(move |(keys, values, heads)| {
                    heads.clone().flat_map(move |head| {
                        let q = self.query(row, head);
                        let oldest = if self.window > 0 { (row + 1).saturating_sub(self.window) } else { 0 };
                        let scores: Vec<f64> = (oldest..=row)
                            .map(|key| q.iter().zip(&keys[key as usize]).map(|(a, b)| a * b).sum())
                            .collect();
                        let greatest = scores.iter().copied().fold(f64::MIN, f64::max);
                        let weights: Vec<f64> = scores.iter().map(|score| (score - greatest).exp()).collect();
                        let sum: f64 = weights.iter().sum();
                        (0..self.head_dim as usize).map(move |d| {
                            let values = values[oldest as usize..].iter().zip(&weights);
                            values.map(|(value, weight)| value[d] * weight).sum::<f64>() / sum
                        })
                    })
                })
            })
            .collect()
    }
}

/// A head rotated to a position, in f64.
pub fn turned_head(x: &[f64], base: f64, factors: Option<&[f32]>, position: u32) -> Vec<f64> {
    let half = x.len() / 2;
    let mut turned = x.to_vec();
    for pair in 0..half {
        let factor = factors.map_or(1.0, |factors| f64::from(factors[pair]));
        let angle = f64::from(position) * base.powf(-(pair as f64) / half as f64) / factor;
        let (sin, cos) = angle.sin_cos();
        turned[pair] = x[pair] * cos - x[pair + half] * sin;
        turned[pair + half] = x[pair + half] * cos + x[pair] * sin;
    }
    turned
}

/// What a cache format does to a value, and how close an output can then be.
pub trait Rounds: KvFormat {
    const TOLERANCE: f64;
    fn round(value: f64) -> f64;
}

impl Rounds for kernels_src::attention::kv::KvF32 {
    const TOLERANCE: f64 = 5e-6;
    fn round(value: f64) -> f64 {
        value
    }
}

impl Rounds for kernels_src::attention::kv::KvF16 {
    // A value next to the middle of two halves may round either way.
    const TOLERANCE: f64 = 3e-4;
    fn round(value: f64) -> f64 {
        let word = kernel::builtins::pack2x16float(Vec2::new(value as f32, 0.0));
        f64::from(kernel::builtins::unpack2x16float(word).x)
    }
}

/// The variants of one head dimension and workgroup width.
pub trait Shape {
    const HEAD_DIM: u32;
    const SUBGROUPS: bool;
    fn norm_rope<K: KvFormat>(recorder: &mut Recorder, params: QkNormRopeParams, args: qk_norm_rope::Args<'_>);
    fn prefill<K: KvFormat>(recorder: &mut Recorder, params: AttendPrefillParams, args: attend_prefill::Args<'_>);
    fn decode<K: KvFormat>(
        recorder: &mut Recorder,
        owns: bool,
        params: AttendDecodeParams,
        args: attend_decode::Args<'_>,
    );
    fn combine(recorder: &mut Recorder, params: AttendCombineParams, args: attend_combine::Args<'_>);
}

macro_rules! shapes {
    ($($name:ident: $hd:literal, $norm:ty, $tile:literal, $acc:literal, $decode:ty, $decode_acc:literal, $combine:literal, $subgroups:literal;)*) => {$(
        pub struct $name;
        impl Shape for $name {
            const HEAD_DIM: u32 = $hd;
            const SUBGROUPS: bool = $subgroups;
            fn norm_rope<K: KvFormat>(recorder: &mut Recorder, params: QkNormRopeParams, args: qk_norm_rope::Args<'_>) {
                qk_norm_rope::Kernel::<K, $norm, $hd>::dispatch(recorder, params, args).unwrap();
            }
            fn prefill<K: KvFormat>(recorder: &mut Recorder, params: AttendPrefillParams, args: attend_prefill::Args<'_>) {
                attend_prefill::Kernel::<K, $hd, $tile, $acc>::dispatch(recorder, params, args).unwrap();
            }
            fn decode<K: KvFormat>(recorder: &mut Recorder, owns: bool, params: AttendDecodeParams, args: attend_decode::Args<'_>) {
                if owns {
                    attend_decode::Kernel::<K, $decode, $hd, $decode_acc, true>::dispatch(recorder, params, args).unwrap();
                } else {
                    attend_decode::Kernel::<K, $decode, $hd, $decode_acc, false>::dispatch(recorder, params, args).unwrap();
                }
            }
            fn combine(recorder: &mut Recorder, params: AttendCombineParams, args: attend_combine::Args<'_>) {
                attend_combine::Kernel::<$combine>::dispatch(recorder, params, args).unwrap();
            }
        }
    )*};
}

shapes! {
    Tree32: 32, Tree<64>, 32, 8, Tree<128>, 2, 64, false;
    Tree64: 64, Tree<64>, 32, 8, Tree<128>, 2, 64, false;
    Tree128: 128, Tree<64>, 64, 8, Tree<128>, 2, 64, false;
    Tree256: 256, Tree<64>, 128, 8, Tree<128>, 2, 64, false;
    Tree512: 512, Tree<64>, 256, 8, Tree<128>, 2, 64, false;
    Sub64: 64, Subgroups<64>, 32, 8, Subgroups<128>, 2, 64, true;
    Sub256: 256, Subgroups<64>, 128, 8, Subgroups<128>, 2, 64, true;
    Sub512: 512, Subgroups<64>, 256, 8, Subgroups<128>, 2, 64, true;
    One32: 32, Tree<1>, 1, 128, Tree<1>, 8, 1, false;
    One64: 64, Tree<1>, 1, 256, Tree<1>, 16, 1, false;
    One256: 256, Tree<1>, 1, 1024, Tree<1>, 64, 1, false;
    One512: 512, Tree<1>, 1, 2048, Tree<1>, 128, 1, false;
}

/// The layer's caches on a device, and the kernels of a shape.
pub struct Sequence<'a> {
    pub layer: &'a Layer,
    pub device: &'a Device,
    pub k_cache: Buffer<Vec4<u32>>,
    pub v_cache: Buffer<Vec4<u32>>,
    q_norm: Buffer<f32>,
    k_norm: Buffer<f32>,
    table: Buffer<Vec2<f32>>,
    pairs: u32,
}

impl<'a> Sequence<'a> {
    pub fn new<K: KvFormat>(device: &'a Device, layer: &'a Layer) -> Self {
        let table = RopeTable::new(layer.base, layer.head_dim, layer.factors.as_deref(), layer.origin + layer.len());
        // NaN where nothing was written yet.
        let words = cache_words::<K>(layer.ring, layer.kv_heads, layer.head_dim);
        let empty = vec![Vec4::splat(u32::MAX); words];
        Self {
            layer,
            device,
            k_cache: upload(device, &empty),
            v_cache: upload(device, &empty),
            q_norm: upload(device, &layer.q_norm),
            k_norm: upload(device, &layer.k_norm),
            table: upload(device, &table.entries),
            pairs: table.pairs,
        }
    }

    /// Runs rows `first..first + rows` at once: the queries and the attention's output.
    pub fn prefill<S: Shape, K: KvFormat>(&mut self, first: u32, rows: u32) -> (Vec<f32>, Vec<f32>) {
        let (layer, device) = (self.layer, self.device);
        let state = upload(device, &[layer.origin + first]);
        let qkv = upload(device, layer.rows(first, rows));
        let words = (rows * layer.heads * layer.head_dim / 4) as usize;
        let mut q = upload(device, &vec![Vec4::splat(f32::NAN); words]);
        let mut out = upload(device, &vec![Vec4::splat(f32::NAN); words]);
        let mut recorder = Recorder::new(device, "prefill");
        let params = QkNormRopeParams {
            rows,
            heads: layer.heads,
            kv_heads: layer.kv_heads,
            pairs: self.pairs,
            ring: layer.ring,
            stride: layer.stride(),
            k_at: layer.k_at(),
            v_at: layer.v_at(),
            eps: EPS,
        };
        let args = qk_norm_rope::Args {
            state: &state,
            qkv: &qkv,
            q_norm: &self.q_norm,
            k_norm: &self.k_norm,
            table: &self.table,
            q: &mut q,
            k_cache: &mut self.k_cache,
            v_cache: &mut self.v_cache,
        };
        S::norm_rope::<K>(&mut recorder, params, args);
        let params = AttendPrefillParams {
            rows,
            heads: layer.heads,
            kv_heads: layer.kv_heads,
            window: layer.window,
            ring: layer.ring,
        };
        let args = attend_prefill::Args {
            state: &state,
            q: &q,
            k_cache: &self.k_cache,
            v_cache: &self.v_cache,
            out: &mut out,
        };
        S::prefill::<K>(&mut recorder, params, args);
        recorder.run().unwrap();
        (read(device, &q.cast()), read(device, &out.cast()))
    }

    /// Runs one row through the decode kernels; `owns` says whether its key and value are new.
    pub fn decode<S: Shape, K: KvFormat>(&mut self, row: u32, splits: u32, owns: bool) -> Vec<f32> {
        let (layer, device) = (self.layer, self.device);
        let state = upload(device, &[layer.origin + row]);
        let qkv = upload(device, layer.rows(row, 1));
        let vectors = partial_vectors(layer.heads, splits, layer.head_dim);
        let mut partials = upload(device, &vec![Vec4::splat(f32::NAN); vectors]);
        let mut out = upload(device, &vec![Vec4::splat(f32::NAN); (layer.heads * layer.head_dim / 4) as usize]);
        let mut recorder = Recorder::new(device, "decode");
        let params = AttendDecodeParams {
            heads: layer.heads,
            kv_heads: layer.kv_heads,
            splits,
            window: layer.window,
            ring: layer.ring,
            pairs: self.pairs,
            k_at: layer.k_at(),
            v_at: layer.v_at(),
            eps: EPS,
        };
        let args = attend_decode::Args {
            state: &state,
            qkv: &qkv,
            q_norm: &self.q_norm,
            k_norm: &self.k_norm,
            table: &self.table,
            k_cache: &mut self.k_cache,
            v_cache: &mut self.v_cache,
            out: if splits == 1 { &mut out } else { &mut partials },
        };
        S::decode::<K>(&mut recorder, owns, params, args);
        if splits > 1 {
            let params = AttendCombineParams { heads: layer.heads, splits, head_dim: layer.head_dim };
            S::combine(&mut recorder, params, attend_combine::Args { partials: &partials, out: &mut out });
        }
        recorder.run().unwrap();
        read(device, &out.cast())
    }
}
