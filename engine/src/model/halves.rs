//! Memory for what products on matrix units start from: a batch of vectors in f16, and their scales; and for parts of long
//! sums. One for all tensors of a model, since each product reads its halves right after they are made.

use std::sync::{Arc, Mutex, PoisonError};

use kernel::dispatch::{Buffer, Device, DispatchError};
use kernel::types::{Vec4, f16};

use crate::kernels::Batches;

/// Rows of halves and a scale for each.
#[derive(Debug)]
struct Made {
    values: Buffer<Vec4<f16>>,
    scales: Buffer<f32>,
}

/// Memory that grows to the largest batch. What is recorded with smaller memory keeps it.
#[derive(Debug)]
pub(crate) struct Halves {
    device: Device,
    made: Mutex<Option<Made>>,
    parts: Mutex<Option<Buffer<f32>>>,
}

impl Halves {
    /// `None` where the device computes products in f32.
    pub(super) fn of(device: &crate::device::Device) -> Option<Arc<Self>> {
        match device.choices().batches() {
            Batches::Single => None,
            Batches::MatrixUnits => Some(Arc::new(Self {
                device: device.dispatch().clone(),
                made: Mutex::default(),
                parts: Mutex::default(),
            })),
        }
    }

    /// Memory for `rows` rows of `width` halves, a multiple of 4, and for their scales.
    pub(crate) fn room(&self, rows: u32, width: u32) -> Result<(Buffer<Vec4<f16>>, Buffer<f32>), DispatchError> {
        let (rows, quads) = (rows as usize, rows as usize * width as usize / 4);
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let made = match &mut *made {
            Some(made) if made.values.len() >= quads && made.scales.len() >= rows => made,
            made => {
                let before = made.as_ref().map_or((0, 0), |made| (made.values.len(), made.scales.len()));
                let values = self.device.create(quads.max(before.0), "halves")?;
                let scales = self.device.create(rows.max(before.1), "scales of halves")?;
                made.insert(Made { values, scales })
            }
        };
        Ok((made.values.view(), made.scales.view()))
    }

    /// Memory for `len` values of partial sums.
    pub(crate) fn parts(&self, len: usize) -> Result<Buffer<f32>, DispatchError> {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        match &*parts {
            Some(parts) if parts.len() >= len => Ok(parts.view()),
            _ => Ok(parts.insert(self.device.create(len, "parts of sums")?).view()),
        }
    }
}
