// adamw<256> | features:
struct AdamWParams {
    n: u32,
    lr: f32,
    beta1: f32,
    beta2: f32,
    rest1: f32,
    rest2: f32,
    correction1: f32,
    correction2: f32,
    eps: f32,
    decay: f32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: AdamWParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read> clip: array<f32>;
@group(0) @binding(3) var<storage, read_write> parameter: array<f32>;
@group(0) @binding(4) var<storage, read_write> m: array<f32>;
@group(0) @binding(5) var<storage, read_write> v: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    if ((group * 256u + local_invocation_index) >= uniforms.params.n) {
        return;
    }
    let g = (gradient[(group * 256u + local_invocation_index)] * clip[0i]);
    let first = ((uniforms.params.beta1 * m[(group * 256u + local_invocation_index)]) + (uniforms.params.rest1 * g));
    let second = ((uniforms.params.beta2 * v[(group * 256u + local_invocation_index)]) + ((uniforms.params.rest2 * g) * g));
    let v_step = ((first * uniforms.params.correction1) / (sqrt((second * uniforms.params.correction2)) + uniforms.params.eps));
    let before = parameter[(group * 256u + local_invocation_index)];
    m[(group * 256u + local_invocation_index)] = first;
    v[(group * 256u + local_invocation_index)] = second;
    parameter[(group * 256u + local_invocation_index)] = (before - (uniforms.params.lr * (v_step + (uniforms.params.decay * before))));
}
