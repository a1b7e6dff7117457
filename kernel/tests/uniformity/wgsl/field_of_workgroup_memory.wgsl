// field_of_workgroup_memory | features:
struct Entry {
    count: u32,
    bins: array<u32, 3>,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
var<workgroup> tile: array<Entry, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    tile[local_invocation_index] = Entry(local_invocation_index, array<u32, 3>());
    if (tile[0i].count > 4u) {
        workgroupBarrier();
    }
    y[0i] = 1u;
}
