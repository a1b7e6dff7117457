// scale_rows<256> | features:
struct ScaleRowsParams {
    rows: u32,
    n: u32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: ScaleRowsParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> factors: array<f32>;
@group(0) @binding(2) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    if ((group * 256u + local_invocation_index) >= (uniforms.params.rows * uniforms.params.n)) {
        return;
    }
    x[(group * 256u + local_invocation_index)] = (x[(group * 256u + local_invocation_index)] * factors[((group * 256u + local_invocation_index) / uniforms.params.n)]);
}
