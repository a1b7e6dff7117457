// select_by_a_mask_of_the_lane | features:
struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let chosen = select(vec2(1u, 2u), vec2(3u, 4u), (vec2(local_invocation_index, 1u) == vec2(4u, 1u)));
    if all((chosen > vec2(1u, 1u))) {
        workgroupBarrier();
    }
    y[0i] = 1u;
}
