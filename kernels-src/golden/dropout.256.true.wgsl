// dropout<256, true> | features:
struct DropoutParams {
    n: u32,
    seed: u32,
    stream: u32,
    probability: f32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: DropoutParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

fn pcg(input: u32) -> u32 {
    let state = ((input * 747796405u) + 2891336453u);
    let word = (((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u);
    return ((word >> 22u) ^ word);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    if ((group * 256u + local_invocation_index) >= uniforms.params.n) {
        return;
    }
    let bits = pcg((pcg(((group * 256u + local_invocation_index) + pcg(uniforms.params.seed))) ^ uniforms.params.stream));
    let stays = ((f32((bits >> 8u)) * 5.9604645e-8f) >= uniforms.params.probability);
    let value = select(0.0f, (x[(group * 256u + local_invocation_index)] / (1.0f - uniforms.params.probability)), stays);
    y[(group * 256u + local_invocation_index)] += value;
}
