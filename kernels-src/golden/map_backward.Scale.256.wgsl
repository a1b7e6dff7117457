// map_backward<Scale, 256> | features:
struct ElementwiseParams {
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
    params: ElementwiseParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> d: array<f32>;

fn Scale_value_gradient(x_1: f32, factor: f32, dy: f32) -> MapValueGradient {
    return MapValueGradient((dy * factor));
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
    d[(group * 256u + local_invocation_index)] = Scale_value_gradient(x[(group * 256u + local_invocation_index)], uniforms.params.factor, d[(group * 256u + local_invocation_index)]).x;
}
