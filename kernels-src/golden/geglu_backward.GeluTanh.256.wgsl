// geglu_backward<GeluTanh, 256> | features:
struct GegluParams {
    rows: u32,
    n: u32,
    gate_at: u32,
    gate_stride: u32,
    up_at: u32,
    up_stride: u32,
}

struct GatedGradient {
    gate: f32,
    up: f32,
}

struct ActivationValueGradient {
    u: f32,
}

struct GeluTanhGradient {
    u: f32,
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
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> d_gate: array<f32>;
@group(0) @binding(5) var<storage, read_write> d_up: array<f32>;

fn gelu_tanh(u: f32) -> f32 {
    return tanh(clamp(((0.7978846f * u) * (1.0f + ((0.044715f * u) * u))), (-10.0f), 10.0f));
}

fn GeluTanh_value(u: f32) -> f32 {
    return ((0.5f * u) * (1.0f + gelu_tanh(u)));
}

fn gelu_tanh_gradient(u: f32, dy_1: f32) -> GeluTanhGradient {
    let v_3 = (0.7978846f * u);
    let v_4 = (0.044715f * u);
    let v_2 = (1.0f + (v_4 * u));
    let v_1 = (v_3 * v_2);
    let v = tanh(clamp(v_1, (-10.0f), 10.0f));
    let d_v_1 = select(0.0f, (dy_1 - (dy_1 * (v * v))), ((v_1 >= (-10.0f)) && (v_1 <= 10.0f)));
    let d_v = (d_v_1 * v_3);
    return GeluTanhGradient((((d_v * v_4) + ((d_v * u) * 0.044715f)) + ((d_v_1 * v_2) * 0.7978846f)));
}

fn GeluTanh_value_gradient(u: f32, dy_1: f32) -> ActivationValueGradient {
    let v_1 = (0.5f * u);
    let v = (1.0f + gelu_tanh(u));
    let g = gelu_tanh_gradient(u, (dy_1 * v_1));
    return ActivationValueGradient((g.u + ((dy_1 * v) * 0.5f)));
}

fn gated_gradient_GeluTanh(gate_1: f32, up_1: f32, dy_1: f32) -> GatedGradient {
    let v = GeluTanh_value(gate_1);
    let g = GeluTanh_value_gradient(gate_1, (dy_1 * up_1));
    return GatedGradient(g.u, (dy_1 * v));
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
    let other = up[((uniforms.params.up_at + (row * uniforms.params.up_stride)) + column)];
    let gradient = gated_gradient_GeluTanh(u, other, dy[(group * 256u + local_invocation_index)]);
    d_gate[(group * 256u + local_invocation_index)] = gradient.gate;
    d_up[(group * 256u + local_invocation_index)] = gradient.up;
}
