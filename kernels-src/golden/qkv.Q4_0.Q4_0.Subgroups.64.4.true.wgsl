// qkv<Q4_0, Q4_0, Subgroups<64>, 4, true> | features: subgroups
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
var<workgroup> scratch: array<f32, 64>;
var<private> subgroup_size: u32;
var<private> subgroup_invocation_id: u32;

fn Subgroups_64_sum_scratch(value: f32, lane: u32) -> f32 {
    let own = subgroupAdd(value);
    if (subgroup_invocation_id == 0u) {
        scratch[(lane / subgroup_size)] = own;
    }
    workgroupBarrier();
    var total: f32 = 0.0f;
    let end = ((64u / subgroup_size) + u32(((64u % subgroup_size) != 0u)));
    for (var subgroup: u32 = 0u; subgroup < end; subgroup++) {
        total += scratch[subgroup];
    }
    workgroupBarrier();
    return total;
}

fn prologue_Subgroups_64_true_o_scratch(lane: u32, n: u32, eps: f32, scale: f32) -> Prologue {
    var post: f32 = 0.0f;
    var squares: vec4<f32> = vec4<f32>(0.0f);
    let end = (n / 4u);
    for (var i: u32 = lane; i < end; i += 64u) {
        squares = fma(o[i], o[i], squares);
    }
    let sum = Subgroups_64_sum_scratch(dot(squares, vec4<f32>(1.0f)), lane);
    post = (scale * inverseSqrt(((sum / f32(n)) + eps)));
    return Prologue(post, scale);
}

fn stream_true_h_o_w_post(i: u32, prologue: Prologue) -> vec4<f32> {
    return fma((o[i] * w_post[i]), vec4<f32>(prologue.post), (h[i] * prologue.scale));
}

fn next_norm_Subgroups_64_true_h_o_w_post_scratch(lane: u32, n: u32, eps: f32, prologue: Prologue) -> f32 {
    var squares: vec4<f32> = vec4<f32>(0.0f);
    let end = (n / 4u);
    for (var i: u32 = lane; i < end; i += 64u) {
        let value = stream_true_h_o_w_post(i, prologue);
        squares = fma(value, value, squares);
    }
    let sum = Subgroups_64_sum_scratch(dot(squares, vec4<f32>(1.0f)), lane);
    return inverseSqrt(((sum / f32(n)) + eps));
}

fn store_stream_Subgroups_64_true_h_o_w_post_h_out(lane: u32, n: u32, prologue: Prologue) {
    let end = (n / 4u);
    for (var i: u32 = lane; i < end; i += 64u) {
        h_out[i] = stream_true_h_o_w_post(i, prologue);
    }
}

fn row_bytes_Q4_0(k: u32) -> u32 {
    return ((k / 32u) * 18u);
}

fn block_byte_Q4_0(chunk: u32) -> u32 {
    return ((chunk / 4u) * 18u);
}

fn Q4_0_lo_at(chunk: u32) -> u32 {
    return (chunk * 4u);
}

fn lo_in_row_Q4_0(chunk: u32) -> u32 {
    return (((chunk / 4u) * 32u) + Q4_0_lo_at((chunk % 4u)));
}

fn input_true_true_h_o_w_post_w_next(i: u32, prologue: Prologue) -> vec4<f32> {
    return (stream_true_h_o_w_post(i, prologue) * w_next[i]);
}

fn Q4_0_hi_at(chunk: u32) -> u32 {
    return ((chunk * 4u) + 16u);
}

fn hi_in_row_Q4_0(chunk: u32) -> u32 {
    return (((chunk / 4u) * 32u) + Q4_0_hi_at((chunk % 4u)));
}

fn word_at_wa(byte: u32) -> u32 {
    let at = (byte / 4u);
    let shift = ((byte & 2u) * 8u);
    return ((wa[at] >> shift) | ((wa[(at + 1u)] << 1u) << (31u - shift)));
}

fn Q4_0_codes_wa(byte: u32, chunk: u32) -> Eight {
    let nibbles = word_at_wa(((byte + 2u) + (chunk * 4u)));
    return Eight((vec4f(unpack4xU8((nibbles & 252645135u))) - vec4<f32>(8.0f)), (vec4f(unpack4xU8(((nibbles >> 4u) & 252645135u))) - vec4<f32>(8.0f)));
}

