// row_wise_backward<RmsNorm, Subgroups<256>, true, false> | features: subgroups
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

struct RowWiseStatisticGradient {
    sum: f32,
}

struct RowWiseTermGradient {
    x: f32,
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
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;
@group(0) @binding(5) var<storage, read_write> statistics: array<vec2<f32>>;
var<workgroup> scratch: array<f32, 64>;
var<private> subgroup_size: u32;
var<private> subgroup_invocation_id: u32;

fn row_shift_RmsNorm_Subgroups_256_x_scratch(first: u32, n: u32, lane: u32) -> f32 {
    return 0.0f;
}

fn RmsNorm_term(x_1: f32, shift: f32) -> f32 {
    return (x_1 * x_1);
}

fn Subgroups_256_sum_scratch(value: f32, lane: u32) -> f32 {
    let own = subgroupAdd(value);
    if (subgroup_invocation_id == 0u) {
        scratch[(lane / subgroup_size)] = own;
    }
    workgroupBarrier();
    var total: f32 = 0.0f;
    let end = ((256u / subgroup_size) + u32(((256u % subgroup_size) != 0u)));
    for (var subgroup: u32 = 0u; subgroup < end; subgroup++) {
        total += scratch[subgroup];
    }
    workgroupBarrier();
    return total;
}

fn row_sum_RmsNorm_Subgroups_256_x_scratch(first: u32, n: u32, shift: f32, lane: u32) -> f32 {
    var terms: f32 = 0.0f;
    for (var i: u32 = lane; i < n; i += 256u) {
        terms += RmsNorm_term(x[(first + i)], shift);
    }
    return Subgroups_256_sum_scratch(terms, lane);
}

fn RmsNorm_statistic(sum: f32, n: f32, eps: f32) -> f32 {
    return inverseSqrt(((sum / n) + eps));
}

fn weight_true_w(i: u32) -> f32 {
    return w[i];
}

fn RmsNorm_output_gradient(x_1: f32, w_1: f32, statistic: f32, shift: f32, dy_1: f32) -> RowWiseOutputGradient {
    let v = (x_1 * statistic);
    let d_v = (dy_1 * w_1);
    return RowWiseOutputGradient((d_v * statistic), (dy_1 * v), (d_v * x_1));
}

fn RmsNorm_statistic_gradient(sum: f32, n: f32, eps: f32, dy_1: f32) -> RowWiseStatisticGradient {
    let v = inverseSqrt(((sum / n) + eps));
    let q = (((dy_1 * (-0.5f)) * ((v * v) * v)) / n);
    return RowWiseStatisticGradient(q);
}

fn RmsNorm_term_gradient(x_1: f32, shift: f32, dy_1: f32) -> RowWiseTermGradient {
    return RowWiseTermGradient(((dy_1 * x_1) + (dy_1 * x_1)));
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32, @builtin(subgroup_size) subgroup_size_in: u32, @builtin(subgroup_invocation_id) subgroup_invocation_id_in: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    subgroup_size = subgroup_size_in;
    subgroup_invocation_id = subgroup_invocation_id_in;
    let first = (group * uniforms.params.n);
    let shift = row_shift_RmsNorm_Subgroups_256_x_scratch(first, uniforms.params.n, local_invocation_index);
    let sum = row_sum_RmsNorm_Subgroups_256_x_scratch(first, uniforms.params.n, shift, local_invocation_index);
    let statistic = RmsNorm_statistic(sum, f32(uniforms.params.n), uniforms.params.eps);
    if (local_invocation_index == 0u) {
        statistics[group] = vec2(shift, statistic);
    }
    var own: f32 = 0.0f;
    for (var i: u32 = local_invocation_index; i < uniforms.params.n; i += 256u) {
        let at = (first + i);
        own += RmsNorm_output_gradient(x[at], weight_true_w(i), statistic, shift, dy[at]).statistic;
    }
    let by_statistic = Subgroups_256_sum_scratch(own, local_invocation_index);
    let by_sum = RmsNorm_statistic_gradient(sum, f32(uniforms.params.n), uniforms.params.eps, by_statistic).sum;
    for (var i_1: u32 = local_invocation_index; i_1 < uniforms.params.n; i_1 += 256u) {
        let at_1 = (first + i_1);
        let through_output = RmsNorm_output_gradient(x[at_1], weight_true_w(i_1), statistic, shift, dy[at_1]).x;
        let through_sum = RmsNorm_term_gradient(x[at_1], shift, by_sum).x;
        dx[at_1] = (through_output + through_sum);
    }
}
