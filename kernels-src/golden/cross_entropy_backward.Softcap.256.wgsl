// cross_entropy_backward<Softcap, 256> | features:
struct CrossEntropyParams {
    rows: u32,
    n: u32,
    factor: f32,
}

struct MapValueGradient {
    x: f32,
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
@group(0) @binding(4) var<storage, read> sums: array<f32>;
@group(0) @binding(5) var<storage, read> target_rows: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<f32>;

fn Softcap_value_gradient(x: f32, factor: f32, dy: f32) -> MapValueGradient {
    let v_1 = (x / factor);
    let v = tanh(clamp(v_1, (-10.0f), 10.0f));
    let q = (select(0.0f, ((dy * factor) - ((dy * factor) * (v * v))), ((v_1 >= (-10.0f)) && (v_1 <= 10.0f))) / factor);
    return MapValueGradient(q);
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
    let of_row = running[row];
    let of_target = Softcap_value_gradient(target_products[row], uniforms.params.factor, 1.0f).x;
    dx[(group * 256u + local_invocation_index)] = (weights[row] * ((sums[(group * 256u + local_invocation_index)] / of_row.y) - (of_target * target_rows[(group * 256u + local_invocation_index)])));
}