fn half_at_wa(byte: u32) -> f32 {
    let halves = unpack2x16float((wa[(byte / 4u)] >> ((byte & 2u) * 8u)));
    return halves.x;
}

fn one_scale(d: f32) -> Scales {
    return Scales(d, d, 0.0f, 0.0f);
}

fn Q4_0_scales_wa(byte: u32, chunk: u32) -> Scales {
    return one_scale(half_at_wa(byte));
}

fn row_dots_Q4_0_Subgroups_64_4_true_true_h_o_w_post_w_next_wa(lane: u32, row: u32, last: u32, k: u32, prologue: Prologue, sums: ptr<function, array<f32, 4>>) {
    let bytes = row_bytes_Q4_0(k);
    let end = (k / 32u);
    for (var span: u32 = lane; span < end; span += 64u) {
        let first = (span * 4u);
        let block = block_byte_Q4_0(first);
        let inside = (first % 4u);
        var lo: array<vec4<f32>, 4> = array<vec4<f32>, 4>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
        var hi: array<vec4<f32>, 4> = array<vec4<f32>, 4>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
        var lo_input: vec4<f32> = vec4<f32>(0.0f);
        var hi_input: vec4<f32> = vec4<f32>(0.0f);
        let x_lo = input_true_true_h_o_w_post_w_next((lo_in_row_Q4_0((first + 0u)) / 4u), prologue);
        let x_hi = input_true_true_h_o_w_post_w_next((hi_in_row_Q4_0((first + 0u)) / 4u), prologue);
        let codes = Q4_0_codes_wa(((min((row + 0u), last) * bytes) + block), (inside + 0u));
        lo[0u] = fma(codes.lo, x_lo, lo[0u]);
        hi[0u] = fma(codes.hi, x_hi, hi[0u]);
        let codes_1 = Q4_0_codes_wa(((min((row + 1u), last) * bytes) + block), (inside + 0u));
        lo[1u] = fma(codes_1.lo, x_lo, lo[1u]);
        hi[1u] = fma(codes_1.hi, x_hi, hi[1u]);
        let codes_2 = Q4_0_codes_wa(((min((row + 2u), last) * bytes) + block), (inside + 0u));
        lo[2u] = fma(codes_2.lo, x_lo, lo[2u]);
        hi[2u] = fma(codes_2.hi, x_hi, hi[2u]);
        let codes_3 = Q4_0_codes_wa(((min((row + 3u), last) * bytes) + block), (inside + 0u));
        lo[3u] = fma(codes_3.lo, x_lo, lo[3u]);
        hi[3u] = fma(codes_3.hi, x_hi, hi[3u]);
        let x_lo_1 = input_true_true_h_o_w_post_w_next((lo_in_row_Q4_0((first + 1u)) / 4u), prologue);
        let x_hi_1 = input_true_true_h_o_w_post_w_next((hi_in_row_Q4_0((first + 1u)) / 4u), prologue);
        let codes_4 = Q4_0_codes_wa(((min((row + 0u), last) * bytes) + block), (inside + 1u));
        lo[0u] = fma(codes_4.lo, x_lo_1, lo[0u]);
        hi[0u] = fma(codes_4.hi, x_hi_1, hi[0u]);
        let codes_5 = Q4_0_codes_wa(((min((row + 1u), last) * bytes) + block), (inside + 1u));
        lo[1u] = fma(codes_5.lo, x_lo_1, lo[1u]);
        hi[1u] = fma(codes_5.hi, x_hi_1, hi[1u]);
        let codes_6 = Q4_0_codes_wa(((min((row + 2u), last) * bytes) + block), (inside + 1u));
        lo[2u] = fma(codes_6.lo, x_lo_1, lo[2u]);
        hi[2u] = fma(codes_6.hi, x_hi_1, hi[2u]);
        let codes_7 = Q4_0_codes_wa(((min((row + 3u), last) * bytes) + block), (inside + 1u));
        lo[3u] = fma(codes_7.lo, x_lo_1, lo[3u]);
        hi[3u] = fma(codes_7.hi, x_hi_1, hi[3u]);
        let x_lo_2 = input_true_true_h_o_w_post_w_next((lo_in_row_Q4_0((first + 2u)) / 4u), prologue);
        let x_hi_2 = input_true_true_h_o_w_post_w_next((hi_in_row_Q4_0((first + 2u)) / 4u), prologue);
        let codes_8 = Q4_0_codes_wa(((min((row + 0u), last) * bytes) + block), (inside + 2u));
        lo[0u] = fma(codes_8.lo, x_lo_2, lo[0u]);
        hi[0u] = fma(codes_8.hi, x_hi_2, hi[0u]);
        let codes_9 = Q4_0_codes_wa(((min((row + 1u), last) * bytes) + block), (inside + 2u));
        lo[1u] = fma(codes_9.lo, x_lo_2, lo[1u]);
        hi[1u] = fma(codes_9.hi, x_hi_2, hi[1u]);
        let codes_10 = Q4_0_codes_wa(((min((row + 2u), last) * bytes) + block), (inside + 2u));
        lo[2u] = fma(codes_10.lo, x_lo_2, lo[2u]);
        hi[2u] = fma(codes_10.hi, x_hi_2, hi[2u]);
        let codes_11 = Q4_0_codes_wa(((min((row + 3u), last) * bytes) + block), (inside + 2u));
        lo[3u] = fma(codes_11.lo, x_lo_2, lo[3u]);
        hi[3u] = fma(codes_11.hi, x_hi_2, hi[3u]);
        let x_lo_3 = input_true_true_h_o_w_post_w_next((lo_in_row_Q4_0((first + 3u)) / 4u), prologue);
        let x_hi_3 = input_true_true_h_o_w_post_w_next((hi_in_row_Q4_0((first + 3u)) / 4u), prologue);
        let codes_12 = Q4_0_codes_wa(((min((row + 0u), last) * bytes) + block), (inside + 3u));
        lo[0u] = fma(codes_12.lo, x_lo_3, lo[0u]);
        hi[0u] = fma(codes_12.hi, x_hi_3, hi[0u]);
        let codes_13 = Q4_0_codes_wa(((min((row + 1u), last) * bytes) + block), (inside + 3u));
        lo[1u] = fma(codes_13.lo, x_lo_3, lo[1u]);
        hi[1u] = fma(codes_13.hi, x_hi_3, hi[1u]);
        let codes_14 = Q4_0_codes_wa(((min((row + 2u), last) * bytes) + block), (inside + 3u));
        lo[2u] = fma(codes_14.lo, x_lo_3, lo[2u]);
        hi[2u] = fma(codes_14.hi, x_hi_3, hi[2u]);
        let codes_15 = Q4_0_codes_wa(((min((row + 3u), last) * bytes) + block), (inside + 3u));
        lo[3u] = fma(codes_15.lo, x_lo_3, lo[3u]);
        hi[3u] = fma(codes_15.hi, x_hi_3, hi[3u]);
        let ones = vec4<f32>(1.0f);
        let scales = Q4_0_scales_wa(((min((row + 0u), last) * bytes) + block), inside);
        (*sums)[0u] += fma(dot(lo[0u], ones), scales.lo, (dot(hi[0u], ones) * scales.hi));
        let ones_1 = vec4<f32>(1.0f);
        let scales_1 = Q4_0_scales_wa(((min((row + 1u), last) * bytes) + block), inside);
        (*sums)[1u] += fma(dot(lo[1u], ones_1), scales_1.lo, (dot(hi[1u], ones_1) * scales_1.hi));
        let ones_2 = vec4<f32>(1.0f);
        let scales_2 = Q4_0_scales_wa(((min((row + 2u), last) * bytes) + block), inside);
        (*sums)[2u] += fma(dot(lo[2u], ones_2), scales_2.lo, (dot(hi[2u], ones_2) * scales_2.hi));
        let ones_3 = vec4<f32>(1.0f);
        let scales_3 = Q4_0_scales_wa(((min((row + 3u), last) * bytes) + block), inside);
        (*sums)[3u] += fma(dot(lo[3u], ones_3), scales_3.lo, (dot(hi[3u], ones_3) * scales_3.hi));
    }
}

