//! Attention on matrix units, and the halves that it starts from.

use kernel::dispatch::{Buffer, DispatchError};
use kernel::prelude::{Vec2, Vec4, f16};
use kernel::trial::{Trial, random};

use super::{Scale, TOKENS, Tried};
use crate::attention::mix::{
    AttendMixParams, GreatestParams, HalveAllParams, attend_mix, greatest, greatest_parts, halve,
};
use crate::attention::scores::{AttendTilesParams, attend_score_gradients, attend_scores, attend_softmax};
use crate::reduce::Reduce;

/// Values of a head in a small case, which takes a step and a bit.
const SMALL_HEAD: u32 = 64;

/// Small: the second block of a batch, with a tile and a bit of rows, a window that reaches into the first, and a second
/// sequence. Its keys start a tile before its rows.
fn tiles(scale: Scale) -> AttendTilesParams {
    match scale {
        Scale::Small => AttendTilesParams {
            rows: 131,
            heads: 2,
            kv_heads: 1,
            head_dim: SMALL_HEAD,
            window: 40,
            first_row: 64,
            block: 128,
            first_key: 0,
            keys: 192,
        },
        Scale::Typical => AttendTilesParams {
            rows: TOKENS,
            heads: 8,
            kv_heads: 1,
            head_dim: 256,
            window: TOKENS,
            first_row: 0,
            block: TOKENS,
            first_key: 0,
            keys: TOKENS,
        },
    }
}

/// Two sequences.
fn segments(trial: &mut Trial, rows: u32) -> Result<Buffer<u32>, DispatchError> {
    let second = rows / 2;
    let segments: Vec<u32> = (0..rows).map(|row| if row < second { 0 } else { second }).collect();
    trial.input("segments", &segments)
}

fn halves(trial: &mut Trial, name: &str, len: u32, reach: f32) -> Result<Buffer<Vec4<f16>>, DispatchError> {
    let values: Vec<f16> = random(name, len as usize, -reach..reach).into_iter().map(f16::from_f32).collect();
    Ok(trial.input(name, &values)?.cast())
}

/// Random halves of which a kernel changes some.
fn changed_halves(trial: &mut Trial, name: &str, len: u32) -> Result<Buffer<Vec4<f16>>, DispatchError> {
    let values: Vec<f16> = random(name, len as usize, -1.0..1.0).into_iter().map(f16::from_f32).collect();
    Ok(trial.changed(name, &values)?.cast())
}

fn queries(params: AttendTilesParams) -> u32 {
    params.rows * params.heads * params.head_dim
}

fn keys(params: AttendTilesParams) -> u32 {
    params.rows * params.kv_heads * params.head_dim
}

fn scores(params: AttendTilesParams) -> u32 {
    params.heads * params.block * params.keys
}

impl Tried for attend_scores::Kernel {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let params = tiles(scale);
        let segments = segments(trial, params.rows)?;
        let (q, k) = (halves(trial, "q", queries(params), 0.5)?, halves(trial, "k", keys(params), 0.5)?);
        let mut out = trial.changed("scores", &random("scores", scores(params) as usize, -1.0..1.0))?;
        Self::dispatch(trial, params, attend_scores::Args { segments: &segments, q: &q, k: &k, scores: &mut out })?;
        Ok(())
    }
}

impl<R: Reduce> Tried for attend_softmax::Kernel<R> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let params = tiles(scale);
        let segments = segments(trial, params.rows)?;
        let of_tiles = trial.random("scores", scores(params) as usize)?;
        let mut weights = changed_halves(trial, "weights", scores(params))?;
        let mut lse = trial.changed("lse", &random("lse", (params.rows * params.heads) as usize, -1.0..1.0))?;
        let args =
            attend_softmax::Args { segments: &segments, scores: &of_tiles, weights: &mut weights, lse: &mut lse };
        Self::dispatch(trial, params, args)?;
        Ok(())
    }
}

impl Tried for attend_score_gradients::Kernel {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let params = tiles(scale);
        let segments = segments(trial, params.rows)?;
        let (q, k) = (halves(trial, "q", queries(params), 0.5)?, halves(trial, "k", keys(params), 0.5)?);
        let (d_out, v) = (halves(trial, "d_out", queries(params), 1.0)?, halves(trial, "v", keys(params), 1.0)?);
        let of_rows = random("statistics", 2 * (params.rows * params.heads) as usize, 0.0..1.0);
        let of_rows: Vec<Vec2<f32>> = of_rows.chunks_exact(2).map(|two| Vec2::new(3.0 + two[0], two[1])).collect();
        let (statistics, by) = (trial.input("statistics", &of_rows)?, trial.input("scale", &[0.5f32])?);
        let mut gradients = changed_halves(trial, "gradients", 2 * scores(params))?;
        let args = attend_score_gradients::Args {
            segments: &segments,
            q: &q,
            k: &k,
            d_out: &d_out,
            v: &v,
            scale: &by,
            statistics: &statistics,
            gradients: &mut gradients,
        };
        Self::dispatch(trial, params, args)?;
        Ok(())
    }
}

impl<const TURNED: bool> Tried for attend_mix::Kernel<TURNED> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let tiles = tiles(scale);
        let AttendTilesParams { rows, heads, kv_heads, head_dim, window, first_row, block, first_key, keys: width } =
            tiles;
        let weights_at = scale.pick(scores(tiles), 0);
        let segments = segments(trial, rows)?;
        let weights = halves(trial, "weights", weights_at + scores(tiles), 1.0)?;
        let vectors = halves(trial, "vectors", if TURNED { queries(tiles) } else { keys(tiles) }, 1.0)?;
        let by = trial.input("scale", &[0.5f32])?;
        let mut out = trial.changed("out", &random("out", queries(tiles) as usize, -1.0..1.0))?;
        let params = AttendMixParams {
            rows,
            heads,
            kv_heads,
            head_dim,
            window,
            first_row,
            block,
            first_key,
            keys: width,
            weights_at,
            factor: 0.75,
        };
        let args =
            attend_mix::Args { segments: &segments, weights: &weights, vectors: &vectors, scale: &by, out: &mut out };
        Self::dispatch(trial, params, args)?;
        Ok(())
    }
}

impl<R: Reduce> Tried for greatest::Kernel<R> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        // Small: a part and a bit.
        let n = scale.pick(16_384 + 300, TOKENS * 8 * 256);
        let x = trial.random("x", n as usize)?.cast();
        let mut parts = trial.output("parts", greatest_parts(n) as usize)?;
        Self::dispatch(trial, GreatestParams { n }, greatest::Args { x: &x, parts: &mut parts })?;
        Ok(())
    }
}

impl<R: Reduce> Tried for halve::Kernel<R> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let n = scale.pick(8_192 + 300, TOKENS * 8 * 256);
        let parts = scale.pick(3, greatest_parts(n));
        let x = trial.random("x", n as usize)?.cast();
        let of_parts = trial.input("parts", &random("parts", parts as usize, 0.5..0.9))?;
        let mut y = trial.output::<f16>("y", n as usize)?.cast();
        let mut by = trial.output("scale", 1)?;
        let args = halve::Args { x: &x, parts: &of_parts, y: &mut y, scale: &mut by };
        Self::dispatch(trial, HalveAllParams { n, parts }, args)?;
        Ok(())
    }
}
