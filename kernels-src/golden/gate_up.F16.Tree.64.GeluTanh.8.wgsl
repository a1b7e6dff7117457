// gate_up<F16, Tree<64>, GeluTanh, 8> | features:
struct GateUpParams {
    rows: u32,
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
    params: GateUpParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> h: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> o: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> w_post: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> w_next: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> h_out: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> w_gate: array<u32>;
@group(0) @binding(7) var<storage, read> w_up: array<u32>;
@group(0) @binding(8) var<storage, read_write> y: array<f32>;
var<workgroup> scratch: array<f32, 512>;

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

fn prologue_Tree_64_true_o_scratch(lane: u32, n: u32, eps: f32, scale: f32) -> Prologue {
    var post: f32 = 0.0f;
    var squares: vec4<f32> = vec4<f32>(0.0f);
    let end = (n / 4u);
    for (var i: u32 = lane; i < end; i += 64u) {
        squares = fma(o[i], o[i], squares);
    }
    let sum = Tree_64_sum_scratch(dot(squares, vec4<f32>(1.0f)), lane);
    post = (scale * inverseSqrt(((sum / f32(n)) + eps)));
    return Prologue(post, scale);
}

fn stream_true_h_o_w_post(i: u32, prologue: Prologue) -> vec4<f32> {
    return fma((o[i] * w_post[i]), vec4<f32>(prologue.post), (h[i] * prologue.scale));
}

fn next_norm_Tree_64_true_h_o_w_post_scratch(lane: u32, n: u32, eps: f32, prologue: Prologue) -> f32 {
    var squares: vec4<f32> = vec4<f32>(0.0f);
    let end = (n / 4u);
    for (var i: u32 = lane; i < end; i += 64u) {
        let value = stream_true_h_o_w_post(i, prologue);
        squares = fma(value, value, squares);
    }
    let sum = Tree_64_sum_scratch(dot(squares, vec4<f32>(1.0f)), lane);
    return inverseSqrt(((sum / f32(n)) + eps));
}

fn store_stream_Tree_64_true_h_o_w_post_h_out(lane: u32, n: u32, prologue: Prologue) {
    let end = (n / 4u);
    for (var i: u32 = lane; i < end; i += 64u) {
        h_out[i] = stream_true_h_o_w_post(i, prologue);
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

fn input_true_true_h_o_w_post_w_next(i: u32, prologue: Prologue) -> vec4<f32> {
    return (stream_true_h_o_w_post(i, prologue) * w_next[i]);
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

fn F16_codes_w_gate(byte: u32, chunk: u32) -> Eight {
    let at = ((byte / 4u) + (chunk * 4u));
    return Eight(four_halves(w_gate[at], w_gate[(at + 1u)]), four_halves(w_gate[(at + 2u)], w_gate[(at + 3u)]));
}

fn row_dots_F16_Tree_64_8_true_true_h_o_w_post_w_next_w_gate(lane: u32, row: u32, last: u32, k: u32, prologue: Prologue, sums: ptr<function, array<f32, 8>>) {
    let bytes = row_bytes_F16(k);
    let end = (k / 8u);
    for (var span: u32 = lane; span < end; span += 64u) {
        let first = (span * 1u);
        let block = block_byte_F16(first);
        let inside = (first % 1u);
        var lo: array<vec4<f32>, 8> = array<vec4<f32>, 8>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
        var hi: array<vec4<f32>, 8> = array<vec4<f32>, 8>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
        var lo_input: vec4<f32> = vec4<f32>(0.0f);
        var hi_input: vec4<f32> = vec4<f32>(0.0f);
        let x_lo = input_true_true_h_o_w_post_w_next((lo_in_row_F16((first + 0u)) / 4u), prologue);
        let x_hi = input_true_true_h_o_w_post_w_next((hi_in_row_F16((first + 0u)) / 4u), prologue);
        let codes = F16_codes_w_gate(((min((row + 0u), last) * bytes) + block), (inside + 0u));
        lo[0u] = fma(codes.lo, x_lo, lo[0u]);
        hi[0u] = fma(codes.hi, x_hi, hi[0u]);
        let codes_1 = F16_codes_w_gate(((min((row + 1u), last) * bytes) + block), (inside + 0u));
        lo[1u] = fma(codes_1.lo, x_lo, lo[1u]);
        hi[1u] = fma(codes_1.hi, x_hi, hi[1u]);
        let codes_2 = F16_codes_w_gate(((min((row + 2u), last) * bytes) + block), (inside + 0u));
        lo[2u] = fma(codes_2.lo, x_lo, lo[2u]);
        hi[2u] = fma(codes_2.hi, x_hi, hi[2u]);
        let codes_3 = F16_codes_w_gate(((min((row + 3u), last) * bytes) + block), (inside + 0u));
        lo[3u] = fma(codes_3.lo, x_lo, lo[3u]);
        hi[3u] = fma(codes_3.hi, x_hi, hi[3u]);
        let codes_4 = F16_codes_w_gate(((min((row + 4u), last) * bytes) + block), (inside + 0u));
        lo[4u] = fma(codes_4.lo, x_lo, lo[4u]);
        hi[4u] = fma(codes_4.hi, x_hi, hi[4u]);
        let codes_5 = F16_codes_w_gate(((min((row + 5u), last) * bytes) + block), (inside + 0u));
        lo[5u] = fma(codes_5.lo, x_lo, lo[5u]);
        hi[5u] = fma(codes_5.hi, x_hi, hi[5u]);
        let codes_6 = F16_codes_w_gate(((min((row + 6u), last) * bytes) + block), (inside + 0u));
        lo[6u] = fma(codes_6.lo, x_lo, lo[6u]);
        hi[6u] = fma(codes_6.hi, x_hi, hi[6u]);
        let codes_7 = F16_codes_w_gate(((min((row + 7u), last) * bytes) + block), (inside + 0u));
        lo[7u] = fma(codes_7.lo, x_lo, lo[7u]);
        hi[7u] = fma(codes_7.hi, x_hi, hi[7u]);
        let ones = vec4<f32>(1.0f);
        (*sums)[0u] += dot((lo[0u] + hi[0u]), ones);
        let ones_1 = vec4<f32>(1.0f);
        (*sums)[1u] += dot((lo[1u] + hi[1u]), ones_1);
        let ones_2 = vec4<f32>(1.0f);
        (*sums)[2u] += dot((lo[2u] + hi[2u]), ones_2);
        let ones_3 = vec4<f32>(1.0f);
        (*sums)[3u] += dot((lo[3u] + hi[3u]), ones_3);
        let ones_4 = vec4<f32>(1.0f);
        (*sums)[4u] += dot((lo[4u] + hi[4u]), ones_4);
        let ones_5 = vec4<f32>(1.0f);
        (*sums)[5u] += dot((lo[5u] + hi[5u]), ones_5);
        let ones_6 = vec4<f32>(1.0f);
        (*sums)[6u] += dot((lo[6u] + hi[6u]), ones_6);
        let ones_7 = vec4<f32>(1.0f);
        (*sums)[7u] += dot((lo[7u] + hi[7u]), ones_7);
    }
}

fn F16_codes_w_up(byte: u32, chunk: u32) -> Eight {
    let at = ((byte / 4u) + (chunk * 4u));
    return Eight(four_halves(w_up[at], w_up[(at + 1u)]), four_halves(w_up[(at + 2u)], w_up[(at + 3u)]));
}

fn row_dots_F16_Tree_64_8_true_true_h_o_w_post_w_next_w_up(lane: u32, row: u32, last: u32, k: u32, prologue: Prologue, sums: ptr<function, array<f32, 8>>) {
    let bytes = row_bytes_F16(k);
    let end = (k / 8u);
    for (var span: u32 = lane; span < end; span += 64u) {
        let first = (span * 1u);
        let block = block_byte_F16(first);
        let inside = (first % 1u);
        var lo: array<vec4<f32>, 8> = array<vec4<f32>, 8>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
        var hi: array<vec4<f32>, 8> = array<vec4<f32>, 8>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
        var lo_input: vec4<f32> = vec4<f32>(0.0f);
        var hi_input: vec4<f32> = vec4<f32>(0.0f);
        let x_lo = input_true_true_h_o_w_post_w_next((lo_in_row_F16((first + 0u)) / 4u), prologue);
        let x_hi = input_true_true_h_o_w_post_w_next((hi_in_row_F16((first + 0u)) / 4u), prologue);
        let codes = F16_codes_w_up(((min((row + 0u), last) * bytes) + block), (inside + 0u));
        lo[0u] = fma(codes.lo, x_lo, lo[0u]);
        hi[0u] = fma(codes.hi, x_hi, hi[0u]);
        let codes_1 = F16_codes_w_up(((min((row + 1u), last) * bytes) + block), (inside + 0u));
        lo[1u] = fma(codes_1.lo, x_lo, lo[1u]);
        hi[1u] = fma(codes_1.hi, x_hi, hi[1u]);
        let codes_2 = F16_codes_w_up(((min((row + 2u), last) * bytes) + block), (inside + 0u));
        lo[2u] = fma(codes_2.lo, x_lo, lo[2u]);
        hi[2u] = fma(codes_2.hi, x_hi, hi[2u]);
        let codes_3 = F16_codes_w_up(((min((row + 3u), last) * bytes) + block), (inside + 0u));
        lo[3u] = fma(codes_3.lo, x_lo, lo[3u]);
        hi[3u] = fma(codes_3.hi, x_hi, hi[3u]);
        let codes_4 = F16_codes_w_up(((min((row + 4u), last) * bytes) + block), (inside + 0u));
        lo[4u] = fma(codes_4.lo, x_lo, lo[4u]);
        hi[4u] = fma(codes_4.hi, x_hi, hi[4u]);
        let codes_5 = F16_codes_w_up(((min((row + 5u), last) * bytes) + block), (inside + 0u));
        lo[5u] = fma(codes_5.lo, x_lo, lo[5u]);
        hi[5u] = fma(codes_5.hi, x_hi, hi[5u]);
        let codes_6 = F16_codes_w_up(((min((row + 6u), last) * bytes) + block), (inside + 0u));
        lo[6u] = fma(codes_6.lo, x_lo, lo[6u]);
        hi[6u] = fma(codes_6.hi, x_hi, hi[6u]);
        let codes_7 = F16_codes_w_up(((min((row + 7u), last) * bytes) + block), (inside + 0u));
        lo[7u] = fma(codes_7.lo, x_lo, lo[7u]);
        hi[7u] = fma(codes_7.hi, x_hi, hi[7u]);
        let ones = vec4<f32>(1.0f);
        (*sums)[0u] += dot((lo[0u] + hi[0u]), ones);
        let ones_1 = vec4<f32>(1.0f);
        (*sums)[1u] += dot((lo[1u] + hi[1u]), ones_1);
        let ones_2 = vec4<f32>(1.0f);
        (*sums)[2u] += dot((lo[2u] + hi[2u]), ones_2);
        let ones_3 = vec4<f32>(1.0f);
        (*sums)[3u] += dot((lo[3u] + hi[3u]), ones_3);
        let ones_4 = vec4<f32>(1.0f);
        (*sums)[4u] += dot((lo[4u] + hi[4u]), ones_4);
        let ones_5 = vec4<f32>(1.0f);
        (*sums)[5u] += dot((lo[5u] + hi[5u]), ones_5);
        let ones_6 = vec4<f32>(1.0f);
        (*sums)[6u] += dot((lo[6u] + hi[6u]), ones_6);
        let ones_7 = vec4<f32>(1.0f);
        (*sums)[7u] += dot((lo[7u] + hi[7u]), ones_7);
    }
}

fn Tree_64_sums_8_scratch(values: ptr<function, array<f32, 8>>, lane: u32) {
    scratch[(0u + lane)] = (*values)[0u];
    scratch[(64u + lane)] = (*values)[1u];
    scratch[(128u + lane)] = (*values)[2u];
    scratch[(192u + lane)] = (*values)[3u];
    scratch[(256u + lane)] = (*values)[4u];
    scratch[(320u + lane)] = (*values)[5u];
    scratch[(384u + lane)] = (*values)[6u];
    scratch[(448u + lane)] = (*values)[7u];
    workgroupBarrier();
    if (lane < 32u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 32u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 32u)];
        scratch[(128u + lane)] += scratch[((128u + lane) + 32u)];
        scratch[(192u + lane)] += scratch[((192u + lane) + 32u)];
        scratch[(256u + lane)] += scratch[((256u + lane) + 32u)];
        scratch[(320u + lane)] += scratch[((320u + lane) + 32u)];
        scratch[(384u + lane)] += scratch[((384u + lane) + 32u)];
        scratch[(448u + lane)] += scratch[((448u + lane) + 32u)];
    }
    workgroupBarrier();
    if (lane < 16u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 16u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 16u)];
        scratch[(128u + lane)] += scratch[((128u + lane) + 16u)];
        scratch[(192u + lane)] += scratch[((192u + lane) + 16u)];
        scratch[(256u + lane)] += scratch[((256u + lane) + 16u)];
        scratch[(320u + lane)] += scratch[((320u + lane) + 16u)];
        scratch[(384u + lane)] += scratch[((384u + lane) + 16u)];
        scratch[(448u + lane)] += scratch[((448u + lane) + 16u)];
    }
    workgroupBarrier();
    if (lane < 8u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 8u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 8u)];
        scratch[(128u + lane)] += scratch[((128u + lane) + 8u)];
        scratch[(192u + lane)] += scratch[((192u + lane) + 8u)];
        scratch[(256u + lane)] += scratch[((256u + lane) + 8u)];
        scratch[(320u + lane)] += scratch[((320u + lane) + 8u)];
        scratch[(384u + lane)] += scratch[((384u + lane) + 8u)];
        scratch[(448u + lane)] += scratch[((448u + lane) + 8u)];
    }
    workgroupBarrier();
    if (lane < 4u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 4u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 4u)];
        scratch[(128u + lane)] += scratch[((128u + lane) + 4u)];
        scratch[(192u + lane)] += scratch[((192u + lane) + 4u)];
        scratch[(256u + lane)] += scratch[((256u + lane) + 4u)];
        scratch[(320u + lane)] += scratch[((320u + lane) + 4u)];
        scratch[(384u + lane)] += scratch[((384u + lane) + 4u)];
        scratch[(448u + lane)] += scratch[((448u + lane) + 4u)];
    }
    workgroupBarrier();
    if (lane < 2u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 2u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 2u)];
        scratch[(128u + lane)] += scratch[((128u + lane) + 2u)];
        scratch[(192u + lane)] += scratch[((192u + lane) + 2u)];
        scratch[(256u + lane)] += scratch[((256u + lane) + 2u)];
        scratch[(320u + lane)] += scratch[((320u + lane) + 2u)];
        scratch[(384u + lane)] += scratch[((384u + lane) + 2u)];
        scratch[(448u + lane)] += scratch[((448u + lane) + 2u)];
    }
    workgroupBarrier();
    if (lane < 1u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 1u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 1u)];
        scratch[(128u + lane)] += scratch[((128u + lane) + 1u)];
        scratch[(192u + lane)] += scratch[((192u + lane) + 1u)];
        scratch[(256u + lane)] += scratch[((256u + lane) + 1u)];
        scratch[(320u + lane)] += scratch[((320u + lane) + 1u)];
        scratch[(384u + lane)] += scratch[((384u + lane) + 1u)];
        scratch[(448u + lane)] += scratch[((448u + lane) + 1u)];
    }
    workgroupBarrier();
    (*values)[0u] = scratch[0u];
    (*values)[1u] = scratch[64u];
    (*values)[2u] = scratch[128u];
    (*values)[3u] = scratch[192u];
    (*values)[4u] = scratch[256u];
    (*values)[5u] = scratch[320u];
    (*values)[6u] = scratch[384u];
    (*values)[7u] = scratch[448u];
    workgroupBarrier();
}