fn word_at_wb(byte: u32) -> u32 {
    let at = (byte / 4u);
    let shift = ((byte & 2u) * 8u);
    return ((wb[at] >> shift) | ((wb[(at + 1u)] << 1u) << (31u - shift)));
}

fn Q4_0_codes_wb(byte: u32, chunk: u32) -> Eight {
    let nibbles = word_at_wb(((byte + 2u) + (chunk * 4u)));
    return Eight((vec4f(unpack4xU8((nibbles & 252645135u))) - vec4<f32>(8.0f)), (vec4f(unpack4xU8(((nibbles >> 4u) & 252645135u))) - vec4<f32>(8.0f)));
}

fn half_at_wb(byte: u32) -> f32 {
    let halves = unpack2x16float((wb[(byte / 4u)] >> ((byte & 2u) * 8u)));
    return halves.x;
}

fn Q4_0_scales_wb(byte: u32, chunk: u32) -> Scales {
    return one_scale(half_at_wb(byte));
}

fn row_dots_Q4_0_Subgroups_64_4_true_true_h_o_w_post_w_next_wb(lane: u32, row: u32, last: u32, k: u32, prologue: Prologue, sums: ptr<function, array<f32, 4>>) {
    let bytes = row_bytes_Q4_0(k);
    let end = (k / 32u);
    for (var span: u32 = lane; span < end; span += 64u) {
        let first = (span * 4u);
        let block = block_byte_Q4_0(first);
        let inside = (first % 4u);
        var lo: array<vec4<f32>, 4> = array<vec4<f32>, 4>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
        var hi: array<vec4<f32>, 4> = array<vec4<f32>, 4>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
        var lo_input: vec4<f32> = vec4<f32>(0.0f);
        var hi_input: vec4<f32> = vec4<f32>(0.0f);
        let x_lo = input_true_true_h_o_w_post_w_next((lo_in_row_Q4_0((first + 0u)) / 4u), prologue);
        let x_hi = input_true_true_h_o_w_post_w_next((hi_in_row_Q4_0((first + 0u)) / 4u), prologue);
        let codes = Q4_0_codes_wb(((min((row + 0u), last) * bytes) + block), (inside + 0u));
        lo[0u] = fma(codes.lo, x_lo, lo[0u]);
        hi[0u] = fma(codes.hi, x_hi, hi[0u]);
        let codes_1 = Q4_0_codes_wb(((min((row + 1u), last) * bytes) + block), (inside + 0u));
        lo[1u] = fma(codes_1.lo, x_lo, lo[1u]);
        hi[1u] = fma(codes_1.hi, x_hi, hi[1u]);
        let codes_2 = Q4_0_codes_wb(((min((row + 2u), last) * bytes) + block), (inside + 0u));
        lo[2u] = fma(codes_2.lo, x_lo, lo[2u]);
        hi[2u] = fma(codes_2.hi, x_hi, hi[2u]);
        let codes_3 = Q4_0_codes_wb(((min((row + 3u), last) * bytes) + block), (inside + 0u));
        lo[3u] = fma(codes_3.lo, x_lo, lo[3u]);
        hi[3u] = fma(codes_3.hi, x_hi, hi[3u]);
        let x_lo_1 = input_true_true_h_o_w_post_w_next((lo_in_row_Q4_0((first + 1u)) / 4u), prologue);
        let x_hi_1 = input_true_true_h_o_w_post_w_next((hi_in_row_Q4_0((first + 1u)) / 4u), prologue);
        let codes_4 = Q4_0_codes_wb(((min((row + 0u), last) * bytes) + block), (inside + 1u));
        lo[0u] = fma(codes_4.lo, x_lo_1, lo[0u]);
        hi[0u] = fma(codes_4.hi, x_hi_1, hi[0u]);
        let codes_5 = Q4_0_codes_wb(((min((row + 1u), last) * bytes) + block), (inside + 1u));
        lo[1u] = fma(codes_5.lo, x_lo_1, lo[1u]);
        hi[1u] = fma(codes_5.hi, x_hi_1, hi[1u]);
        let codes_6 = Q4_0_codes_wb(((min((row + 2u), last) * bytes) + block), (inside + 1u));
        lo[2u] = fma(codes_6.lo, x_lo_1, lo[2u]);
        hi[2u] = fma(codes_6.hi, x_hi_1, hi[2u]);
        let codes_7 = Q4_0_codes_wb(((min((row + 3u), last) * bytes) + block), (inside + 1u));
        lo[3u] = fma(codes_7.lo, x_lo_1, lo[3u]);
        hi[3u] = fma(codes_7.hi, x_hi_1, hi[3u]);
        let x_lo_2 = input_true_true_h_o_w_post_w_next((lo_in_row_Q4_0((first + 2u)) / 4u), prologue);
        let x_hi_2 = input_true_true_h_o_w_post_w_next((hi_in_row_Q4_0((first + 2u)) / 4u), prologue);
        let codes_8 = Q4_0_codes_wb(((min((row + 0u), last) * bytes) + block), (inside + 2u));
        lo[0u] = fma(codes_8.lo, x_lo_2, lo[0u]);
        hi[0u] = fma(codes_8.hi, x_hi_2, hi[0u]);
        let codes_9 = Q4_0_codes_wb(((min((row + 1u), last) * bytes) + block), (inside + 2u));
        lo[1u] = fma(codes_9.lo, x_lo_2, lo[1u]);
        hi[1u] = fma(codes_9.hi, x_hi_2, hi[1u]);
        let codes_10 = Q4_0_codes_wb(((min((row + 2u), last) * bytes) + block), (inside + 2u));
        lo[2u] = fma(codes_10.lo, x_lo_2, lo[2u]);
        hi[2u] = fma(codes_10.hi, x_hi_2, hi[2u]);
        let codes_11 = Q4_0_codes_wb(((min((row + 3u), last) * bytes) + block), (inside + 2u));
        lo[3u] = fma(codes_11.lo, x_lo_2, lo[3u]);
        hi[3u] = fma(codes_11.hi, x_hi_2, hi[3u]);
        let x_lo_3 = input_true_true_h_o_w_post_w_next((lo_in_row_Q4_0((first + 3u)) / 4u), prologue);
        let x_hi_3 = input_true_true_h_o_w_post_w_next((hi_in_row_Q4_0((first + 3u)) / 4u), prologue);
        let codes_12 = Q4_0_codes_wb(((min((row + 0u), last) * bytes) + block), (inside + 3u));
        lo[0u] = fma(codes_12.lo, x_lo_3, lo[0u]);
        hi[0u] = fma(codes_12.hi, x_hi_3, hi[0u]);
        let codes_13 = Q4_0_codes_wb(((min((row + 1u), last) * bytes) + block), (inside + 3u));
        lo[1u] = fma(codes_13.lo, x_lo_3, lo[1u]);
        hi[1u] = fma(codes_13.hi, x_hi_3, hi[1u]);
        let codes_14 = Q4_0_codes_wb(((min((row + 2u), last) * bytes) + block), (inside + 3u));
        lo[2u] = fma(codes_14.lo, x_lo_3, lo[2u]);
        hi[2u] = fma(codes_14.hi, x_hi_3, hi[2u]);
        let codes_15 = Q4_0_codes_wb(((min((row + 3u), last) * bytes) + block), (inside + 3u));
        lo[3u] = fma(codes_15.lo, x_lo_3, lo[3u]);
        hi[3u] = fma(codes_15.hi, x_hi_3, hi[3u]);
        let ones = vec4<f32>(1.0f);
        let scales = Q4_0_scales_wb(((min((row + 0u), last) * bytes) + block), inside);
        (*sums)[0u] += fma(dot(lo[0u], ones), scales.lo, (dot(hi[0u], ones) * scales.hi));
        let ones_1 = vec4<f32>(1.0f);
        let scales_1 = Q4_0_scales_wb(((min((row + 1u), last) * bytes) + block), inside);
        (*sums)[1u] += fma(dot(lo[1u], ones_1), scales_1.lo, (dot(hi[1u], ones_1) * scales_1.hi));
        let ones_2 = vec4<f32>(1.0f);
        let scales_2 = Q4_0_scales_wb(((min((row + 2u), last) * bytes) + block), inside);
        (*sums)[2u] += fma(dot(lo[2u], ones_2), scales_2.lo, (dot(hi[2u], ones_2) * scales_2.hi));
        let ones_3 = vec4<f32>(1.0f);
        let scales_3 = Q4_0_scales_wb(((min((row + 3u), last) * bytes) + block), inside);
        (*sums)[3u] += fma(dot(lo[3u], ones_3), scales_3.lo, (dot(hi[3u], ones_3) * scales_3.hi));
    }
}

