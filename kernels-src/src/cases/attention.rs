//! Attention of many queries, of one, and the merge of its splits.

use kernel::dispatch::{Buffer, DispatchError};
use kernel::prelude::{Vec2, Vec4};
use kernel::trial::{Packing, Trial, random};

use super::{Scale, TOKENS, Tried};
use crate::attention::backward::{
    AttendDeltaParams, AttendSumHeadsParams, attend_backward_kv, attend_backward_q, attend_delta, attend_sum_heads,
};
use crate::attention::decode::{
    AttendCombineParams, AttendDecodeParams, attend_combine, attend_decode, partial_vectors,
};
use crate::attention::kv::{KvF16, KvF32, KvFormat};
use crate::attention::prefill::{AttendPrefillParams, attend_prefill, attend_training};
use crate::reduce::Reduce;
use crate::rope::RopeTable;

/// A format of which a cache's words can be made on the host.
pub trait Cache: KvFormat {
    /// What the words hold.
    const PACKING: Packing;
    /// The words of values, a multiple of eight of them.
    fn words(values: &[f32]) -> Vec<u32>;
}

impl Cache for KvF32 {
    const PACKING: Packing = Packing::Singles;
    fn words(values: &[f32]) -> Vec<u32> {
        values.iter().map(|value| value.to_bits()).collect()
    }
}

impl Cache for KvF16 {
    const PACKING: Packing = Packing::Halves;
    fn words(values: &[f32]) -> Vec<u32> {
        values.chunks_exact(2).map(|two| kernel::builtins::pack2x16float(Vec2::new(two[0], two[1]))).collect()
    }
}

/// The rotation's table and the pairs that rotate.
pub(super) fn table(
    trial: &mut Trial,
    head_dim: u32,
    positions: u32,
) -> Result<(Buffer<Vec2<f32>>, u32), DispatchError> {
    // Full layers, those of 512, rotate a quarter of their pairs.
    let factors: Vec<f32> = (0..head_dim / 2).map(|pair| if pair < head_dim / 8 { 1.0 } else { 1e30 }).collect();
    let turns = RopeTable::new(1e4, head_dim, (head_dim == 512).then_some(factors.as_slice()), positions);
    Ok((trial.input("table", &turns.entries)?, turns.pairs))
}

/// A cache of `slots` heads' values.
fn cache<K: Cache>(name: &str, slots: u32, head_dim: u32) -> Vec<u32> {
    K::words(&random(name, (slots * head_dim) as usize, -1.0..1.0))
}

impl<K: Cache, const HD: u32, const W: u32, const ACC: usize> Tried for attend_prefill::Kernel<K, HD, W, ACC> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        // Small: a tile and a bit of queries, and more keys than a step has, some of them outside of the window.
        let (rows, heads, position) = scale.pick((18, 2, 20), (TOKENS, 8, TOKENS));
        let window = match scale {
            Scale::Small => 35,
            // Full layers have no window.
            Scale::Typical if HD == 512 => 0,
            Scale::Typical => 512,
        };
        let (kv_heads, ring) = scale.pick((1, window + rows - 1), (1, 2 * TOKENS));
        let state = trial.input("state", &[position, 0, 0, 0, 0, 0, 0, 0])?;
        let q = trial.random("q", (rows * heads * HD) as usize)?.cast();
        let k_cache = trial.input("k_cache", &cache::<K>("k_cache", ring * kv_heads, HD))?.cast();
        let v_cache = trial.input("v_cache", &cache::<K>("v_cache", ring * kv_heads, HD))?.cast();
        let mut out = trial.output("out", (rows * heads * HD / 4) as usize)?;
        let params = AttendPrefillParams { rows, heads, kv_heads, window, ring };
        let args = attend_prefill::Args { state: &state, q: &q, k_cache: &k_cache, v_cache: &v_cache, out: &mut out };
        Self::dispatch(trial, params, args)?;
        Ok(())
    }
}

/// What attention of a training step reads.
struct Packed {
    params: AttendPrefillParams,
    segments: Buffer<u32>,
    q: Buffer<Vec4<f32>>,
    k_cache: Buffer<Vec4<u32>>,
    v_cache: Buffer<Vec4<u32>>,
    d_out: Buffer<Vec4<f32>>,
    statistics: Buffer<Vec2<f32>>,
}

