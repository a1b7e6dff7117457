// cross_entropy<Softcap, 256> | features:
struct CrossEntropyParams {
    rows: u32,
    n: u32,
    factor: f32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: CrossEntropyParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> running: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read> target_products: array<f32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> losses: array<vec2<f32>>;

fn Softcap_value(x: f32, factor: f32) -> f32 {
    return (factor * tanh(clamp((x / factor), (-10.0f), 10.0f)));
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    if ((group * 256u + local_invocation_index) >= uniforms.params.rows) {
        return;
    }
    let of_row = running[(group * 256u + local_invocation_index)];
    let logit = Softcap_value(target_products[(group * 256u + local_invocation_index)], uniforms.params.factor);
    let loss = ((of_row.x - logit) + log(of_row.y));
    losses[(group * 256u + local_invocation_index)] = vec2((loss * weights[(group * 256u + local_invocation_index)]), select(0.0f, 1.0f, (logit >= of_row.x)));
}
