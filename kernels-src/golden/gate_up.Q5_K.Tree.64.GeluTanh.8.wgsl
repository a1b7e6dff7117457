// gate_up<Q5_K, Tree<64>, GeluTanh, 8> | features:
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

struct Scales {
    lo: f32,
    hi: f32,
    lo_min: f32,
    hi_min: f32,
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

fn row_bytes_Q5_K(k: u32) -> u32 {
    return ((k / 256u) * 176u);
}

fn block_byte_Q5_K(chunk: u32) -> u32 {
    return ((chunk / 32u) * 176u);
}

fn Q5_K_lo_at(chunk: u32) -> u32 {
    return (((chunk / 8u) * 64u) + ((chunk % 8u) * 4u));
}

fn lo_in_row_Q5_K(chunk: u32) -> u32 {
    return (((chunk / 32u) * 256u) + Q5_K_lo_at((chunk % 32u)));
}

fn input_true_true_h_o_w_post_w_next(i: u32, prologue: Prologue) -> vec4<f32> {
    return (stream_true_h_o_w_post(i, prologue) * w_next[i]);
}

fn Q5_K_hi_at(chunk: u32) -> u32 {
    return ((((chunk / 8u) * 64u) + ((chunk % 8u) * 4u)) + 32u);
}

fn hi_in_row_Q5_K(chunk: u32) -> u32 {
    return (((chunk / 32u) * 256u) + Q5_K_hi_at((chunk % 32u)));
}

fn Q5_K_codes_w_gate(byte: u32, chunk: u32) -> Eight {
    let fifth = (w_gate[(((byte / 4u) + 4u) + (chunk % 8u))] >> ((chunk / 8u) * 2u));
    let nibbles = w_gate[(((byte / 4u) + 12u) + chunk)];
    return Eight(vec4f(unpack4xU8(((nibbles & 252645135u) | ((fifth & 16843009u) << 4u)))), vec4f(unpack4xU8((((nibbles >> 4u) & 252645135u) | ((fifth & 33686018u) << 3u)))));
}

fn packed_scales_w_gate(at: u32, group: u32) -> Scales {
    let super_scales = unpack2x16float(w_gate[at]);
    let shift = ((group & 1u) * 16u);
    let scales = (w_gate[(at + 1u)] >> shift);
    let minima = (w_gate[(at + 2u)] >> shift);
    let nibbles = (w_gate[(at + 3u)] >> shift);
    let upper = (group >= 2u);
    let two_scales = select((scales & 16191u), ((nibbles & 3855u) | ((scales >> 2u) & 12336u)), upper);
    let two_minima = select((minima & 16191u), (((nibbles >> 4u) & 3855u) | ((minima >> 2u) & 12336u)), upper);
    return Scales((super_scales.x * f32((two_scales & 255u))), (super_scales.x * f32((two_scales >> 8u))), (super_scales.y * f32((two_minima & 255u))), (super_scales.y * f32((two_minima >> 8u))));
}

fn Q5_K_scales_w_gate(byte: u32, chunk: u32) -> Scales {
    return packed_scales_w_gate((byte / 4u), (chunk / 8u));
}

fn row_dots_Q5_K_Tree_64_8_true_true_h_o_w_post_w_next_w_gate(lane: u32, row: u32, last: u32, k: u32, prologue: Prologue, sums: ptr<function, array<f32, 8>>) {
    let bytes = row_bytes_Q5_K(k);
    let end = (k / 32u);
    for (var span: u32 = lane; span < end; span += 64u) {
        let first = (span * 4u);
        let block = block_byte_Q5_K(first);
        let inside = (first % 32u);
        var lo: array<vec4<f32>, 8> = array<vec4<f32>, 8>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
        var hi: array<vec4<f32>, 8> = array<vec4<f32>, 8>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
        var lo_input: vec4<f32> = vec4<f32>(0.0f);
        var hi_input: vec4<f32> = vec4<f32>(0.0f);
        let x_lo = input_true_true_h_o_w_post_w_next((lo_in_row_Q5_K((first + 0u)) / 4u), prologue);
        let x_hi = input_true_true_h_o_w_post_w_next((hi_in_row_Q5_K((first + 0u)) / 4u), prologue);
        lo_input += x_lo;
        hi_input += x_hi;
        let codes = Q5_K_codes_w_gate(((min((row + 0u), last) * bytes) + block), (inside + 0u));
        lo[0u] = fma(codes.lo, x_lo, lo[0u]);
        hi[0u] = fma(codes.hi, x_hi, hi[0u]);
        let codes_1 = Q5_K_codes_w_gate(((min((row + 1u), last) * bytes) + block), (inside + 0u));
        lo[1u] = fma(codes_1.lo, x_lo, lo[1u]);
        hi[1u] = fma(codes_1.hi, x_hi, hi[1u]);
        let codes_2 = Q5_K_codes_w_gate(((min((row + 2u), last) * bytes) + block), (inside + 0u));
        lo[2u] = fma(codes_2.lo, x_lo, lo[2u]);
        hi[2u] = fma(codes_2.hi, x_hi, hi[2u]);
        let codes_3 = Q5_K_codes_w_gate(((min((row + 3u), last) * bytes) + block), (inside + 0u));
        lo[3u] = fma(codes_3.lo, x_lo, lo[3u]);
        hi[3u] = fma(codes_3.hi, x_hi, hi[3u]);
        let codes_4 = Q5_K_codes_w_gate(((min((row + 4u), last) * bytes) + block), (inside + 0u));
        lo[4u] = fma(codes_4.lo, x_lo, lo[4u]);
        hi[4u] = fma(codes_4.hi, x_hi, hi[4u]);
        let codes_5 = Q5_K_codes_w_gate(((min((row + 5u), last) * bytes) + block), (inside + 0u));
        lo[5u] = fma(codes_5.lo, x_lo, lo[5u]);
        hi[5u] = fma(codes_5.hi, x_hi, hi[5u]);
        let codes_6 = Q5_K_codes_w_gate(((min((row + 6u), last) * bytes) + block), (inside + 0u));
        lo[6u] = fma(codes_6.lo, x_lo, lo[6u]);
        hi[6u] = fma(codes_6.hi, x_hi, hi[6u]);
        let codes_7 = Q5_K_codes_w_gate(((min((row + 7u), last) * bytes) + block), (inside + 0u));
        lo[7u] = fma(codes_7.lo, x_lo, lo[7u]);
        hi[7u] = fma(codes_7.hi, x_hi, hi[7u]);
        let x_lo_1 = input_true_true_h_o_w_post_w_next((lo_in_row_Q5_K((first + 1u)) / 4u), prologue);
        let x_hi_1 = input_true_true_h_o_w_post_w_next((hi_in_row_Q5_K((first + 1u)) / 4u), prologue);
        lo_input += x_lo_1;
        hi_input += x_hi_1;
        let codes_8 = Q5_K_codes_w_gate(((min((row + 0u), last) * bytes) + block), (inside + 1u));
        lo[0u] = fma(codes_8.lo, x_lo_1, lo[0u]);
        hi[0u] = fma(codes_8.hi, x_hi_1, hi[0u]);
        let codes_9 = Q5_K_codes_w_gate(((min((row + 1u), last) * bytes) + block), (inside + 1u));
        lo[1u] = fma(codes_9.lo, x_lo_1, lo[1u]);
        hi[1u] = fma(codes_9.hi, x_hi_1, hi[1u]);
        let codes_10 = Q5_K_codes_w_gate(((min((row + 2u), last) * bytes) + block), (inside + 1u));
        lo[2u] = fma(codes_10.lo, x_lo_1, lo[2u]);
        hi[2u] = fma(codes_10.hi, x_hi_1, hi[2u]);
        let codes_11 = Q5_K_codes_w_gate(((min((row + 3u), last) * bytes) + block), (inside + 1u));
        lo[3u] = fma(codes_11.lo, x_lo_1, lo[3u]);
        hi[3u] = fma(codes_11.hi, x_hi_1, hi[3u]);
        let codes_12 = Q5_K_codes_w_gate(((min((row + 4u), last) * bytes) + block), (inside + 1u));
        lo[4u] = fma(codes_12.lo, x_lo_1, lo[4u]);
        hi[4u] = fma(codes_12.hi, x_hi_1, hi[4u]);
        let codes_13 = Q5_K_codes_w_gate(((min((row + 5u), last) * bytes) + block), (inside + 1u));
        lo[5u] = fma(codes_13.lo, x_lo_1, lo[5u]);
        hi[5u] = fma(codes_13.hi, x_hi_1, hi[5u]);
        let codes_14 = Q5_K_codes_w_gate(((min((row + 6u), last) * bytes) + block), (inside + 1u));
        lo[6u] = fma(codes_14.lo, x_lo_1, lo[6u]);
        hi[6u] = fma(codes_14.hi, x_hi_1, hi[6u]);
        let codes_15 = Q5_K_codes_w_gate(((min((row + 7u), last) * bytes) + block), (inside + 1u));
        lo[7u] = fma(codes_15.lo, x_lo_1, lo[7u]);
        hi[7u] = fma(codes_15.hi, x_hi_1, hi[7u]);
        let x_lo_2 = input_true_true_h_o_w_post_w_next((lo_in_row_Q5_K((first + 2u)) / 4u), prologue);
        let x_hi_2 = input_true_true_h_o_w_post_w_next((hi_in_row_Q5_K((first + 2u)) / 4u), prologue);
        lo_input += x_lo_2;
        hi_input += x_hi_2;
        let codes_16 = Q5_K_codes_w_gate(((min((row + 0u), last) * bytes) + block), (inside + 2u));
        lo[0u] = fma(codes_16.lo, x_lo_2, lo[0u]);
        hi[0u] = fma(codes_16.hi, x_hi_2, hi[0u]);
        let codes_17 = Q5_K_codes_w_gate(((min((row + 1u), last) * bytes) + block), (inside + 2u));
        lo[1u] = fma(codes_17.lo, x_lo_2, lo[1u]);
        hi[1u] = fma(codes_17.hi, x_hi_2, hi[1u]);
        let codes_18 = Q5_K_codes_w_gate(((min((row + 2u), last) * bytes) + block), (inside + 2u));
        lo[2u] = fma(codes_18.lo, x_lo_2, lo[2u]);
        hi[2u] = fma(codes_18.hi, x_hi_2, hi[2u]);
        let codes_19 = Q5_K_codes_w_gate(((min((row + 3u), last) * bytes) + block), (inside + 2u));
        lo[3u] = fma(codes_19.lo, x_lo_2, lo[3u]);
        hi[3u] = fma(codes_19.hi, x_hi_2, hi[3u]);
        let codes_20 = Q5_K_codes_w_gate(((min((row + 4u), last) * bytes) + block), (inside + 2u));
        lo[4u] = fma(codes_20.lo, x_lo_2, lo[4u]);
        hi[4u] = fma(codes_20.hi, x_hi_2, hi[4u]);
        let codes_21 = Q5_K_codes_w_gate(((min((row + 5u), last) * bytes) + block), (inside + 2u));
        lo[5u] = fma(codes_21.lo, x_lo_2, lo[5u]);
        hi[5u] = fma(codes_21.hi, x_hi_2, hi[5u]);
        let codes_22 = Q5_K_codes_w_gate(((min((row + 6u), last) * bytes) + block), (inside + 2u));
        lo[6u] = fma(codes_22.lo, x_lo_2, lo[6u]);
        hi[6u] = fma(codes_22.hi, x_hi_2, hi[6u]);
        let codes_23 = Q5_K_codes_w_gate(((min((row + 7u), last) * bytes) + block), (inside + 2u));
        lo[7u] = fma(codes_23.lo, x_lo_2, lo[7u]);
        hi[7u] = fma(codes_23.hi, x_hi_2, hi[7u]);
        let x_lo_3 = input_true_true_h_o_w_post_w_next((lo_in_row_Q5_K((first + 3u)) / 4u), prologue);
        let x_hi_3 = input_true_true_h_o_w_post_w_next((hi_in_row_Q5_K((first + 3u)) / 4u), prologue);
        lo_input += x_lo_3;
        hi_input += x_hi_3;
        let codes_24 = Q5_K_codes_w_gate(((min((row + 0u), last) * bytes) + block), (inside + 3u));
        lo[0u] = fma(codes_24.lo, x_lo_3, lo[0u]);
        hi[0u] = fma(codes_24.hi, x_hi_3, hi[0u]);
        let codes_25 = Q5_K_codes_w_gate(((min((row + 1u), last) * bytes) + block), (inside + 3u));
        lo[1u] = fma(codes_25.lo, x_lo_3, lo[1u]);
        hi[1u] = fma(codes_25.hi, x_hi_3, hi[1u]);
        let codes_26 = Q5_K_codes_w_gate(((min((row + 2u), last) * bytes) + block), (inside + 3u));
        lo[2u] = fma(codes_26.lo, x_lo_3, lo[2u]);
        hi[2u] = fma(codes_26.hi, x_hi_3, hi[2u]);
        let codes_27 = Q5_K_codes_w_gate(((min((row + 3u), last) * bytes) + block), (inside + 3u));
        lo[3u] = fma(codes_27.lo, x_lo_3, lo[3u]);
        hi[3u] = fma(codes_27.hi, x_hi_3, hi[3u]);
        let codes_28 = Q5_K_codes_w_gate(((min((row + 4u), last) * bytes) + block), (inside + 3u));
        lo[4u] = fma(codes_28.lo, x_lo_3, lo[4u]);
        hi[4u] = fma(codes_28.hi, x_hi_3, hi[4u]);
        let codes_29 = Q5_K_codes_w_gate(((min((row + 5u), last) * bytes) + block), (inside + 3u));
        lo[5u] = fma(codes_29.lo, x_lo_3, lo[5u]);
        hi[5u] = fma(codes_29.hi, x_hi_3, hi[5u]);
        let codes_30 = Q5_K_codes_w_gate(((min((row + 6u), last) * bytes) + block), (inside + 3u));
        lo[6u] = fma(codes_30.lo, x_lo_3, lo[6u]);
        hi[6u] = fma(codes_30.hi, x_hi_3, hi[6u]);
        let codes_31 = Q5_K_codes_w_gate(((min((row + 7u), last) * bytes) + block), (inside + 3u));
        lo[7u] = fma(codes_31.lo, x_lo_3, lo[7u]);
        hi[7u] = fma(codes_31.hi, x_hi_3, hi[7u]);
        let ones = vec4<f32>(1.0f);
        let scales = Q5_K_scales_w_gate(((min((row + 0u), last) * bytes) + block), inside);
        (*sums)[0u] += fma(dot(lo[0u], ones), scales.lo, (dot(hi[0u], ones) * scales.hi));
        (*sums)[0u] -= fma(dot(lo_input, ones), scales.lo_min, (dot(hi_input, ones) * scales.hi_min));
        let ones_1 = vec4<f32>(1.0f);
        let scales_1 = Q5_K_scales_w_gate(((min((row + 1u), last) * bytes) + block), inside);
        (*sums)[1u] += fma(dot(lo[1u], ones_1), scales_1.lo, (dot(hi[1u], ones_1) * scales_1.hi));
        (*sums)[1u] -= fma(dot(lo_input, ones_1), scales_1.lo_min, (dot(hi_input, ones_1) * scales_1.hi_min));
        let ones_2 = vec4<f32>(1.0f);
        let scales_2 = Q5_K_scales_w_gate(((min((row + 2u), last) * bytes) + block), inside);
        (*sums)[2u] += fma(dot(lo[2u], ones_2), scales_2.lo, (dot(hi[2u], ones_2) * scales_2.hi));
        (*sums)[2u] -= fma(dot(lo_input, ones_2), scales_2.lo_min, (dot(hi_input, ones_2) * scales_2.hi_min));
        let ones_3 = vec4<f32>(1.0f);
        let scales_3 = Q5_K_scales_w_gate(((min((row + 3u), last) * bytes) + block), inside);
        (*sums)[3u] += fma(dot(lo[3u], ones_3), scales_3.lo, (dot(hi[3u], ones_3) * scales_3.hi));
        (*sums)[3u] -= fma(dot(lo_input, ones_3), scales_3.lo_min, (dot(hi_input, ones_3) * scales_3.hi_min));
        let ones_4 = vec4<f32>(1.0f);
        let scales_4 = Q5_K_scales_w_gate(((min((row + 4u), last) * bytes) + block), inside);
        (*sums)[4u] += fma(dot(lo[4u], ones_4), scales_4.lo, (dot(hi[4u], ones_4) * scales_4.hi));
        (*sums)[4u] -= fma(dot(lo_input, ones_4), scales_4.lo_min, (dot(hi_input, ones_4) * scales_4.hi_min));
        let ones_5 = vec4<f32>(1.0f);
        let scales_5 = Q5_K_scales_w_gate(((min((row + 5u), last) * bytes) + block), inside);
        (*sums)[5u] += fma(dot(lo[5u], ones_5), scales_5.lo, (dot(hi[5u], ones_5) * scales_5.hi));
        (*sums)[5u] -= fma(dot(lo_input, ones_5), scales_5.lo_min, (dot(hi_input, ones_5) * scales_5.hi_min));
        let ones_6 = vec4<f32>(1.0f);
        let scales_6 = Q5_K_scales_w_gate(((min((row + 6u), last) * bytes) + block), inside);
        (*sums)[6u] += fma(dot(lo[6u], ones_6), scales_6.lo, (dot(hi[6u], ones_6) * scales_6.hi));
        (*sums)[6u] -= fma(dot(lo_input, ones_6), scales_6.lo_min, (dot(hi_input, ones_6) * scales_6.hi_min));
        let ones_7 = vec4<f32>(1.0f);
        let scales_7 = Q5_K_scales_w_gate(((min((row + 7u), last) * bytes) + block), inside);
        (*sums)[7u] += fma(dot(lo[7u], ones_7), scales_7.lo, (dot(hi[7u], ones_7) * scales_7.hi));
        (*sums)[7u] -= fma(dot(lo_input, ones_7), scales_7.lo_min, (dot(hi_input, ones_7) * scales_7.hi_min));
    }
}

fn Q5_K_codes_w_up(byte: u32, chunk: u32) -> Eight {
    let fifth = (w_up[(((byte / 4u) + 4u) + (chunk % 8u))] >> ((chunk / 8u) * 2u));
    let nibbles = w_up[(((byte / 4u) + 12u) + chunk)];
    return Eight(vec4f(unpack4xU8(((nibbles & 252645135u) | ((fifth & 16843009u) << 4u)))), vec4f(unpack4xU8((((nibbles >> 4u) & 252645135u) | ((fifth & 33686018u) << 3u)))));
}

fn packed_scales_w_up(at: u32, group: u32) -> Scales {
    let super_scales = unpack2x16float(w_up[at]);
    let shift = ((group & 1u) * 16u);
    let scales = (w_up[(at + 1u)] >> shift);
    let minima = (w_up[(at + 2u)] >> shift);
    let nibbles = (w_up[(at + 3u)] >> shift);
    let upper = (group >= 2u);
    let two_scales = select((scales & 16191u), ((nibbles & 3855u) | ((scales >> 2u) & 12336u)), upper);
    let two_minima = select((minima & 16191u), (((nibbles >> 4u) & 3855u) | ((minima >> 2u) & 12336u)), upper);
    return Scales((super_scales.x * f32((two_scales & 255u))), (super_scales.x * f32((two_scales >> 8u))), (super_scales.y * f32((two_minima & 255u))), (super_scales.y * f32((two_minima >> 8u))));
}

fn Q5_K_scales_w_up(byte: u32, chunk: u32) -> Scales {
    return packed_scales_w_up((byte / 4u), (chunk / 8u));
}

fn row_dots_Q5_K_Tree_64_8_true_true_h_o_w_post_w_next_w_up(lane: u32, row: u32, last: u32, k: u32, prologue: Prologue, sums: ptr<function, array<f32, 8>>) {
    let bytes = row_bytes_Q5_K(k);
    let end = (k / 32u);
    for (var span: u32 = lane; span < end; span += 64u) {
        let first = (span * 4u);
        let block = block_byte_Q5_K(first);
        let inside = (first % 32u);
        var lo: array<vec4<f32>, 8> = array<vec4<f32>, 8>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
        var hi: array<vec4<f32>, 8> = array<vec4<f32>, 8>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
        var lo_input: vec4<f32> = vec4<f32>(0.0f);
        var hi_input: vec4<f32> = vec4<f32>(0.0f);
        let x_lo = input_true_true_h_o_w_post_w_next((lo_in_row_Q5_K((first + 0u)) / 4u), prologue);
        let x_hi = input_true_true_h_o_w_post_w_next((hi_in_row_Q5_K((first + 0u)) / 4u), prologue);
        lo_input += x_lo;
        hi_input += x_hi;
        let codes = Q5_K_codes_w_up(((min((row + 0u), last) * bytes) + block), (inside + 0u));
        lo[0u] = fma(codes.lo, x_lo, lo[0u]);
        hi[0u] = fma(codes.hi, x_hi, hi[0u]);
        let codes_1 = Q5_K_codes_w_up(((min((row + 1u), last) * bytes) + block), (inside + 0u));
        lo[1u] = fma(codes_1.lo, x_lo, lo[1u]);
        hi[1u] = fma(codes_1.hi, x_hi, hi[1u]);
        let codes_2 = Q5_K_codes_w_up(((min((row + 2u), last) * bytes) + block), (inside + 0u));
        lo[2u] = fma(codes_2.lo, x_lo, lo[2u]);
        hi[2u] = fma(codes_2.hi, x_hi, hi[2u]);
        let codes_3 = Q5_K_codes_w_up(((min((row + 3u), last) * bytes) + block), (inside + 0u));
        lo[3u] = fma(codes_3.lo, x_lo, lo[3u]);
        hi[3u] = fma(codes_3.hi, x_hi, hi[3u]);
        let codes_4 = Q5_K_codes_w_up(((min((row + 4u), last) * bytes) + block), (inside + 0u));
        lo[4u] = fma(codes_4.lo, x_lo, lo[4u]);
        hi[4u] = fma(codes_4.hi, x_hi, hi[4u]);
        let codes_5 = Q5_K_codes_w_up(((min((row + 5u), last) * bytes) + block), (inside + 0u));
        lo[5u] = fma(codes_5.lo, x_lo, lo[5u]);
        hi[5u] = fma(codes_5.hi, x_hi, hi[5u]);
        let codes_6 = Q5_K_codes_w_up(((min((row + 6u), last) * bytes) + block), (inside + 0u));
        lo[6u] = fma(codes_6.lo, x_lo, lo[6u]);
        hi[6u] = fma(codes_6.hi, x_hi, hi[6u]);
        let codes_7 = Q5_K_codes_w_up(((min((row + 7u), last) * bytes) + block), (inside + 0u));
        lo[7u] = fma(codes_7.lo, x_lo, lo[7u]);
        hi[7u] = fma(codes_7.hi, x_hi, hi[7u]);
        let x_lo_1 = input_true_true_h_o_w_post_w_next((lo_in_row_Q5_K((first + 1u)) / 4u), prologue);
        let x_hi_1 = input_true_true_h_o_w_post_w_next((hi_in_row_Q5_K((first + 1u)) / 4u), prologue);
        lo_input += x_lo_1;
        hi_input += x_hi_1;
        let codes_8 = Q5_K_codes_w_up(((min((row + 0u), last) * bytes) + block), (inside + 1u));
        lo[0u] = fma(codes_8.lo, x_lo_1, lo[0u]);
        hi[0u] = fma(codes_8.hi, x_hi_1, hi[0u]);
        let codes_9 = Q5_K_codes_w_up(((min((row + 1u), last) * bytes) + block), (inside + 1u));
        lo[1u] = fma(codes_9.lo, x_lo_1, lo[1u]);
        hi[1u] = fma(codes_9.hi, x_hi_1, hi[1u]);
        let codes_10 = Q5_K_codes_w_up(((min((row + 2u), last) * bytes) + block), (inside + 1u));
        lo[2u] = fma(codes_10.lo, x_lo_1, lo[2u]);
        hi[2u] = fma(codes_10.hi, x_hi_1, hi[2u]);
        let codes_11 = Q5_K_codes_w_up(((min((row + 3u), last) * bytes) + block), (inside + 1u));
        lo[3u] = fma(codes_11.lo, x_lo_1, lo[3u]);
        hi[3u] = fma(codes_11.hi, x_hi_1, hi[3u]);
        let codes_12 = Q5_K_codes_w_up(((min((row + 4u), last) * bytes) + block), (inside + 1u));
        lo[4u] = fma(codes_12.lo, x_lo_1, lo[4u]);
        hi[4u] = fma(codes_12.hi, x_hi_1, hi[4u]);
        let codes_13 = Q5_K_codes_w_up(((min((row + 5u), last) * bytes) + block), (inside + 1u));
        lo[5u] = fma(codes_13.lo, x_lo_1, lo[5u]);
        hi[5u] = fma(codes_13.hi, x_hi_1, hi[5u]);
        let codes_14 = Q5_K_codes_w_up(((min((row + 6u), last) * bytes) + block), (inside + 1u));
        lo[6u] = fma(codes_14.lo, x_lo_1, lo[6u]);
        hi[6u] = fma(codes_14.hi, x_hi_1, hi[6u]);
        let codes_15 = Q5_K_codes_w_up(((min((row + 7u), last) * bytes) + block), (inside + 1u));
        lo[7u] = fma(codes_15.lo, x_lo_1, lo[7u]);
        hi[7u] = fma(codes_15.hi, x_hi_1, hi[7u]);
        let x_lo_2 = input_true_true_h_o_w_post_w_next((lo_in_row_Q5_K((first + 2u)) / 4u), prologue);
        let x_hi_2 = input_true_true_h_o_w_post_w_next((hi_in_row_Q5_K((first + 2u)) / 4u), prologue);
        lo_input += x_lo_2;
        hi_input += x_hi_2;
        let codes_16 = Q5_K_codes_w_up(((min((row + 0u), last) * bytes) + block), (inside + 2u));
        lo[0u] = fma(codes_16.lo, x_lo_2, lo[0u]);
        hi[0u] = fma(codes_16.hi, x_hi_2, hi[0u]);
        let codes_17 = Q5_K_codes_w_up(((min((row + 1u), last) * bytes) + block), (inside + 2u));
        lo[1u] = fma(codes_17.lo, x_lo_2, lo[1u]);
        hi[1u] = fma(codes_17.hi, x_hi_2, hi[1u]);
        let codes_18 = Q5_K_codes_w_up(((min((row + 2u), last) * bytes) + block), (inside + 2u));
        lo[2u] = fma(codes_18.lo, x_lo_2, lo[2u]);
        hi[2u] = fma(codes_18.hi, x_hi_2, hi[2u]);
        let codes_19 = Q5_K_codes_w_up(((min((row + 3u), last) * bytes) + block), (inside + 2u));
        lo[3u] = fma(codes_19.lo, x_lo_2, lo[3u]);
        hi[3u] = fma(codes_19.hi, x_hi_2, hi[3u]);
        let codes_20 = Q5_K_codes_w_up(((min((row + 4u), last) * bytes) + block), (inside + 2u));
        lo[4u] = fma(codes_20.lo, x_lo_2, lo[4u]);
        hi[4u] = fma(codes_20.hi, x_hi_2, hi[4u]);
        let codes_21 = Q5_K_codes_w_up(((min((row + 5u), last) * bytes) + block), (inside + 2u));
        lo[5u] = fma(codes_21.lo, x_lo_2, lo[5u]);
        hi[5u] = fma(codes_21.hi, x_hi_2, hi[5u]);
        let codes_22 = Q5_K_codes_w_up(((min((row + 6u), last) * bytes) + block), (inside + 2u));
        lo[6u] = fma(codes_22.lo, x_lo_2, lo[6u]);
        hi[6u] = fma(codes_22.hi, x_hi_2, hi[6u]);
        let codes_23 = Q5_K_codes_w_up(((min((row + 7u), last) * bytes) + block), (inside + 2u));
        lo[7u] = fma(codes_23.lo, x_lo_2, lo[7u]);
        hi[7u] = fma(codes_23.hi, x_hi_2, hi[7u]);
        let x_lo_3 = input_true_true_h_o_w_post_w_next((lo_in_row_Q5_K((first + 3u)) / 4u), prologue);
        let x_hi_3 = input_true_true_h_o_w_post_w_next((hi_in_row_Q5_K((first + 3u)) / 4u), prologue);
        lo_input += x_lo_3;
        hi_input += x_hi_3;
        let codes_24 = Q5_K_codes_w_up(((min((row + 0u), last) * bytes) + block), (inside + 3u));
        lo[0u] = fma(codes_24.lo, x_lo_3, lo[0u]);
        hi[0u] = fma(codes_24.hi, x_hi_3, hi[0u]);
        let codes_25 = Q5_K_codes_w_up(((min((row + 1u), last) * bytes) + block), (inside + 3u));
        lo[1u] = fma(codes_25.lo, x_lo_3, lo[1u]);
        hi[1u] = fma(codes_25.hi, x_hi_3, hi[1u]);
        let codes_26 = Q5_K_codes_w_up(((min((row + 2u), last) * bytes) + block), (inside + 3u));
        lo[2u] = fma(codes_26.lo, x_lo_3, lo[2u]);
        hi[2u] = fma(codes_26.hi, x_hi_3, hi[2u]);
        let codes_27 = Q5_K_codes_w_up(((min((row + 3u), last) * bytes) + block), (inside + 3u));
        lo[3u] = fma(codes_27.lo, x_lo_3, lo[3u]);
        hi[3u] = fma(codes_27.hi, x_hi_3, hi[3u]);
        let codes_28 = Q5_K_codes_w_up(((min((row + 4u), last) * bytes) + block), (inside + 3u));
        lo[4u] = fma(codes_28.lo, x_lo_3, lo[4u]);
        hi[4u] = fma(codes_28.hi, x_hi_3, hi[4u]);
        let codes_29 = Q5_K_codes_w_up(((min((row + 5u), last) * bytes) + block), (inside + 3u));
        lo[5u] = fma(codes_29.lo, x_lo_3, lo[5u]);
        hi[5u] = fma(codes_29.hi, x_hi_3, hi[5u]);
        let codes_30 = Q5_K_codes_w_up(((min((row + 6u), last) * bytes) + block), (inside + 3u));
        lo[6u] = fma(codes_30.lo, x_lo_3, lo[6u]);
        hi[6u] = fma(codes_30.hi, x_hi_3, hi[6u]);
        let codes_31 = Q5_K_codes_w_up(((min((row + 7u), last) * bytes) + block), (inside + 3u));
        lo[7u] = fma(codes_31.lo, x_lo_3, lo[7u]);
        hi[7u] = fma(codes_31.hi, x_hi_3, hi[7u]);
        let ones = vec4<f32>(1.0f);
        let scales = Q5_K_scales_w_up(((min((row + 0u), last) * bytes) + block), inside);
        (*sums)[0u] += fma(dot(lo[0u], ones), scales.lo, (dot(hi[0u], ones) * scales.hi));
        (*sums)[0u] -= fma(dot(lo_input, ones), scales.lo_min, (dot(hi_input, ones) * scales.hi_min));
        let ones_1 = vec4<f32>(1.0f);
        let scales_1 = Q5_K_scales_w_up(((min((row + 1u), last) * bytes) + block), inside);
        (*sums)[1u] += fma(dot(lo[1u], ones_1), scales_1.lo, (dot(hi[1u], ones_1) * scales_1.hi));
        (*sums)[1u] -= fma(dot(lo_input, ones_1), scales_1.lo_min, (dot(hi_input, ones_1) * scales_1.hi_min));
        let ones_2 = vec4<f32>(1.0f);
        let scales_2 = Q5_K_scales_w_up(((min((row + 2u), last) * bytes) + block), inside);
        (*sums)[2u] += fma(dot(lo[2u], ones_2), scales_2.lo, (dot(hi[2u], ones_2) * scales_2.hi));
        (*sums)[2u] -= fma(dot(lo_input, ones_2), scales_2.lo_min, (dot(hi_input, ones_2) * scales_2.hi_min));
        let ones_3 = vec4<f32>(1.0f);
        let scales_3 = Q5_K_scales_w_up(((min((row + 3u), last) * bytes) + block), inside);
        (*sums)[3u] += fma(dot(lo[3u], ones_3), scales_3.lo, (dot(hi[3u], ones_3) * scales_3.hi));
        (*sums)[3u] -= fma(dot(lo_input, ones_3), scales_3.lo_min, (dot(hi_input, ones_3) * scales_3.hi_min));
        let ones_4 = vec4<f32>(1.0f);
        let scales_4 = Q5_K_scales_w_up(((min((row + 4u), last) * bytes) + block), inside);
        (*sums)[4u] += fma(dot(lo[4u], ones_4), scales_4.lo, (dot(hi[4u], ones_4) * scales_4.hi));
        (*sums)[4u] -= fma(dot(lo_input, ones_4), scales_4.lo_min, (dot(hi_input, ones_4) * scales_4.hi_min));
        let ones_5 = vec4<f32>(1.0f);
        let scales_5 = Q5_K_scales_w_up(((min((row + 5u), last) * bytes) + block), inside);
        (*sums)[5u] += fma(dot(lo[5u], ones_5), scales_5.lo, (dot(hi[5u], ones_5) * scales_5.hi));
        (*sums)[5u] -= fma(dot(lo_input, ones_5), scales_5.lo_min, (dot(hi_input, ones_5) * scales_5.hi_min));
        let ones_6 = vec4<f32>(1.0f);
        let scales_6 = Q5_K_scales_w_up(((min((row + 6u), last) * bytes) + block), inside);
        (*sums)[6u] += fma(dot(lo[6u], ones_6), scales_6.lo, (dot(hi[6u], ones_6) * scales_6.hi));
        (*sums)[6u] -= fma(dot(lo_input, ones_6), scales_6.lo_min, (dot(hi_input, ones_6) * scales_6.hi_min));
        let ones_7 = vec4<f32>(1.0f);
        let scales_7 = Q5_K_scales_w_up(((min((row + 7u), last) * bytes) + block), inside);
        (*sums)[7u] += fma(dot(lo[7u], ones_7), scales_7.lo, (dot(hi[7u], ones_7) * scales_7.hi));
        (*sums)[7u] -= fma(dot(lo_input, ones_7), scales_7.lo_min, (dot(hi_input, ones_7) * scales_7.hi_min));
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
    row_dots_Q5_K_Tree_64_8_true_true_h_o_w_post_w_next_w_gate(local_invocation_index, row, last, uniforms.params.k, before, &gate);
    row_dots_Q5_K_Tree_64_8_true_true_h_o_w_post_w_next_w_up(local_invocation_index, row, last, uniforms.params.k, before, &up);
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
