// qkv<F16, F16, Tree<64>, 4, false> | features:
struct QkvParams {
    rows_a: u32,
    rows_b: u32,
    k: u32,
    eps: f32,
    scale: f32,
}

struct Prologue {
    post: f32,
    scale: f32,
}

struct Eight {
    lo: vec4<f32>,
    hi: vec4<f32>,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: QkvParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> h: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> o: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> w_post: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> w_next: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> h_out: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> wa: array<u32>;
@group(0) @binding(7) var<storage, read> wb: array<u32>;
@group(0) @binding(8) var<storage, read_write> y: array<f32>;
var<workgroup> scratch: array<f32, 256>;

fn prologue_Tree_64_false_o_scratch(lane: u32, n: u32, eps: f32, scale: f32) -> Prologue {
    var post: f32 = 0.0f;
    return Prologue(post, scale);
}

fn stream_false_h_o_w_post(i: u32, prologue: Prologue) -> vec4<f32> {
    return (h[i] * prologue.scale);
}

fn Tree_64_sum_scratch(value: f32, lane: u32) -> f32 {
    scratch[lane] = value;
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

fn next_norm_Tree_64_false_h_o_w_post_scratch(lane: u32, n: u32, eps: f32, prologue: Prologue) -> f32 {
    var squares: vec4<f32> = vec4<f32>(0.0f);
    let end = (n / 4u);
    for (var i: u32 = lane; i < end; i += 64u) {
        let value = stream_false_h_o_w_post(i, prologue);
        squares = fma(value, value, squares);
    }
    let sum = Tree_64_sum_scratch(dot(squares, vec4<f32>(1.0f)), lane);
    return inverseSqrt(((sum / f32(n)) + eps));
}

fn store_stream_Tree_64_false_h_o_w_post_h_out(lane: u32, n: u32, prologue: Prologue) {
    let end = (n / 4u);
    for (var i: u32 = lane; i < end; i += 64u) {
        h_out[i] = stream_false_h_o_w_post(i, prologue);
    }
}

fn row_bytes_F16(k: u32) -> u32 {
    return ((k / 8u) * 16u);
}

fn block_byte_F16(chunk: u32) -> u32 {
    return ((chunk / 1u) * 16u);
}

fn F16_lo_at(chunk: u32) -> u32 {
    return (chunk * 8u);
}

fn lo_in_row_F16(chunk: u32) -> u32 {
    return (((chunk / 1u) * 8u) + F16_lo_at((chunk % 1u)));
}

fn input_false_true_h_o_w_post_w_next(i: u32, prologue: Prologue) -> vec4<f32> {
    return (stream_false_h_o_w_post(i, prologue) * w_next[i]);
}

fn F16_hi_at(chunk: u32) -> u32 {
    return ((chunk * 8u) + 4u);
}

fn hi_in_row_F16(chunk: u32) -> u32 {
    return (((chunk / 1u) * 8u) + F16_hi_at((chunk % 1u)));
}

fn four_halves(first: u32, second: u32) -> vec4<f32> {
    let low = unpack2x16float(first);
    let high = unpack2x16float(second);
    return vec4(low.x, low.y, high.x, high.y);
}

fn F16_codes_wa(byte: u32, chunk: u32) -> Eight {
    let at = ((byte / 4u) + (chunk * 4u));
    return Eight(four_halves(wa[at], wa[(at + 1u)]), four_halves(wa[(at + 2u)], wa[(at + 3u)]));
}

fn row_dots_F16_Tree_64_4_false_true_h_o_w_post_w_next_wa(lane: u32, row: u32, last: u32, k: u32, prologue: Prologue, sums: ptr<function, array<f32, 4>>) {
    let bytes = row_bytes_F16(k);
    let end = (k / 8u);
    for (var span: u32 = lane; span < end; span += 64u) {
        let first = (span * 1u);
        let block = block_byte_F16(first);
        let inside = (first % 1u);
        var lo: array<vec4<f32>, 4> = array<vec4<f32>, 4>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
        var hi: array<vec4<f32>, 4> = array<vec4<f32>, 4>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
        var lo_input: vec4<f32> = vec4<f32>(0.0f);
        var hi_input: vec4<f32> = vec4<f32>(0.0f);
        let x_lo = input_false_true_h_o_w_post_w_next((lo_in_row_F16((first + 0u)) / 4u), prologue);
        let x_hi = input_false_true_h_o_w_post_w_next((hi_in_row_F16((first + 0u)) / 4u), prologue);
        let codes = F16_codes_wa(((min((row + 0u), last) * bytes) + block), (inside + 0u));
        lo[0u] = fma(codes.lo, x_lo, lo[0u]);
        hi[0u] = fma(codes.hi, x_hi, hi[0u]);
        let codes_1 = F16_codes_wa(((min((row + 1u), last) * bytes) + block), (inside + 0u));
        lo[1u] = fma(codes_1.lo, x_lo, lo[1u]);
        hi[1u] = fma(codes_1.hi, x_hi, hi[1u]);
        let codes_2 = F16_codes_wa(((min((row + 2u), last) * bytes) + block), (inside + 0u));
        lo[2u] = fma(codes_2.lo, x_lo, lo[2u]);
        hi[2u] = fma(codes_2.hi, x_hi, hi[2u]);
        let codes_3 = F16_codes_wa(((min((row + 3u), last) * bytes) + block), (inside + 0u));
        lo[3u] = fma(codes_3.lo, x_lo, lo[3u]);
        hi[3u] = fma(codes_3.hi, x_hi, hi[3u]);
        let ones = vec4<f32>(1.0f);
        (*sums)[0u] += dot((lo[0u] + hi[0u]), ones);
        let ones_1 = vec4<f32>(1.0f);
        (*sums)[1u] += dot((lo[1u] + hi[1u]), ones_1);
        let ones_2 = vec4<f32>(1.0f);
        (*sums)[2u] += dot((lo[2u] + hi[2u]), ones_2);
        let ones_3 = vec4<f32>(1.0f);
        (*sums)[3u] += dot((lo[3u] + hi[3u]), ones_3);
    }
}

fn F16_codes_wb(byte: u32, chunk: u32) -> Eight {
    let at = ((byte / 4u) + (chunk * 4u));
    return Eight(four_halves(wb[at], wb[(at + 1u)]), four_halves(wb[(at + 2u)], wb[(at + 3u)]));
}

fn row_dots_F16_Tree_64_4_false_true_h_o_w_post_w_next_wb(lane: u32, row: u32, last: u32, k: u32, prologue: Prologue, sums: ptr<function, array<f32, 4>>) {
    let bytes = row_bytes_F16(k);
    let end = (k / 8u);
    for (var span: u32 = lane; span < end; span += 64u) {
        let first = (span * 1u);
        let block = block_byte_F16(first);
        let inside = (first % 1u);
        var lo: array<vec4<f32>, 4> = array<vec4<f32>, 4>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
        var hi: array<vec4<f32>, 4> = array<vec4<f32>, 4>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
        var lo_input: vec4<f32> = vec4<f32>(0.0f);
        var hi_input: vec4<f32> = vec4<f32>(0.0f);
        let x_lo = input_false_true_h_o_w_post_w_next((lo_in_row_F16((first + 0u)) / 4u), prologue);
        let x_hi = input_false_true_h_o_w_post_w_next((hi_in_row_F16((first + 0u)) / 4u), prologue);
        let codes = F16_codes_wb(((min((row + 0u), last) * bytes) + block), (inside + 0u));
        lo[0u] = fma(codes.lo, x_lo, lo[0u]);
        hi[0u] = fma(codes.hi, x_hi, hi[0u]);
        let codes_1 = F16_codes_wb(((min((row + 1u), last) * bytes) + block), (inside + 0u));
        lo[1u] = fma(codes_1.lo, x_lo, lo[1u]);
        hi[1u] = fma(codes_1.hi, x_hi, hi[1u]);
        let codes_2 = F16_codes_wb(((min((row + 2u), last) * bytes) + block), (inside + 0u));
        lo[2u] = fma(codes_2.lo, x_lo, lo[2u]);
        hi[2u] = fma(codes_2.hi, x_hi, hi[2u]);
        let codes_3 = F16_codes_wb(((min((row + 3u), last) * bytes) + block), (inside + 0u));
        lo[3u] = fma(codes_3.lo, x_lo, lo[3u]);
        hi[3u] = fma(codes_3.hi, x_hi, hi[3u]);
        let ones = vec4<f32>(1.0f);
        (*sums)[0u] += dot((lo[0u] + hi[0u]), ones);
        let ones_1 = vec4<f32>(1.0f);
        (*sums)[1u] += dot((lo[1u] + hi[1u]), ones_1);
        let ones_2 = vec4<f32>(1.0f);
        (*sums)[2u] += dot((lo[2u] + hi[2u]), ones_2);
        let ones_3 = vec4<f32>(1.0f);
        (*sums)[3u] += dot((lo[3u] + hi[3u]), ones_3);
    }
}

fn Tree_64_sums_4_scratch(values: ptr<function, array<f32, 4>>, lane: u32) {
    scratch[(0u + lane)] = (*values)[0u];
    scratch[(64u + lane)] = (*values)[1u];
    scratch[(128u + lane)] = (*values)[2u];
    scratch[(192u + lane)] = (*values)[3u];
    workgroupBarrier();
    if (lane < 32u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 32u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 32u)];
        scratch[(128u + lane)] += scratch[((128u + lane) + 32u)];
        scratch[(192u + lane)] += scratch[((192u + lane) + 32u)];
    }
    workgroupBarrier();
    if (lane < 16u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 16u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 16u)];
        scratch[(128u + lane)] += scratch[((128u + lane) + 16u)];
        scratch[(192u + lane)] += scratch[((192u + lane) + 16u)];
    }
    workgroupBarrier();
    if (lane < 8u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 8u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 8u)];
        scratch[(128u + lane)] += scratch[((128u + lane) + 8u)];
        scratch[(192u + lane)] += scratch[((192u + lane) + 8u)];
    }
    workgroupBarrier();
    if (lane < 4u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 4u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 4u)];
        scratch[(128u + lane)] += scratch[((128u + lane) + 4u)];
        scratch[(192u + lane)] += scratch[((192u + lane) + 4u)];
    }
    workgroupBarrier();
    if (lane < 2u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 2u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 2u)];
        scratch[(128u + lane)] += scratch[((128u + lane) + 2u)];
        scratch[(192u + lane)] += scratch[((192u + lane) + 2u)];
    }
    workgroupBarrier();
    if (lane < 1u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 1u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 1u)];
        scratch[(128u + lane)] += scratch[((128u + lane) + 1u)];
        scratch[(192u + lane)] += scratch[((192u + lane) + 1u)];
    }
    workgroupBarrier();
    (*values)[0u] = scratch[0u];
    (*values)[1u] = scratch[64u];
    (*values)[2u] = scratch[128u];
    (*values)[3u] = scratch[192u];
    workgroupBarrier();
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let before = prologue_Tree_64_false_o_scratch(local_invocation_index, uniforms.params.k, uniforms.params.eps, uniforms.params.scale);
    let norm = next_norm_Tree_64_false_h_o_w_post_scratch(local_invocation_index, uniforms.params.k, uniforms.params.eps, before);
    if (group == 0u) {
        store_stream_Tree_64_false_h_o_w_post_h_out(local_invocation_index, uniforms.params.k, before);
    }
    let groups_a = ((uniforms.params.rows_a + 3u) / 4u);
    var row: u32 = (group * 4u);
    var rows: u32 = uniforms.params.rows_a;
    var y_at: u32 = 0u;
    var sums: array<f32, 4> = array<f32, 4>();
    if (group < groups_a) {
        row_dots_F16_Tree_64_4_false_true_h_o_w_post_w_next_wa(local_invocation_index, row, (rows - 1u), uniforms.params.k, before, &sums);
    } else {
        row = ((group - groups_a) * 4u);
        rows = uniforms.params.rows_b;
        y_at = uniforms.params.rows_a;
        row_dots_F16_Tree_64_4_false_true_h_o_w_post_w_next_wb(local_invocation_index, row, (rows - 1u), uniforms.params.k, before, &sums);
    }
    Tree_64_sums_4_scratch(&sums, local_invocation_index);
    if (local_invocation_index == 0u) {
        if ((row + 0u) < rows) {
            y[((y_at + row) + 0u)] = (sums[0u] * norm);
        }
        if ((row + 1u) < rows) {
            y[((y_at + row) + 1u)] = (sums[1u] * norm);
        }
        if ((row + 2u) < rows) {
            y[((y_at + row) + 2u)] = (sums[2u] * norm);
        }
        if ((row + 3u) < rows) {
            y[((y_at + row) + 3u)] = (sums[3u] * norm);
        }
    }
}