/// Small: two tiles and a bit of rows, two sequences with the second longer than the window. The statistics are none
/// that belong to the scores, but keep the exponentials about 1.
fn packed<K: Cache>(trial: &mut Trial, scale: Scale, head_dim: u32) -> Result<Packed, DispatchError> {
    let (rows, heads, second) = scale.pick((35, 2, 7), (TOKENS, 8, TOKENS / 2));
    let (window, kv_heads) = (scale.pick(20, if head_dim == 512 { 0 } else { 512 }), 1);
    let ring = rows + scale.pick(1, 0);
    let segments: Vec<u32> = (0..rows).map(|row| if row < second { 0 } else { second }).collect();
    let of_rows = random("statistics", 2 * (rows * heads) as usize, 0.0..1.0);
    let of_rows: Vec<Vec2<f32>> = of_rows.chunks_exact(2).map(|two| Vec2::new(3.0 + two[0], two[1])).collect();
    let vectors = (rows * heads * head_dim) as usize;
    // Scores of a unit's size whatever the head's.
    let reach = 1.5 / (head_dim as f32).sqrt();
    Ok(Packed {
        params: AttendPrefillParams { rows, heads, kv_heads, window, ring },
        segments: trial.input("segments", &segments)?,
        q: trial.input("q", &random("q", vectors, -reach..reach))?.cast(),
        k_cache: trial.input("k_cache", &cache::<K>("k_cache", ring * kv_heads, head_dim))?.cast(),
        v_cache: trial.input("v_cache", &cache::<K>("v_cache", ring * kv_heads, head_dim))?.cast(),
        d_out: trial.random("d_out", vectors)?.cast(),
        statistics: trial.input("statistics", &of_rows)?,
    })
}

impl<K: Cache, const HD: u32, const W: u32, const ACC: usize> Tried for attend_training::Kernel<K, HD, W, ACC> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let Packed { params, segments, q, k_cache, v_cache, .. } = packed::<K>(trial, scale, HD)?;
        let mut out = trial.output("out", q.len())?;
        let mut lse = trial.output("lse", (params.rows * params.heads) as usize)?;
        let args = attend_training::Args {
            segments: &segments,
            q: &q,
            k_cache: &k_cache,
            v_cache: &v_cache,
            out: &mut out,
            lse: &mut lse,
        };
        Self::dispatch(trial, params, args)?;
        Ok(())
    }
}

impl<K: Cache, const HD: u32, const W: u32, const ACC: usize> Tried for attend_backward_q::Kernel<K, HD, W, ACC> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let Packed { params, segments, q, k_cache, v_cache, d_out, statistics } = packed::<K>(trial, scale, HD)?;
        let mut dq = trial.output("dq", q.len())?;
        let args = attend_backward_q::Args {
            segments: &segments,
            q: &q,
            k_cache: &k_cache,
            v_cache: &v_cache,
            d_out: &d_out,
            statistics: &statistics,
            dq: &mut dq,
        };
        Self::dispatch(trial, params, args)?;
        Ok(())
    }
}

impl<K: Cache, const HD: u32, const W: u32, const ACC: usize> Tried for attend_backward_kv::Kernel<K, HD, W, ACC> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let Packed { params, segments, q, k_cache, v_cache, d_out, statistics } = packed::<K>(trial, scale, HD)?;
        let (mut dk_heads, mut dv_heads) = (trial.output("dk_heads", q.len())?, trial.output("dv_heads", q.len())?);
        let args = attend_backward_kv::Args {
            segments: &segments,
            q: &q,
            k_cache: &k_cache,
            v_cache: &v_cache,
            d_out: &d_out,
            statistics: &statistics,
            dk_heads: &mut dk_heads,
            dv_heads: &mut dv_heads,
        };
        Self::dispatch(trial, params, args)?;
        Ok(())
    }
}

