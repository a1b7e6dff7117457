// advance<true> | features:
struct AdvanceParams {
    run: u32,
    slot: u32,
    ring: u32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: AdvanceParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> sampled: array<u32>;
@group(0) @binding(2) var<storage, read_write> state: array<u32>;
@group(0) @binding(3) var<storage, read_write> history: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let position = (state[0i] + uniforms.params.run);
    state[0i] = position;
    let token = sampled[uniforms.params.slot];
    state[1i] = token;
    state[2i] += 1u;
    history[(position % uniforms.params.ring)] = token;
}
