//! What a recorder remembers of its dispatches where someone wants to know what they cost.

use std::cell::RefCell;
use std::collections::HashMap;

use super::Variant;
use super::buffer::{Buffer, RawBuffer};
use super::device::Device;
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
        let binding = |name: &str| variant.bindings.iter().position(|binding| binding.name == name);
        let buffer = |name: &str| binding(name).and_then(|at| Some((at, &self.buffers.get(at)?.1)));
        let param = |name: &str| self.fields.iter().find(|field| field.name == name)?.integer(&self.params);
        let length = |name: &str| {
            let (at, buffer) = buffer(name)?;
            u32::try_from(buffer.bytes() / u64::from(variant.bindings[at].stride)).ok()
        };
        let element = |name: &str, index: u32| {
            let (at, buffer) = buffer(name)?;
            *known.borrow_mut().entry((at, index)).or_insert_with(|| word(device, buffer, index))
        };
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

fn word(device: &Device, buffer: &RawBuffer, index: u32) -> Option<u32> {
    let buffer = Buffer::<u32>::from_raw(buffer.clone(), (buffer.bytes() / 4) as usize);
    let index = index as usize;
    pollster::block_on(device.read(&buffer, index..index + 1)).ok()?.first().copied()
}