fn Subgroups_64_sums_4_scratch(values: ptr<function, array<f32, 4>>, lane: u32) {
    let own = subgroupAdd((*values)[0u]);
    if (subgroup_invocation_id == 0u) {
        scratch[(0u + (lane / subgroup_size))] = own;
    }
    let own_1 = subgroupAdd((*values)[1u]);
    if (subgroup_invocation_id == 0u) {
        scratch[(16u + (lane / subgroup_size))] = own_1;
    }
    let own_2 = subgroupAdd((*values)[2u]);
    if (subgroup_invocation_id == 0u) {
        scratch[(32u + (lane / subgroup_size))] = own_2;
    }
    let own_3 = subgroupAdd((*values)[3u]);
    if (subgroup_invocation_id == 0u) {
        scratch[(48u + (lane / subgroup_size))] = own_3;
    }
    workgroupBarrier();
    let subgroups = ((64u / subgroup_size) + u32(((64u % subgroup_size) != 0u)));
    var total: f32 = 0.0f;
    for (var subgroup: u32 = 0u; subgroup < subgroups; subgroup++) {
        total += scratch[(0u + subgroup)];
    }
    (*values)[0u] = total;
    var total_1: f32 = 0.0f;
    for (var subgroup_1: u32 = 0u; subgroup_1 < subgroups; subgroup_1++) {
        total_1 += scratch[(16u + subgroup_1)];
    }
    (*values)[1u] = total_1;
    var total_2: f32 = 0.0f;
    for (var subgroup_2: u32 = 0u; subgroup_2 < subgroups; subgroup_2++) {
        total_2 += scratch[(32u + subgroup_2)];
    }
    (*values)[2u] = total_2;
    var total_3: f32 = 0.0f;
    for (var subgroup_3: u32 = 0u; subgroup_3 < subgroups; subgroup_3++) {
        total_3 += scratch[(48u + subgroup_3)];
    }
    (*values)[3u] = total_3;
    workgroupBarrier();
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32, @builtin(subgroup_size) subgroup_size_in: u32, @builtin(subgroup_invocation_id) subgroup_invocation_id_in: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    subgroup_size = subgroup_size_in;
    subgroup_invocation_id = subgroup_invocation_id_in;
    let before = prologue_Subgroups_64_true_o_scratch(local_invocation_index, uniforms.params.k, uniforms.params.eps, uniforms.params.scale);
    let norm = next_norm_Subgroups_64_true_h_o_w_post_scratch(local_invocation_index, uniforms.params.k, uniforms.params.eps, before);
    if (group == 0u) {
        store_stream_Subgroups_64_true_h_o_w_post_h_out(local_invocation_index, uniforms.params.k, before);
    }
    let groups_a = ((uniforms.params.rows_a + 3u) / 4u);
    var row: u32 = (group * 4u);
    var rows: u32 = uniforms.params.rows_a;
    var y_at: u32 = 0u;
    var sums: array<f32, 4> = array<f32, 4>();
    if (group < groups_a) {
        row_dots_Q4_0_Subgroups_64_4_true_true_h_o_w_post_w_next_wa(local_invocation_index, row, (rows - 1u), uniforms.params.k, before, &sums);
    } else {
        row = ((group - groups_a) * 4u);
        rows = uniforms.params.rows_b;
        y_at = uniforms.params.rows_a;
        row_dots_Q4_0_Subgroups_64_4_true_true_h_o_w_post_w_next_wb(local_invocation_index, row, (rows - 1u), uniforms.params.k, before, &sums);
    }
    Subgroups_64_sums_4_scratch(&sums, local_invocation_index);
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
