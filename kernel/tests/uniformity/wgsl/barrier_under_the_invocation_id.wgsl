// barrier_under_the_invocation_id | features: subgroups
struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
var<private> subgroup_size: u32;
var<private> subgroup_invocation_id: u32;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32, @builtin(subgroup_size) subgroup_size_in: u32, @builtin(subgroup_invocation_id) subgroup_invocation_id_in: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    subgroup_size = subgroup_size_in;
    subgroup_invocation_id = subgroup_invocation_id_in;
    if (subgroup_invocation_id == 0u) {
        workgroupBarrier();
    }
    y[local_invocation_index] = 1u;
}
