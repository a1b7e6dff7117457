// gemm_cooperative<Q5_0, false, 2, 2, 2, 2, 4, 2> | features: f16 cooperative_matrix
struct GemmCooperativeParams {
    n: u32,
    first_row: u32,
    rows: u32,
    k: u32,
    y_stride: u32,
    y_at: u32,
    accumulate: u32,
    splits: u32,
}

struct Share {
    x_line: u32,
    x_last: u32,
    x_lines: u32,
    x_stride: u32,
    x_quad: u32,
    w_line: u32,
    w_last: u32,
    w_chunk: u32,
    k: u32,
}

struct Scales {
    lo: f32,
    hi: f32,
    lo_min: f32,
    hi_min: f32,
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
    params: GemmCooperativeParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> x: array<vec4<f16>>;
@group(0) @binding(2) var<storage, read> scales: array<f32>;
@group(0) @binding(3) var<storage, read> w: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
var<workgroup> x_tile: array<vec4<f16>, 640>;
var<workgroup> w_tile: array<vec4<f16>, 640>;
var<workgroup> patches: array<f32, 1024>;

fn Q5_0_hi_at(chunk: u32) -> u32 {
    return ((chunk * 4u) + 16u);
}

fn hi_in_row_Q5_0(chunk: u32) -> u32 {
    return (((chunk / 4u) * 32u) + Q5_0_hi_at((chunk % 4u)));
}

fn Q5_0_lo_at(chunk: u32) -> u32 {
    return (chunk * 4u);
}

fn lo_in_row_Q5_0(chunk: u32) -> u32 {
    return (((chunk / 4u) * 32u) + Q5_0_lo_at((chunk % 4u)));
}

fn row_bytes_Q5_0(k: u32) -> u32 {
    return ((k / 32u) * 22u);
}

fn block_byte_Q5_0(chunk: u32) -> u32 {
    return ((chunk / 4u) * 22u);
}

fn half_at_w(byte: u32) -> f32 {
    let halves = unpack2x16float((w[(byte / 4u)] >> ((byte & 2u) * 8u)));
    return halves.x;
}

fn one_scale(d: f32) -> Scales {
    return Scales(d, d, 0.0f, 0.0f);
}

fn Q5_0_scales_w(byte: u32, chunk: u32) -> Scales {
    return one_scale(half_at_w(byte));
}

fn word_at_w(byte: u32) -> u32 {
    let at = (byte / 4u);
    let shift = ((byte & 2u) * 8u);
    return ((w[at] >> shift) | ((w[(at + 1u)] << 1u) << (31u - shift)));
}

fn spread(bits: u32) -> u32 {
    return (((bits & 15u) * 2113665u) & 16843009u);
}

fn Q5_0_codes_w(byte: u32, chunk: u32) -> Eight {
    let fifth = (word_at_w((byte + 2u)) >> (chunk * 4u));
    let nibbles = word_at_w(((byte + 6u) + (chunk * 4u)));
    return Eight((vec4f(unpack4xU8(((nibbles & 252645135u) | (spread(fifth) << 4u)))) - vec4<f32>(16.0f)), (vec4f(unpack4xU8((((nibbles >> 4u) & 252645135u) | (spread((fifth >> 16u)) << 4u)))) - vec4<f32>(16.0f)));
}

fn scaled_Q5_0(codes: Eight, scales_1: Scales) -> Eight {
    return Eight((codes.lo * scales_1.lo), (codes.hi * scales_1.hi));
}

fn halves(values: vec4<f32>) -> vec4<f16> {
    return vec4(f16(values.x), f16(values.y), f16(values.z), f16(values.w));
}

fn fetch_Q5_0_false_4_2_x_w(share: Share, v_step: u32, x_next: ptr<function, array<vec4<f16>, 4>>, lo_next: ptr<function, array<vec4<f16>, 2>>, hi_next: ptr<function, array<vec4<f16>, 2>>) {
    var x_at: u32 = ((v_step * 8u) + share.x_quad);
    var w_row: u32 = share.w_line;
    var chunk: u32 = share.w_chunk;
    chunk += (v_step * 4u);
    let own = ((v_step * 4u) + (share.x_quad % 4u));
    x_at = (select(hi_in_row_Q5_0(own), lo_in_row_Q5_0(own), (share.x_quad < 4u)) / 4u);
    (*x_next)[0u] = x[((min((share.x_line + (0u * share.x_lines)), share.x_last) * share.x_stride) + x_at)];
    (*x_next)[1u] = x[((min((share.x_line + (1u * share.x_lines)), share.x_last) * share.x_stride) + x_at)];
    (*x_next)[2u] = x[((min((share.x_line + (2u * share.x_lines)), share.x_last) * share.x_stride) + x_at)];
    (*x_next)[3u] = x[((min((share.x_line + (3u * share.x_lines)), share.x_last) * share.x_stride) + x_at)];
    let byte = ((min(w_row, share.w_last) * row_bytes_Q5_0(share.k)) + block_byte_Q5_0(chunk));
    let inside = (chunk % 4u);
    let scales_1 = Q5_0_scales_w(byte, inside);
    let weights = scaled_Q5_0(Q5_0_codes_w(byte, (inside + 0u)), scales_1);
    (*lo_next)[0u] = halves(weights.lo);
    (*hi_next)[0u] = halves(weights.hi);
    let weights_1 = scaled_Q5_0(Q5_0_codes_w(byte, (inside + 1u)), scales_1);
    (*lo_next)[1u] = halves(weights_1.lo);
    (*hi_next)[1u] = halves(weights_1.hi);
}

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let width = 64u;
    let w_stride = 10u;
    let outputs = uniforms.params.rows;
    let steps = (uniforms.params.k / 32u);
    let x_tiles = ((uniforms.params.n + 63u) / 64u);
    let w_tiles = ((outputs + (width - 1u)) / width);
    let first_x = ((group % x_tiles) * 64u);
    let first_w = (((group / x_tiles) % w_tiles) * width);
    let split = ((group / x_tiles) / w_tiles);
    let steps_a_split = (((steps + uniforms.params.splits) - 1u) / uniforms.params.splits);
    let v_from = min((split * steps_a_split), steps);
    let to = min((v_from + steps_a_split), steps);
    let subgroup = (local_invocation_index / 32u);
    let row = ((subgroup / 2u) * 32u);
    let column = ((subgroup % 2u) * 32u);
    let x_lines = 16u;
    let x_to = (((local_invocation_index / 8u) * 10u) + (local_invocation_index % 8u));
    let line_chunks = 4u;
    let w_line = (local_invocation_index / (line_chunks / 2u));
    let w_chunk = ((local_invocation_index % (line_chunks / 2u)) * 2u);
    let share = Share((first_x + (local_invocation_index / 8u)), (uniforms.params.n - 1u), x_lines, (steps * 8u), (local_invocation_index % 8u), ((uniforms.params.first_row + w_line) + first_w), ((uniforms.params.first_row + uniforms.params.rows) - 1u), w_chunk, uniforms.params.k);
    var x_next: array<vec4<f16>, 4> = array<vec4<f16>, 4>(vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)));
    var lo_next: array<vec4<f16>, 2> = array<vec4<f16>, 2>(vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)));
    var hi_next: array<vec4<f16>, 2> = array<vec4<f16>, 2>(vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)));
    fetch_Q5_0_false_4_2_x_w(share, min(v_from, (steps - 1u)), &x_next, &lo_next, &hi_next);
    var sums: array<array<coop_mat16x16<f32, C>, 2>, 2> = array<array<coop_mat16x16<f32, C>, 2>, 2>();
    for (var v_step: u32 = v_from; v_step < to; v_step++) {
        x_tile[(((0u * x_lines) * 10u) + x_to)] = x_next[0u];
        x_tile[(((1u * x_lines) * 10u) + x_to)] = x_next[1u];
        x_tile[(((2u * x_lines) * 10u) + x_to)] = x_next[2u];
        x_tile[(((3u * x_lines) * 10u) + x_to)] = x_next[3u];
        w_tile[(((w_line * w_stride) + w_chunk) + 0u)] = lo_next[0u];
        w_tile[((((w_line * w_stride) + 4u) + w_chunk) + 0u)] = hi_next[0u];
        w_tile[(((w_line * w_stride) + w_chunk) + 1u)] = lo_next[1u];
        w_tile[((((w_line * w_stride) + 4u) + w_chunk) + 1u)] = hi_next[1u];
        workgroupBarrier();
        let next = min((v_step + 1u), (to - 1u));
        fetch_Q5_0_false_4_2_x_w(share, next, &x_next, &lo_next, &hi_next);
        var x_own: array<coop_mat16x16<f16, A>, 2> = array<coop_mat16x16<f16, A>, 2>();
        let at = (((row + 0u) * 10u) + 0u);
        x_own[0u] = coopLoadT<coop_mat16x16<f16, A>>(&x_tile[at], 10u);
        let at_1 = (((row + 16u) * 10u) + 0u);
        x_own[1u] = coopLoadT<coop_mat16x16<f16, A>>(&x_tile[at_1], 10u);
        let at_2 = (((column + 0u) * w_stride) + 0u);
        let w_own = coopLoad<coop_mat16x16<f16, B>>(&w_tile[at_2], w_stride);
        sums[0u][0u] = coopMultiplyAdd(x_own[0u], w_own, sums[0u][0u]);
        sums[1u][0u] = coopMultiplyAdd(x_own[1u], w_own, sums[1u][0u]);
        let at_3 = (((column + 16u) * w_stride) + 0u);
        let w_own_1 = coopLoad<coop_mat16x16<f16, B>>(&w_tile[at_3], w_stride);
        sums[0u][1u] = coopMultiplyAdd(x_own[0u], w_own_1, sums[0u][1u]);
        sums[1u][1u] = coopMultiplyAdd(x_own[1u], w_own_1, sums[1u][1u]);
        var x_own_1: array<coop_mat16x16<f16, A>, 2> = array<coop_mat16x16<f16, A>, 2>();
        let at_4 = (((row + 0u) * 10u) + 4u);
        x_own_1[0u] = coopLoadT<coop_mat16x16<f16, A>>(&x_tile[at_4], 10u);
        let at_5 = (((row + 16u) * 10u) + 4u);
        x_own_1[1u] = coopLoadT<coop_mat16x16<f16, A>>(&x_tile[at_5], 10u);
        let at_6 = (((column + 0u) * w_stride) + 4u);
        let w_own_2 = coopLoad<coop_mat16x16<f16, B>>(&w_tile[at_6], w_stride);
        sums[0u][0u] = coopMultiplyAdd(x_own_1[0u], w_own_2, sums[0u][0u]);
        sums[1u][0u] = coopMultiplyAdd(x_own_1[1u], w_own_2, sums[1u][0u]);
        let at_7 = (((column + 16u) * w_stride) + 4u);
        let w_own_3 = coopLoad<coop_mat16x16<f16, B>>(&w_tile[at_7], w_stride);
        sums[0u][1u] = coopMultiplyAdd(x_own_1[0u], w_own_3, sums[0u][1u]);
        sums[1u][1u] = coopMultiplyAdd(x_own_1[1u], w_own_3, sums[1u][1u]);
        workgroupBarrier();
    }
    let v_patch = (subgroup * 256u);
    coopStoreT(sums[0u][0u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item: u32 = (local_invocation_index % 32u); item < 256u; item += 32u) {
        let t = (((first_x + row) + 0u) + (item / 16u));
        let output = (((first_w + column) + 0u) + (item % 16u));
        if ((t < uniforms.params.n) && (output < outputs)) {
            let at_8 = (((((split * uniforms.params.n) + t) * uniforms.params.y_stride) + uniforms.params.y_at) + output);
            let product = (scales[t] * patches[(v_patch + item)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_8] += product;
            } else {
                y[at_8] = product;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[0u][1u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_1: u32 = (local_invocation_index % 32u); item_1 < 256u; item_1 += 32u) {
        let t_1 = (((first_x + row) + 0u) + (item_1 / 16u));
        let output_1 = (((first_w + column) + 16u) + (item_1 % 16u));
        if ((t_1 < uniforms.params.n) && (output_1 < outputs)) {
            let at_9 = (((((split * uniforms.params.n) + t_1) * uniforms.params.y_stride) + uniforms.params.y_at) + output_1);
            let product_1 = (scales[t_1] * patches[(v_patch + item_1)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_9] += product_1;
            } else {
                y[at_9] = product_1;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[1u][0u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_2: u32 = (local_invocation_index % 32u); item_2 < 256u; item_2 += 32u) {
        let t_2 = (((first_x + row) + 16u) + (item_2 / 16u));
        let output_2 = (((first_w + column) + 0u) + (item_2 % 16u));
        if ((t_2 < uniforms.params.n) && (output_2 < outputs)) {
            let at_10 = (((((split * uniforms.params.n) + t_2) * uniforms.params.y_stride) + uniforms.params.y_at) + output_2);
            let product_2 = (scales[t_2] * patches[(v_patch + item_2)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_10] += product_2;
            } else {
                y[at_10] = product_2;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[1u][1u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_3: u32 = (local_invocation_index % 32u); item_3 < 256u; item_3 += 32u) {
        let t_3 = (((first_x + row) + 16u) + (item_3 / 16u));
        let output_3 = (((first_w + column) + 16u) + (item_3 % 16u));
        if ((t_3 < uniforms.params.n) && (output_3 < outputs)) {
            let at_11 = (((((split * uniforms.params.n) + t_3) * uniforms.params.y_stride) + uniforms.params.y_at) + output_3);
            let product_3 = (scales[t_3] * patches[(v_patch + item_3)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_11] += product_3;
            } else {
                y[at_11] = product_3;
            }
        }
    }
    workgroupBarrier();
}
