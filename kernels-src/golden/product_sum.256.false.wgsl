// product_sum<256, false> | features:
struct ProductSumParams {
    m: u32,
    n: u32,
    splits: u32,
    y_at: u32,
    y_stride: u32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: ProductSumParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> partials: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    if ((group * 256u + local_invocation_index) < (uniforms.params.m * uniforms.params.n)) {
        var sum: f32 = 0.0f;
        for (var split: u32 = 0u; split < uniforms.params.splits; split++) {
            sum += partials[(((split * uniforms.params.m) * uniforms.params.n) + (group * 256u + local_invocation_index))];
        }
        let v_target = ((uniforms.params.y_at + (((group * 256u + local_invocation_index) / uniforms.params.n) * uniforms.params.y_stride)) + ((group * 256u + local_invocation_index) % uniforms.params.n));
        y[v_target] = sum;
    }
}
