// zip<AddThenScale, 256> | features:
struct ElementwiseParams {
    n: u32,
    factor: f32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: ElementwiseParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> other: array<f32>;
@group(0) @binding(2) var<storage, read_write> x: array<f32>;

fn AddThenScale_value(x_1: f32, other_1: f32, factor: f32) -> f32 {
    return ((x_1 + other_1) * factor);
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
    x[(group * 256u + local_invocation_index)] = AddThenScale_value(x[(group * 256u + local_invocation_index)], other[(group * 256u + local_invocation_index)], uniforms.params.factor);
}