impl<R: Reduce> Tried for attend_delta::Kernel<R> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (n, head_dim) = scale.pick((5, 288), (TOKENS * 8, 256));
        let (out, d_out) =
            (trial.random("out", (n * head_dim) as usize)?, trial.random("d_out", (n * head_dim) as usize)?);
        let lse = trial.random("lse", n as usize)?;
        let mut statistics = trial.output("statistics", n as usize)?;
        let args =
            attend_delta::Args { out: &out.cast(), d_out: &d_out.cast(), lse: &lse, statistics: &mut statistics };
        Self::dispatch(trial, AttendDeltaParams { n, head_dim }, args)?;
        Ok(())
    }
}

impl<R: Reduce> Tried for attend_sum_heads::Kernel<R> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (rows, heads, kv_heads, head_dim) = scale.pick((5, 6, 2, 48), (TOKENS, 8, 1, 256));
        let (shared, own) = ((rows * heads * head_dim) as usize, (rows * kv_heads * head_dim) as usize);
        let (dk_heads, dv_heads) = (trial.random("dk_heads", shared)?, trial.random("dv_heads", shared)?);
        let dk = trial.changed("dk", &random("dk", own, -1.0..1.0))?;
        let dv = trial.changed("dv", &random("dv", own, -1.0..1.0))?;
        let args = attend_sum_heads::Args {
            dk_heads: &dk_heads.cast(),
            dv_heads: &dv_heads.cast(),
            dk: &mut dk.cast(),
            dv: &mut dv.cast(),
        };
        Self::dispatch(trial, AttendSumHeadsParams { rows, heads, kv_heads, head_dim }, args)?;
        Ok(())
    }
}

impl<K: Cache, R: Reduce, const HD: u32, const ACC: usize, const OWNS: bool> Tried
    for attend_decode::Kernel<K, R, HD, ACC, OWNS>
{
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (heads, position) = scale.pick((2, 299), (8, 4095));
        // The engine's splits; full layers have no window.
        let (window, splits) = match scale {
            Scale::Small => (70, 2),
            Scale::Typical if HD == 512 => (0, 32),
            Scale::Typical => (512, 4),
        };
        let kv_heads = 1;
        let ring = if window == 0 { position + 1 } else { window };
        let (table, pairs) = table(trial, HD, position + 1)?;
        let state = trial.input("state", &[position, 0, 0, 0, 0, 0, 0, 0])?;
        let qkv = trial.random("qkv", ((heads + 2 * kv_heads) * HD) as usize)?;
        let (q_norm, k_norm) = (trial.random("q_norm", HD as usize)?, trial.random("k_norm", HD as usize)?);
        trial.packed("k_cache", K::PACKING);
        trial.packed("v_cache", K::PACKING);
        let mut k_cache = trial.changed("k_cache", &cache::<K>("k_cache", ring * kv_heads, HD))?.cast();
        let mut v_cache = trial.changed("v_cache", &cache::<K>("v_cache", ring * kv_heads, HD))?.cast();
        let mut out = trial.output("out", partial_vectors(heads, splits, HD))?;
        let params = AttendDecodeParams {
            heads,
            kv_heads,
            splits,
            window,
            ring,
            pairs,
            k_at: heads * HD,
            v_at: (heads + kv_heads) * HD,
            eps: 1e-6,
        };
        let args = attend_decode::Args {
            state: &state,
            qkv: &qkv,
            q_norm: &q_norm,
            k_norm: &k_norm,
            table: &table,
            k_cache: &mut k_cache,
            v_cache: &mut v_cache,
            out: &mut out,
        };
        Self::dispatch(trial, params, args)?;
        Ok(())
    }
}

impl<const W: u32> Tried for attend_combine::Kernel<W> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (heads, splits, head_dim) = scale.pick((3, 5, 48), (8, 32, 512));
        let values = (heads * splits * head_dim) as usize;
        let mut partials = random("partials", values, -1.0..1.0);
        // The greatest score of a split, and a sum of weights that is at least that score's.
        for pair in random("statistics", 2 * (heads * splits) as usize, 0.0..4.0).chunks_exact(2) {
            partials.extend([pair[0], 1.0 + pair[1], 0.0, 0.0]);
        }
        let partials = trial.input("partials", &partials)?.cast();
        let mut out = trial.output("out", (heads * head_dim / 4) as usize)?;
        let params = AttendCombineParams { heads, splits, head_dim };
        Self::dispatch(trial, params, attend_combine::Args { partials: &partials, out: &mut out })?;
        Ok(())
    }
}
