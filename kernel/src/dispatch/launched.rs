//! What a recorder remembers of its dispatches where someone wants to know what they cost.

use std::cell::RefCell;
use std::collections::HashMap;

use super::Variant;
use super::buffer::{Buffer, RawBuffer};
use super::device::Device;
use crate::cost::{Cost, Launch, NotAFormula};
use crate::params::Params;
use crate::variant::{Access, WgslVariant};

/// A dispatch that was recorded.
#[derive(Debug)]
pub struct Launched {
    /// The variant's key.
    pub key: String,
    /// Its workgroups.
    pub groups: u32,
    params: Vec<u8>,
    fields: &'static [(&'static str, usize, usize)],
    buffers: Vec<(Access, RawBuffer)>,
}

/// Bytes of the buffers that a dispatch is bound to, each buffer once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// Of all buffers.
    pub bound: u64,
    /// Of those that the kernel may write.
    pub writable: u64,
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

    /// Bytes of its buffers.
    pub fn footprint(&self) -> Footprint {
        let mut footprint = Footprint { bound: 0, writable: 0 };
        for (index, (access, buffer)) in self.buffers.iter().enumerate() {
            if self.buffers[..index].iter().any(|(_, earlier)| earlier.is_same(buffer)) {
                continue;
            }
            footprint.bound += buffer.bytes();
            if *access == Access::ReadWrite {
                footprint.writable += buffer.bytes();
            }
        }
        footprint
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
        let param = |name: &str| {
            let (_, offset, _) = self.fields.iter().find(|(known, ..)| *known == name)?;
            let word = self.params.get(*offset..offset + 4)?;
            Some(u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
        };
        let length = |name: &str| {
            let (at, buffer) = buffer(name)?;
            u32::try_from(buffer.bytes() / element_bytes(variant.bindings[at].element)).ok()
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

/// Bytes of an element, by WGSL's name of its type.
fn element_bytes(element: &str) -> u64 {
    let components = element.strip_prefix("vec").and_then(|rest| rest.chars().next()).and_then(|c| c.to_digit(10));
    let scalar = if element.contains("f16") { 2 } else { 4 };
    u64::from(components.unwrap_or(1) * scalar)
}
