//! The runtime on a real adapter (lavapipe will do), with four small kernels written out by hand: the tests of this
//! layer are the only place that holds WGSL.
mod buffers;
mod errors;
mod plans;
mod timings;

use super::*;
use crate::variant::{Access, Binding, CostCard, KernelTable, Proof, VariantDesc, WgslVariant};

const COST: CostCard = CostCard { bytes_read: "0", bytes_written: "0", operations: "0" };
const X: Binding = Binding { name: "x", access: Access::Read, element: "u32", stride: 4, is_read: true };
const Y: Binding = Binding { name: "y", access: Access::ReadWrite, element: "u32", stride: 4, is_read: true };

/// One invocation a group; adds `amount` to the group's element of `y`.
const ADD: WgslVariant = WgslVariant {
    key: "add",
    wgsl: "
struct Block { groups: u32, width: u32, a: u32, b: u32, amount: u32 }
@group(0) @binding(0) var<uniform> block: Block;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@compute @workgroup_size(1) fn main(@builtin(workgroup_id) id: vec3<u32>) {
    let linear = id.y * block.width + id.x;
    if linear >= block.groups { return; }
    y[linear] = y[linear] + block.amount;
}",
    subgroups: false,
    f16: false,
    cooperative_matrix: None,
    workgroup_size: 1,
    workgroup_bytes: 0,
    uniform_bytes: 20,
    bindings: &[Y],
    cost: COST,
    requires: &[],
    proof: Proof::Unproven(&[]),
    tolerance: None,
};

/// `y = x + amount`, element by element.
const ADD_TO: WgslVariant = WgslVariant {
    key: "add_to",
    wgsl: "
struct Block { groups: u32, width: u32, a: u32, b: u32, amount: u32 }
@group(0) @binding(0) var<uniform> block: Block;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;
@compute @workgroup_size(1) fn main(@builtin(workgroup_id) id: vec3<u32>) {
    let linear = id.y * block.width + id.x;
    if linear >= block.groups { return; }
    y[linear] = x[linear] + block.amount;
}",
    bindings: &[X, Y],
    ..ADD
};

const BROKEN: WgslVariant =
    WgslVariant { key: "broken", wgsl: "@compute @workgroup_size(1) fn main() { let x = no_such_function(); }", ..ADD };

const HALF: WgslVariant = WgslVariant {
    key: "half",
    wgsl: "
@group(0) @binding(1) var<storage, read_write> y: array<f16>;
@compute @workgroup_size(1) fn main() { y[0] = 1.5h; }",
    f16: true,
    bindings: &[Binding { name: "y", access: Access::ReadWrite, element: "f16", stride: 2, is_read: true }],
    ..ADD
};

const LARGE: WgslVariant = WgslVariant { key: "large", workgroup_bytes: 1 << 30, ..ADD };

const SUBGROUP_SUM: WgslVariant = WgslVariant {
    key: "subgroup_sum",
    wgsl: "
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@compute @workgroup_size(1) fn main() { y[0] = subgroupAdd(7u); }",
    subgroups: true,
    ..ADD
};

const WIDE: WgslVariant = WgslVariant { key: "wide", workgroup_size: 1 << 20, ..ADD };

const TABLE: KernelTable = KernelTable(&[ADD, ADD_TO, BROKEN, HALF, LARGE, SUBGROUP_SUM, WIDE]);

/// What a generated dispatch function knows of the variant.
fn desc(variant: &WgslVariant) -> VariantDesc {
    let bindings: &[Access] = match variant.bindings.len() {
        1 => &[Access::ReadWrite],
        _ => &[Access::Read, Access::ReadWrite],
    };
    VariantDesc {
        key: variant.key.to_owned(),
        bindings,
        uniform_bytes: variant.uniform_bytes,
        workgroup_size: variant.workgroup_size,
    }
}

fn gpu_with(options: GpuOptions) -> Gpu {
    pollster::block_on(Gpu::request(&AdapterSelection::Default, TABLE, options))
        .expect("these tests need a Vulkan, Metal or Direct3D adapter; lavapipe (mesa-vulkan-drivers) will do")
}

fn gpu() -> Gpu {
    gpu_with(GpuOptions::default())
}

/// A buffer that holds these words.
fn words(gpu: &Gpu, values: &[u32]) -> GpuBuffer {
    let buffer = gpu.create(4 * values.len() as u64, "words").unwrap();
    gpu.write(&buffer, 0, bytemuck::cast_slice(values)).unwrap();
    buffer
}

/// All words of a buffer.
fn read_words(gpu: &Gpu, buffer: &GpuBuffer) -> Vec<u32> {
    let bytes = pollster::block_on(gpu.read(buffer, 0..buffer.bytes())).unwrap();
    bytes.chunks_exact(4).map(bytemuck::pod_read_unaligned).collect()
}

/// The params of `add` and `add_to`.
fn amount(value: u32) -> [u8; 4] {
    value.to_le_bytes()
}
