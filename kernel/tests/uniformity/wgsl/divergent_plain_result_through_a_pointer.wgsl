// divergent_plain_result_through_a_pointer | features:
struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;

fn v_set(value: ptr<function, u32>, to: u32) {
    (*value) = to;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    var a: u32 = 0u;
    v_set(&a, local_invocation_index);
    if (a > 4u) {
        workgroupBarrier();
    }
    y[0i] = 1u;
}
