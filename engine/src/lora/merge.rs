//! Folds an adapter into its base model: `W + scale · B A`, in the types that the file's own tensors have, piece by
//! piece, so that host memory stays small whatever the model's size.
use super::{Adapter, LoraError, Site};
use crate::{
    error::Error,
    gguf::{Gguf, GgufError, TensorInfo, blocks, rewrite},
    source::Source,
};
use rayon::prelude::*;
use std::{collections::HashMap, io::Write};

/// Weights in memory at a time, as f32.
const PIECE_WEIGHTS: u64 = 4 << 20;

/// Bytes copied at a time of tensors that do not change.
const PIECE_BYTES: u64 = 16 << 20;

/// How far merging is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Bytes of tensors that are written.
    pub bytes: u64,
    /// Bytes of all tensors.
    pub total_bytes: u64,
    /// Tensors that the adapter changed.
    pub changed: usize,
}

/// Writes the model with the adapter folded in: its metadata, its tensors in their order and their types. Rows that the
/// adapter leaves alone stay as they are, bit by bit; others are quantised anew, which costs them the format's precision
/// once more.
///
/// # Errors
/// Before anything is written: an adapter of another model, or tensors of types that cannot be written, by name. Then
/// whatever reading or writing says.
pub fn merge(
    source: &dyn Source,
    gguf: &Gguf,
    adapter: &Adapter,
    out: &mut dyn Write,
    mut progress: impl FnMut(Merged),
) -> Result<Merged, Error> {
    let sites: HashMap<String, &Site> = adapter.layout().sites().iter().map(|site| (site.tensor(), site)).collect();
    for (name, site) in &sites {
        let tensor = gguf.tensor(name)?;
        if (tensor.row_len(), tensor.rows()) != (site.k.into(), site.n.into()) {
            let expected = format!("[{}, {}]", site.k, site.n);
            let (tensor, found) = (name.clone(), tensor.dims.clone());
            return Err(LoraError::WrongShape { tensor, expected, meaning: "inputs, outputs", found }.into());
        }
        if !blocks::is_writable(tensor.ty) {
            return Err(LoraError::CannotMerge { tensor: name.clone(), ty: tensor.ty }.into());
        }
    }
    let total_bytes = gguf.tensors().iter().map(|tensor| tensor.byte_len).sum();
    let mut merged = Merged { total_bytes, ..Merged::default() };
    rewrite(gguf, out, |tensor, out| {
        let site = sites.get(&tensor.name);
        let rows_a_piece = match site {
            Some(_) => PIECE_WEIGHTS / tensor.row_len().max(1),
            None => PIECE_BYTES / tensor.row_bytes().max(1),
        };
        let mut row = 0;
        while row < tensor.rows() {
            let rows = rows_a_piece.max(1).min(tensor.rows() - row);
            let mut bytes = tensor.read_rows(source, row..row + rows)?;
            if let Some(site) = site {
                change(tensor, site, adapter.factors(site), row, &mut bytes)?;
            }
            out.write_all(&bytes).map_err(GgufError::Write)?;
            row += rows;
            merged.bytes += bytes.len() as u64;
            progress(merged);
        }
        merged.changed += usize::from(site.is_some());
        Ok::<(), Error>(())
    })?;
    Ok(merged)
}

/// Adds a site's change to rows of its tensor, from row `first` on.
fn change(
    tensor: &TensorInfo,
    site: &Site,
    (a, b): (&[f32], &[f32]),
    first: u64,
    bytes: &mut [u8],
) -> Result<(), LoraError> {
    let (rank, k) = (site.rank as usize, site.k as usize);
    let failed = || LoraError::CannotMerge { tensor: tensor.name.clone(), ty: tensor.ty };
    bytes.par_chunks_exact_mut(tensor.row_bytes() as usize).enumerate().try_for_each(|(at, row)| {
        let b = &b[(first as usize + at) * rank..][..rank];
        if b.iter().all(|&factor| factor == 0.0) {
            return Ok(());
        }
        let mut weights = blocks::dequantise(tensor.ty, row).ok_or_else(failed)?;
        let mut change = vec![0.0; k];
        for (factor, a) in b.iter().zip(a.chunks_exact(k)) {
            change.iter_mut().zip(a).for_each(|(sum, value)| *sum += factor * value);
        }
        weights.iter_mut().zip(&change).for_each(|(weight, change)| *weight += site.scale * change);
        if let Some(&value) = weights.iter().find(|weight| !weight.is_finite()) {
            return Err(LoraError::NotFinite { tensor: tensor.name.clone(), value });
        }
        let quantised = blocks::quantise(tensor.ty, &weights).ok_or_else(failed)?;
        row.copy_from_slice(&quantised);
        Ok(())
    })
}
