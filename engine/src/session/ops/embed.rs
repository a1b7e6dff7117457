//! From token ids to the stream and to the per-layer inputs.

use kernel::dispatch::{Buffer, Recorder};
use kernel::types::Vec4;
use kernels_src::embedding::{EmbedParams, embed};
use kernels_src::ple::{PleMixParams, ple_mix};

use super::matmul::{Output, multiply};
use super::{Ops, Rows};
use crate::config::Config;
use crate::error::Error;
use crate::kernels::{Choices, Family, with_reduce};
use crate::model::{Tensor, with_quant};

/// Where ids lie and how many there are.
#[derive(Clone, Copy)]
pub(crate) struct Ids<'b> {
    pub(crate) buffer: &'b Buffer<u32>,
    pub(crate) at: u32,
    pub(crate) count: Rows,
}

impl Ops<'_> {
    /// `h = token_embd[ids] · √hidden` of a batch.
    pub(in crate::session) fn embed(&mut self, rows: Rows) -> Result<(), Error> {
        let b = &mut *self.buffers;
        let ids = Ids { buffer: &b.ids, at: 0, count: rows };
        let scale = (self.model.config().hidden as f32).sqrt();
        gather(self.recorder, &self.model.inner.weights.token_embd, ids, scale, &mut b.h[0])
    }

    /// `h = token_embd[state[1]] · √hidden` of the token to decode.
    pub(in crate::session) fn embed_decoded(&mut self) -> Result<(), Error> {
        let b = &mut *self.buffers;
        let ids = Ids { buffer: &b.state, at: 1, count: Rows(1) };
        let scale = (self.model.config().hidden as f32).sqrt();
        gather(self.recorder, &self.model.inner.weights.token_embd, ids, scale, &mut b.h[0])
    }

    /// The per-layer inputs of a batch.
    pub(in crate::session) fn ple_inputs(&mut self, rows: Rows) -> Result<(), Error> {
        self.ple_of(rows, false)
    }

    /// The per-layer inputs of the token to decode.
    pub(in crate::session) fn ple_decoded(&mut self) -> Result<(), Error> {
        self.ple_of(Rows(1), true)
    }

    fn ple_of(&mut self, rows: Rows, decoded: bool) -> Result<(), Error> {
        let (Some(ple), Some(width)) = (&self.model.inner.weights.ple, self.model.config().ple) else {
            return Ok(());
        };
        let config = self.model.config();
        let b = &mut *self.buffers;
        let scale = (width as f32).sqrt();
        match (&ple.table, &b.ple_rows) {
            (Some(table), _) => {
                let ids = match decoded {
                    true => Ids { buffer: &b.state, at: 1, count: rows },
                    false => Ids { buffer: &b.ids, at: 0, count: rows },
                };
                gather(self.recorder, table, ids, scale, &mut b.ple_tok)?;
            }
            (None, Some(kept)) => {
                let ids = Ids { buffer: &kept.numbers, at: 0, count: rows };
                gather(self.recorder, &kept.tensor, ids, scale, &mut b.ple_tok)?;
            }
            (None, None) => return Ok(()),
        }
        let lanes = self.choices.lanes(Family::Products);
        multiply(self.recorder, lanes, &ple.model_proj, &b.h[0], &mut b.ple_ctx, rows, Output::dense(&ple.model_proj))?;
        let ple_in = if decoded { &mut b.ple_one } else { &mut b.ple_in };
        let args = ple_mix::Args { ctx: &b.ple_ctx, tok: &b.ple_tok, w: &ple.proj_norm, ple_in };
        mix_ple(self.recorder, self.choices, config, rows, args)
    }

    /// Keeps the last row's stream and per-layer inputs where the tail, which knows one row, looks for them.
    pub(in crate::session) fn keep_last_row(&mut self, rows: Rows) -> Result<(), Error> {
        let last = rows.0 as usize - 1;
        let hidden = self.hidden() as usize;
        let b = &mut *self.buffers;
        let [batch, one] = &mut b.h;
        self.recorder.copy(batch, last * hidden, one, 0, hidden)?;
        let each = b.ple_one.len();
        if self.model.config().ple.is_some() {
            self.recorder.copy(&b.ple_in, last * each, &mut b.ple_one, 0, each)?;
        }
        Ok(())
    }
}

/// The per-layer inputs of `rows` positions, from the stream's projection and the table's rows.
pub(crate) fn mix_ple(
    recorder: &mut Recorder,
    choices: Choices,
    config: &Config,
    rows: Rows,
    args: ple_mix::Args<'_>,
) -> Result<(), Error> {
    let params = PleMixParams {
        rows: rows.0 * config.layers.len() as u32,
        n: config.ple.unwrap_or(0),
        eps: config.rms_eps,
        scale: (config.hidden as f32).powf(-0.5),
    };
    with_reduce!(choices.lanes(Family::Norms), 256, R => { ple_mix::Kernel::<R>::dispatch(recorder, params, args)?; });
    Ok(())
}

/// Rows of a table, each value times `scale`.
pub(crate) fn gather(
    recorder: &mut Recorder,
    table: &Tensor,
    ids: Ids<'_>,
    scale: f32,
    out: &mut Buffer<f32>,
) -> Result<(), Error> {
    let mut out = out.view::<Vec4<f32>>();
    for part in &table.parts {
        let params = EmbedParams {
            n: ids.count.0,
            k: table.k,
            scale,
            first_row: part.first_row,
            rows: part.rows,
            ids_at: ids.at,
        };
        let args = embed::Args { ids: ids.buffer, w: &part.buffer, out: &mut out };
        with_quant!(table.ty, Q => { embed::Kernel::<Q, 64>::dispatch(recorder, params, args)?; });
    }
    Ok(())
}
