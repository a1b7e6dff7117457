// map_backward<Activated<GeluTanh>, 256> | features:
struct ElementwiseParams {
    n: u32,
    factor: f32,
}

struct MapValueGradient {
    x: f32,
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
    params: ElementwiseParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> d: array<f32>;

fn gelu_tanh(u: f32) -> f32 {
    return tanh(clamp(((0.7978846f * u) * (1.0f + ((0.044715f * u) * u))), (-10.0f), 10.0f));
}

fn gelu_tanh_gradient(u: f32, dy: f32) -> GeluTanhGradient {
    let v_3 = (0.7978846f * u);
    let v_4 = (0.044715f * u);
    let v_2 = (1.0f + (v_4 * u));
    let v_1 = (v_3 * v_2);
    let v = tanh(clamp(v_1, (-10.0f), 10.0f));
    let d_v_1 = select(0.0f, (dy - (dy * (v * v))), ((v_1 >= (-10.0f)) && (v_1 <= 10.0f)));
    let d_v = (d_v_1 * v_3);
    return GeluTanhGradient((((d_v * v_4) + ((d_v * u) * 0.044715f)) + ((d_v_1 * v_2) * 0.7978846f)));
}

fn GeluTanh_value_gradient(u: f32, dy: f32) -> ActivationValueGradient {
    let v_1 = (0.5f * u);
    let v = (1.0f + gelu_tanh(u));
    let g = gelu_tanh_gradient(u, (dy * v_1));
    return ActivationValueGradient((g.u + ((dy * v) * 0.5f)));
}

fn Activated_GeluTanh_value_gradient(x_1: f32, factor: f32, dy: f32) -> MapValueGradient {
    let g = GeluTanh_value_gradient(x_1, dy);
    return MapValueGradient(g.u);
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
    d[(group * 256u + local_invocation_index)] = Activated_GeluTanh_value_gradient(x[(group * 256u + local_invocation_index)], uniforms.params.factor, d[(group * 256u + local_invocation_index)]).x;
}
