//! What a recorder remembers of its dispatches where someone wants to know what they cost.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::Variant;
use super::buffer::{Buffer, RawBuffer};
use super::device::Device;
use super::error::DispatchError;
use crate::cost::{Cost, Launch, NotAFormula};
use crate::params::{Field, Params};
use crate::variant::{Access, Binding, WgslVariant};

/// A dispatch that was recorded.
#[derive(Debug)]
pub struct Launched {
    /// The variant's key.
    pub key: String,
    /// Its workgroups.
    pub groups: u32,
    params: Vec<u8>,
    fields: &'static [Field],
    buffers: Vec<(Access, RawBuffer)>,
}

impl Launched {
    pub(super) fn new<K: Variant>(params: &K::Params, buffers: &[&RawBuffer]) -> Self {
        let accesses = K::desc().bindings.iter().copied();
        Self {
            key: K::key(),
            groups: K::groups(params),
            params: params.to_bytes(),
            fields: K::Params::FIELDS,
            buffers: accesses.zip(buffers.iter().copied().cloned()).collect(),
        }
    }

    /// The whole numbers among its params, by name and in their order: its shape.
    pub fn shape(&self) -> impl Iterator<Item = (&'static str, u32)> {
        self.fields.iter().filter_map(|field| Some((field.name, field.integer(&self.params)?)))
    }

    /// Bytes that have to pass between the device's memory and its processors, however good its caches are: what
    /// invocations read and write, but of a buffer no more than it has.
    pub fn traffic(&self, variant: &WgslVariant, cost: &Cost) -> f64 {
        let bytes = |of: &dyn Fn(&Binding) -> bool| {
            let bound = variant.bindings.iter().zip(&self.buffers).filter(|(binding, _)| of(binding));
            let mut buffers: Vec<&RawBuffer> = Vec::new();
            for (_, (_, buffer)) in bound {
                if !buffers.iter().any(|known| known.is_same(buffer)) {
                    buffers.push(buffer);
                }
            }
            buffers.iter().map(|buffer| buffer.bytes()).sum::<u64>() as f64
        };
        cost.bytes_read.min(bytes(&|binding| binding.is_read))
            + cost.bytes_written.min(bytes(&|binding| binding.access == Access::ReadWrite))
    }

    /// Frees the memory of its buffers, which no plan can use afterwards. Natively the last handle's end does that; a
    /// browser would leave it to its garbage collector.
    pub fn free(&self) {
        for (_, buffer) in &self.buffers {
            match buffer {
                #[cfg(feature = "gpu")]
                RawBuffer::Gpu(buffer) => buffer.raw().destroy(),
                RawBuffer::Cpu(_) => {}
            }
        }
    }

    /// What the variant's card says of this dispatch; `None` where that depends on data that the dispatch itself makes.
    /// Elements of read-only buffers that the card asks for are read from the device.
    ///
    /// # Errors
    /// A card that holds no formula.
    pub fn cost(
        &self,
        device: &Device,
        variant: &WgslVariant,
        subgroup_size: u32,
    ) -> Result<Option<Cost>, NotAFormula> {
        let known = RefCell::new(HashMap::new());
        self.evaluated(variant, subgroup_size, &|at, index| {
            let buffer = &self.buffers.get(at)?.1;
            *known.borrow_mut().entry((at, index)).or_insert_with(|| word(device, buffer, index))
        })
    }

    /// As [`cost`](Self::cost), where one may not wait: in a browser. Buffers of which the card asks for elements are read
    /// whole.
    ///
    /// # Errors
    /// A card that holds no formula, or what reading the device reports.
    pub async fn cost_later(
        &self,
        device: &Device,
        variant: &WgslVariant,
        subgroup_size: u32,
    ) -> Result<Result<Option<Cost>, NotAFormula>, DispatchError> {
        let mut known: HashMap<usize, Vec<u32>> = HashMap::new();
        loop {
            let lacking = Cell::new(None);
            let cost = self.evaluated(variant, subgroup_size, &|at, index| match known.get(&at) {
                Some(words) => words.get(index as usize).copied(),
                None => {
                    lacking.set(Some(at));
                    None
                }
            });
            let Some((at, (_, buffer))) = lacking.get().and_then(|at| Some((at, self.buffers.get(at)?))) else {
                return Ok(cost);
            };
            let buffer = words(buffer);
            known.insert(at, device.read(&buffer, 0..buffer.len()).await?);
        }
    }

    /// The card's formulas, with elements of the bindings by their index.
    fn evaluated(
        &self,
        variant: &WgslVariant,
        subgroup_size: u32,
        element: &dyn Fn(usize, u32) -> Option<u32>,
    ) -> Result<Option<Cost>, NotAFormula> {
        let binding = |name: &str| variant.bindings.iter().position(|binding| binding.name == name);
        let buffer = |name: &str| binding(name).and_then(|at| Some((at, &self.buffers.get(at)?.1)));
        let param = |name: &str| self.fields.iter().find(|field| field.name == name)?.integer(&self.params);
        let length = |name: &str| {
            let (at, buffer) = buffer(name)?;
            u32::try_from(buffer.bytes() / u64::from(variant.bindings[at].stride)).ok()
        };
        let element = |name: &str, index: u32| element(binding(name)?, index);
        variant.cost.evaluate(&Launch {
            groups: self.groups,
            workgroup_size: variant.workgroup_size,
            subgroup_size,
            param: &param,
            length: &length,
            element: &element,
        })
    }
}

fn words(buffer: &RawBuffer) -> Buffer<u32> {
    Buffer::from_raw(buffer.clone(), (buffer.bytes() / 4) as usize)
}

fn word(device: &Device, buffer: &RawBuffer, index: u32) -> Option<u32> {
    let buffer = words(buffer);
    let index = index as usize;
    pollster::block_on(device.read(&buffer, index..index + 1)).ok()?.first().copied()
}
