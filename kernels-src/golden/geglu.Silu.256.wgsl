// geglu<Silu, 256> | features:
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

fn Silu_value(u: f32) -> f32 {
    return (u / (1.0f + exp(min((-u), 87.0f))));
}

fn gated_Silu(gate_1: f32, up_1: f32) -> f32 {
    return (Silu_value(gate_1) * up_1);
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
    y[(group * 256u + local_invocation_index)] = gated_Silu(u, up[((uniforms.params.up_at + (row * uniforms.params.up_stride)) + column)]);
}
