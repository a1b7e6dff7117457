// row_wise<Softmax, Tree<256>, false> | features:
struct RowWiseParams {
    rows: u32,
    n: u32,
    eps: f32,
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
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
var<workgroup> scratch: array<f32, 256>;

fn Tree_256_max_scratch(value: f32, lane: u32) -> f32 {
    scratch[lane] = value;
    workgroupBarrier();
    if (lane < 128u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 128u)]);
    }
    workgroupBarrier();
    if (lane < 64u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 64u)]);
    }
    workgroupBarrier();
    if (lane < 32u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 32u)]);
    }
    workgroupBarrier();
    if (lane < 16u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 16u)]);
    }
    workgroupBarrier();
    if (lane < 8u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 8u)]);
    }
    workgroupBarrier();
    if (lane < 4u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 4u)]);
    }
    workgroupBarrier();
    if (lane < 2u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 2u)]);
    }
    workgroupBarrier();
    if (lane < 1u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 1u)]);
    }
    workgroupBarrier();
    let greatest = scratch[0i];
    workgroupBarrier();
    return greatest;
}

fn row_shift_Softmax_Tree_256_x_scratch(first: u32, n: u32, lane: u32) -> f32 {
    var greatest: f32 = x[first];
    for (var i: u32 = lane; i < n; i += 256u) {
        greatest = max(greatest, x[(first + i)]);
    }
    return Tree_256_max_scratch(greatest, lane);
}

fn Softmax_term(x_1: f32, shift: f32) -> f32 {
    return exp((x_1 - shift));
}

fn Tree_256_sum_scratch(value: f32, lane: u32) -> f32 {
    scratch[lane] = value;
    workgroupBarrier();
    if (lane < 128u) {
        scratch[lane] += scratch[(lane + 128u)];
    }
    workgroupBarrier();
    if (lane < 64u) {
        scratch[lane] += scratch[(lane + 64u)];
    }
    workgroupBarrier();
    if (lane < 32u) {
        scratch[lane] += scratch[(lane + 32u)];
    }
    workgroupBarrier();
    if (lane < 16u) {
        scratch[lane] += scratch[(lane + 16u)];
    }
    workgroupBarrier();
    if (lane < 8u) {
        scratch[lane] += scratch[(lane + 8u)];
    }
    workgroupBarrier();
    if (lane < 4u) {
        scratch[lane] += scratch[(lane + 4u)];
    }
    workgroupBarrier();
    if (lane < 2u) {
        scratch[lane] += scratch[(lane + 2u)];
    }
    workgroupBarrier();
    if (lane < 1u) {
        scratch[lane] += scratch[(lane + 1u)];
    }
    workgroupBarrier();
    let total = scratch[0i];
    workgroupBarrier();
    return total;
}

fn row_sum_Softmax_Tree_256_x_scratch(first: u32, n: u32, shift: f32, lane: u32) -> f32 {
    var terms: f32 = 0.0f;
    for (var i: u32 = lane; i < n; i += 256u) {
        terms += Softmax_term(x[(first + i)], shift);
    }
    return Tree_256_sum_scratch(terms, lane);
}

fn Softmax_statistic(sum: f32, n: f32, eps: f32) -> f32 {
    return (1.0f / sum);
}

fn weight_false_w(i: u32) -> f32 {
    return 1.0f;
}

fn Softmax_output(x_1: f32, w_1: f32, statistic: f32, shift: f32) -> f32 {
    return ((exp((x_1 - shift)) * statistic) * w_1);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let first = (group * uniforms.params.n);
    let shift = row_shift_Softmax_Tree_256_x_scratch(first, uniforms.params.n, local_invocation_index);
    let sum = row_sum_Softmax_Tree_256_x_scratch(first, uniforms.params.n, shift, local_invocation_index);
    let statistic = Softmax_statistic(sum, f32(uniforms.params.n), uniforms.params.eps);
    for (var i: u32 = local_invocation_index; i < uniforms.params.n; i += 256u) {
        y[(first + i)] = Softmax_output(x[(first + i)], weight_false_w(i), statistic, shift);
    }
}
