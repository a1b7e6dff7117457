// row_wise_weight_backward<RmsNorm, 256> | features:
struct RowWiseParams {
    rows: u32,
    n: u32,
    eps: f32,
}

struct RowWiseOutputGradient {
    x: f32,
    w: f32,
    statistic: f32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: RowWiseParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read> statistics: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read_write> dw: array<f32>;

fn RmsNorm_output_gradient(x_1: f32, w_1: f32, statistic: f32, shift: f32, dy_1: f32) -> RowWiseOutputGradient {
    let v = (x_1 * statistic);
    let d_v = (dy_1 * w_1);
    return RowWiseOutputGradient((d_v * statistic), (dy_1 * v), (d_v * x_1));
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
    var sum: f32 = 0.0f;
    for (var row: u32 = 0u; row < uniforms.params.rows; row++) {
        let at = ((row * uniforms.params.n) + (group * 256u + local_invocation_index));
        let of_row = statistics[row];
        sum += RmsNorm_output_gradient(x[at], w[(group * 256u + local_invocation_index)], of_row.y, of_row.x, dy[at]).w;
    }
    dw[(group * 256u + local_invocation_index)] = sum;
}
