//! From the stream after the last layer to the loss and back: the head in pieces of the vocabulary, so that the logits
//! of a batch are never all there. A row's sum of exponentials and the weighted sum of the head's rows, which is the
//! gradient, are kept up to date from piece to piece (as an online softmax does), so the head is read once.

use kernel::dispatch::Buffer;
use kernel::types::Vec4;
use kernels_src::cross_entropy::{
    CrossEntropyParams, CrossEntropyPieceParams, ScaleRowsParams, cross_entropy, cross_entropy_backward,
    cross_entropy_piece, scale_rows,
};
use kernels_src::elementwise::{Map, Scale, Softcap};
use kernels_src::embedding::{GatherRowsParams, gather_rows};

use super::buffers::VOCABULARY_PIECE;
use super::forward::Pass;
use super::ops::{Into, Ops, Output};
use crate::error::Error;
use crate::kernels::{Family, with_reduce};
use crate::session::ops::matmul::{Piece, Vectors, multiply_piece, multiply_piece_transposed};
use crate::session::ops::{Ids, gather};

/// Whether only the loss is wanted, or its gradient too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Loss,
    Gradient,
}

impl Pass<'_> {
    /// The loss of each learned row in `loss.losses`, and the gradient of the stream after the last layer in `dh`.
    pub(super) fn loss(&mut self, learned: usize, wanted: Wanted) -> Result<(), Error> {
        match self.ops.model.config().softcap {
            Some(cap) => self.mapped_loss::<Softcap>(learned, wanted, cap),
            None => self.mapped_loss::<Scale>(learned, wanted, 1.0),
        }
    }

    /// The loss of a head whose products `M` makes logits of.
    fn mapped_loss<M: Map>(&mut self, learned: usize, wanted: Wanted, factor: f32) -> Result<(), Error> {
        let model = self.ops.model;
        let (weights, config) = (&model.inner.weights, model.config());
        let (head, hidden, rows) = (weights.head(), config.hidden, self.ops.rows);
        let mut ops = self.ops.with_rows(learned);
        let count = ops.rows;
        let (lanes, products) = (ops.choices.lanes(Family::Norms), ops.choices.lanes(Family::Products));
        let b = &mut *self.buffers;
        let l = &mut b.loss;
        gather_stream(&mut ops, &b.streams[config.layers.len()], rows.0, &b.learned, &mut l.h)?;
        ops.norm(&l.h, &weights.output_norm, &mut l.x)?;

        for piece in Piece::of(head, VOCABULARY_PIECE) {
            let output = Output { stride: piece.rows, at: 0 };
            multiply_piece(ops.recorder, products, piece, &mut Vectors::new(&l.x), &mut l.logits, count, output)?;
            let params = CrossEntropyPieceParams { rows: count.0, n: piece.rows, first: piece.row(), factor };
            let args = cross_entropy_piece::Args {
                targets: &b.targets,
                logits: &mut l.logits,
                running: &mut l.running,
                faded: &mut l.faded,
                target_products: &mut l.target_products,
            };
            with_reduce!(lanes, 256, R => match wanted {
                Wanted::Loss => { cross_entropy_piece::Kernel::<M, R, false>::dispatch(ops.recorder, params, args)?; }
                Wanted::Gradient => { cross_entropy_piece::Kernel::<M, R, true>::dispatch(ops.recorder, params, args)?; }
            });
            if wanted == Wanted::Loss {
                continue;
            }
            // What earlier pieces left is relative to a greatest logit that may have been exceeded.
            let into = if piece.row() == 0 { Into::Replace } else { Into::Add };
            if into == Into::Add {
                let args = scale_rows::Args { factors: &l.faded, x: &mut l.sums };
                scale_rows::Kernel::<256>::dispatch(ops.recorder, ScaleRowsParams { rows: count.0, n: hidden }, args)?;
            }
            let (dy, sums) = ((&l.logits, output), (&mut l.sums, into));
            multiply_piece_transposed(ops.recorder, products, piece, dy, sums, count)?;
        }
        let params = CrossEntropyParams { rows: count.0, n: hidden, factor };
        let args = cross_entropy::Args {
            running: &l.running,
            target_products: &l.target_products,
            weights: &b.weights,
            losses: &mut l.losses,
        };
        cross_entropy::Kernel::<M, 256>::dispatch(ops.recorder, params, args)?;
        if wanted == Wanted::Loss {
            return Ok(());
        }
        let ids = Ids { buffer: &b.targets, at: 0, count };
        gather(ops.recorder, head, ids, 1.0, &mut l.target_rows)?;
        let args = cross_entropy_backward::Args {
            running: &l.running,
            target_products: &l.target_products,
            weights: &b.weights,
            sums: &l.sums,
            target_rows: &l.target_rows,
            dx: &mut l.dx,
        };
        cross_entropy_backward::Kernel::<M, 256>::dispatch(ops.recorder, params, args)?;
        ops.norm_backward(&l.h, &weights.output_norm, &l.dx, (&mut l.dh, Into::Replace), &mut b.statistics)?;
        // Rows that are not learned from have no number among those that are: nothing is gathered for them.
        self.ops.copy(&b.zeros, &mut b.dh, hidden as usize)?;
        gather_stream(&mut self.ops, &b.loss.dh, learned as u32, &b.learned_of, &mut b.dh)
    }
}

/// `out[t] = table[ids[t]]`, rows of the stream's width; ids that the table does not have leave theirs as they are.
fn gather_stream(
    ops: &mut Ops<'_>,
    table: &Buffer<f32>,
    rows: u32,
    ids: &Buffer<u32>,
    out: &mut Buffer<f32>,
) -> Result<(), Error> {
    let params = GatherRowsParams { n: ops.rows.0, k: ops.hidden(), rows };
    let (table, mut out) = (table.view::<Vec4<f32>>(), out.view::<Vec4<f32>>());
    gather_rows::Kernel::<64>::dispatch(ops.recorder, params, gather_rows::Args { ids, table: &table, out: &mut out })?;
    Ok(())
}
