//! Rotation, alone and fused with norms and cache append.

use kernel::dispatch::{Buffer, DispatchError};
use kernel::prelude::Vec2;
use kernel::trial::{Trial, random};

use super::attention::{Cache, table};
use super::{Scale, TOKENS, Tried};
use crate::attention::kv::cache_words;
use crate::reduce::Reduce;
use crate::rope::{Direction, QkNormRopeParams, RopeParams, RopeTable, qk_norm_rope, rope};

impl<D: Direction, const W: u32> Tried for rope::Kernel<D, W> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (rows, heads, head_dim, position) = scale.pick((2, 3, 48, 255), (TOKENS, 8, 256, 0));
        // Small: only some of the pairs rotate.
        let factors: Vec<f32> = (0..head_dim / 2).map(|pair| if pair < 19 { 1.0 } else { 1e30 }).collect();
        let factors = (scale == Scale::Small).then_some(factors.as_slice());
        let turns = RopeTable::new(1e4, head_dim, factors, position + rows);
        let table: Buffer<Vec2<f32>> = trial.input("table", &turns.entries)?;
        let state = trial.input("state", &[position, 0, 0, 0, 0, 0, 0, 0])?;
        let (at, stride) = scale.pick((3, heads * head_dim + 5), (0, heads * head_dim));
        let mut x = trial.changed("x", &random("x", (rows * stride) as usize, -1.0..1.0))?;
        let params = RopeParams { rows, heads, head_dim, pairs: turns.pairs, stride, at };
        Self::dispatch(trial, params, rope::Args { state: &state, table: &table, x: &mut x })?;
        Ok(())
    }
}

impl<K: Cache, R: Reduce, const HD: u32> Tried for qk_norm_rope::Kernel<K, R, HD> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (rows, heads, position) = scale.pick((3, 2, 254), (TOKENS, 8, 0));
        // Small: the ring wraps between the rows.
        let (kv_heads, ring) = scale.pick((1, 5), (1, 2 * TOKENS));
        let (table, pairs) = table(trial, HD, position + rows)?;
        let state = trial.input("state", &[position, 0, 0, 0, 0, 0, 0, 0])?;
        let stride = (heads + 2 * kv_heads) * HD;
        let qkv = trial.random("qkv", (rows * stride) as usize)?;
        let (q_norm, k_norm) = (trial.random("q_norm", HD as usize)?, trial.random("k_norm", HD as usize)?);
        let mut q = trial.output("q", (rows * heads * HD / 4) as usize)?;
        let words = cache_words::<K>(ring, kv_heads, HD);
        trial.packed("k_cache", K::PACKING);
        trial.packed("v_cache", K::PACKING);
        let (mut k_cache, mut v_cache) = (trial.output("k_cache", words)?, trial.output("v_cache", words)?);
        let params = QkNormRopeParams {
            rows,
            heads,
            kv_heads,
            pairs,
            ring,
            stride,
            k_at: heads * HD,
            v_at: (heads + kv_heads) * HD,
            eps: 1e-6,
        };
        let args = qk_norm_rope::Args {
            state: &state,
            qkv: &qkv,
            q_norm: &q_norm,
            k_norm: &k_norm,
            table: &table,
            q: &mut q,
            k_cache: &mut k_cache,
            v_cache: &mut v_cache,
        };
        Self::dispatch(trial, params, args)?;
        Ok(())
    }
}
