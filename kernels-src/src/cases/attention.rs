//! Attention of many queries, of one, and the merge of its splits.

use kernel::dispatch::{Buffer, DispatchError};
use kernel::prelude::Vec2;
use kernel::trial::{Packing, Trial, random};

use super::{Scale, TOKENS, Tried};
use crate::attention::decode::{
    AttendCombineParams, AttendDecodeParams, attend_combine, attend_decode, partial_vectors,
};
use crate::attention::kv::{KvF16, KvF32, KvFormat};
use crate::attention::prefill::{AttendPrefillParams, attend_prefill};
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
