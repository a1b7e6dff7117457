// geglu<GeluErf, 256> | features:
struct GegluParams {
    rows: u32,
    n: u32,
    gate_at: u32,
    gate_stride: u32,
    up_at: u32,
    up_stride: u32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: GegluParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> gate: array<f32>;
@group(0) @binding(2) var<storage, read> up: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

fn normal_cdf(u: f32) -> f32 {
    let x = (abs(u) * 0.70710677f);
    let t = (1.0f / (1.0f + (0.3275911f * x)));
    let polynomial = (t * (0.2548296f + (t * ((-0.28449672f) + (t * (1.4214138f + (t * ((-1.4531521f) + (t * 1.0614054f)))))))));
    let bounded = min(x, 9.0f);
    let tail = ((0.5f * polynomial) * exp((-(bounded * bounded))));
    return select(tail, (1.0f - tail), (u >= 0.0f));
}

fn GeluErf_value(u: f32) -> f32 {
    return (u * normal_cdf(u));
}

fn gated_GeluErf(gate_1: f32, up_1: f32) -> f32 {
    return (GeluErf_value(gate_1) * up_1);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    if ((group * 256u + local_invocation_index) >= (uniforms.params.rows * uniforms.params.n)) {
        return;
    }
    let row = ((group * 256u + local_invocation_index) / uniforms.params.n);
    let column = ((group * 256u + local_invocation_index) % uniforms.params.n);
    let u = gate[((uniforms.params.gate_at + (row * uniforms.params.gate_stride)) + column)];
    y[(group * 256u + local_invocation_index)] = gated_GeluErf(u, up[((uniforms.params.up_at + (row * uniforms.params.up_stride)) + column)]);
}
