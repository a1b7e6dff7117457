// mask_of_params | features:
struct Shape {
    n: u32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: Shape,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let mask = (vec2(group, uniforms.params.n) < vec2(4u, 5u));
    if (any(mask) && all((select(vec2(1i, 2i), vec2(3i, 4i), mask) != vec2(1i, 1i)))) {
        workgroupBarrier();
    }
    y[0i] = 1u;
}
