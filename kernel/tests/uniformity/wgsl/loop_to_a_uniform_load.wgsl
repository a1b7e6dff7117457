// loop_to_a_uniform_load | features:
struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
var<workgroup> s: array<u32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    s[local_invocation_index] = local_invocation_index;
    let start = 0u;
    let end = workgroupUniformLoad(&s[7i]);
    for (var i: u32 = start; i < end; i++) {
        y[local_invocation_index] = i;
        workgroupBarrier();
    }
}