fn gelu_tanh(u: f32) -> f32 {
    return tanh(clamp(((0.7978846f * u) * (1.0f + ((0.044715f * u) * u))), (-10.0f), 10.0f));
}

fn GeluTanh_value(u: f32) -> f32 {
    return ((0.5f * u) * (1.0f + gelu_tanh(u)));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let before = prologue_Tree_64_true_o_scratch(local_invocation_index, uniforms.params.k, uniforms.params.eps, uniforms.params.scale);
    let norm = next_norm_Tree_64_true_h_o_w_post_scratch(local_invocation_index, uniforms.params.k, uniforms.params.eps, before);
    if (group == 0u) {
        store_stream_Tree_64_true_h_o_w_post_h_out(local_invocation_index, uniforms.params.k, before);
    }
    let row = (group * 8u);
    let last = (uniforms.params.rows - 1u);
    var gate: array<f32, 8> = array<f32, 8>();
    var up: array<f32, 8> = array<f32, 8>();
    row_dots_F16_Tree_64_8_true_true_h_o_w_post_w_next_w_gate(local_invocation_index, row, last, uniforms.params.k, before, &gate);
    row_dots_F16_Tree_64_8_true_true_h_o_w_post_w_next_w_up(local_invocation_index, row, last, uniforms.params.k, before, &up);
    Tree_64_sums_8_scratch(&gate, local_invocation_index);
    Tree_64_sums_8_scratch(&up, local_invocation_index);
    if (local_invocation_index == 0u) {
        if ((row + 0u) < uniforms.params.rows) {
            y[(row + 0u)] = (GeluTanh_value((gate[0u] * norm)) * (up[0u] * norm));
        }
        if ((row + 1u) < uniforms.params.rows) {
            y[(row + 1u)] = (GeluTanh_value((gate[1u] * norm)) * (up[1u] * norm));
        }
        if ((row + 2u) < uniforms.params.rows) {
            y[(row + 2u)] = (GeluTanh_value((gate[2u] * norm)) * (up[2u] * norm));
        }
        if ((row + 3u) < uniforms.params.rows) {
            y[(row + 3u)] = (GeluTanh_value((gate[3u] * norm)) * (up[3u] * norm));
        }
        if ((row + 4u) < uniforms.params.rows) {
            y[(row + 4u)] = (GeluTanh_value((gate[4u] * norm)) * (up[4u] * norm));
        }
        if ((row + 5u) < uniforms.params.rows) {
            y[(row + 5u)] = (GeluTanh_value((gate[5u] * norm)) * (up[5u] * norm));
        }
        if ((row + 6u) < uniforms.params.rows) {
            y[(row + 6u)] = (GeluTanh_value((gate[6u] * norm)) * (up[6u] * norm));
        }
        if ((row + 7u) < uniforms.params.rows) {
            y[(row + 7u)] = (GeluTanh_value((gate[7u] * norm)) * (up[7u] * norm));
        }
    }
}
