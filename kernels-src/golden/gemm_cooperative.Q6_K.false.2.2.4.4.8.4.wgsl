// gemm_cooperative<Q6_K, false, 2, 2, 4, 4, 8, 4> | features: f16 cooperative_matrix | limits: maxComputeWorkgroupStorageSize=24576
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
var<workgroup> x_tile: array<vec4<f16>, 1280>;
var<workgroup> w_tile: array<vec4<f16>, 1280>;
var<workgroup> patches: array<f32, 1024>;

fn Q6_K_hi_at(chunk: u32) -> u32 {
    return ((((chunk / 16u) * 128u) + ((chunk % 16u) * 4u)) + 64u);
}

fn hi_in_row_Q6_K(chunk: u32) -> u32 {
    return (((chunk / 32u) * 256u) + Q6_K_hi_at((chunk % 32u)));
}

fn Q6_K_lo_at(chunk: u32) -> u32 {
    return (((chunk / 16u) * 128u) + ((chunk % 16u) * 4u));
}

fn lo_in_row_Q6_K(chunk: u32) -> u32 {
    return (((chunk / 32u) * 256u) + Q6_K_lo_at((chunk % 32u)));
}

fn row_bytes_Q6_K(k: u32) -> u32 {
    return ((k / 256u) * 210u);
}

fn block_byte_Q6_K(chunk: u32) -> u32 {
    return ((chunk / 32u) * 210u);
}

fn half_at_w(byte: u32) -> f32 {
    let halves = unpack2x16float((w[(byte / 4u)] >> ((byte & 2u) * 8u)));
    return halves.x;
}

fn word_at_w(byte: u32) -> u32 {
    let at = (byte / 4u);
    let shift = ((byte & 2u) * 8u);
    return ((w[at] >> shift) | ((w[(at + 1u)] << 1u) << (31u - shift)));
}

fn Q6_K_scales_w(byte: u32, chunk: u32) -> Scales {
    let at = ((byte + 192u) + ((chunk / 16u) * 8u));
    let shift = (((chunk % 16u) / 4u) * 8u);
    let d = half_at_w((byte + 208u));
    let lo = (bitcast<i32>((word_at_w(at) << (24u - shift))) >> 24u);
    let hi = (bitcast<i32>((word_at_w((at + 4u)) << (24u - shift))) >> 24u);
    return Scales((d * f32(lo)), (d * f32(hi)), 0.0f, 0.0f);
}

fn Q6_K_codes_w(byte: u32, chunk: u32) -> Eight {
    let nibbles = word_at_w((byte + (chunk * 4u)));
    let pairs = (word_at_w((((byte + 128u) + ((chunk / 16u) * 32u)) + ((chunk % 8u) * 4u))) >> (((chunk % 16u) / 8u) * 2u));
    return Eight((vec4f(unpack4xU8(((nibbles & 252645135u) | ((pairs & 50529027u) << 4u)))) - vec4<f32>(32.0f)), (vec4f(unpack4xU8((((nibbles >> 4u) & 252645135u) | (pairs & 808464432u)))) - vec4<f32>(32.0f)));
}

fn scaled_Q6_K(codes: Eight, scales_1: Scales) -> Eight {
    return Eight((codes.lo * scales_1.lo), (codes.hi * scales_1.hi));
}

fn halves(values: vec4<f32>) -> vec4<f16> {
    return vec4(f16(values.x), f16(values.y), f16(values.z), f16(values.w));
}

fn fetch_Q6_K_false_8_4_x_w(share: Share, v_step: u32, x_next: ptr<function, array<vec4<f16>, 8>>, lo_next: ptr<function, array<vec4<f16>, 4>>, hi_next: ptr<function, array<vec4<f16>, 4>>) {
    var x_at: u32 = ((v_step * 8u) + share.x_quad);
    var w_row: u32 = share.w_line;
    var chunk: u32 = share.w_chunk;
    chunk += (v_step * 4u);
    let own = ((v_step * 4u) + (share.x_quad % 4u));
    x_at = (select(hi_in_row_Q6_K(own), lo_in_row_Q6_K(own), (share.x_quad < 4u)) / 4u);
    (*x_next)[0u] = x[((min((share.x_line + (0u * share.x_lines)), share.x_last) * share.x_stride) + x_at)];
    (*x_next)[1u] = x[((min((share.x_line + (1u * share.x_lines)), share.x_last) * share.x_stride) + x_at)];
    (*x_next)[2u] = x[((min((share.x_line + (2u * share.x_lines)), share.x_last) * share.x_stride) + x_at)];
    (*x_next)[3u] = x[((min((share.x_line + (3u * share.x_lines)), share.x_last) * share.x_stride) + x_at)];
    (*x_next)[4u] = x[((min((share.x_line + (4u * share.x_lines)), share.x_last) * share.x_stride) + x_at)];
    (*x_next)[5u] = x[((min((share.x_line + (5u * share.x_lines)), share.x_last) * share.x_stride) + x_at)];
    (*x_next)[6u] = x[((min((share.x_line + (6u * share.x_lines)), share.x_last) * share.x_stride) + x_at)];
    (*x_next)[7u] = x[((min((share.x_line + (7u * share.x_lines)), share.x_last) * share.x_stride) + x_at)];
    let byte = ((min(w_row, share.w_last) * row_bytes_Q6_K(share.k)) + block_byte_Q6_K(chunk));
    let inside = (chunk % 32u);
    let scales_1 = Q6_K_scales_w(byte, inside);
    let weights = scaled_Q6_K(Q6_K_codes_w(byte, (inside + 0u)), scales_1);
    (*lo_next)[0u] = halves(weights.lo);
    (*hi_next)[0u] = halves(weights.hi);
    let weights_1 = scaled_Q6_K(Q6_K_codes_w(byte, (inside + 1u)), scales_1);
    (*lo_next)[1u] = halves(weights_1.lo);
    (*hi_next)[1u] = halves(weights_1.hi);
    let weights_2 = scaled_Q6_K(Q6_K_codes_w(byte, (inside + 2u)), scales_1);
    (*lo_next)[2u] = halves(weights_2.lo);
    (*hi_next)[2u] = halves(weights_2.hi);
    let weights_3 = scaled_Q6_K(Q6_K_codes_w(byte, (inside + 3u)), scales_1);
    (*lo_next)[3u] = halves(weights_3.lo);
    (*hi_next)[3u] = halves(weights_3.hi);
}

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let width = 128u;
    let w_stride = 10u;
    let outputs = uniforms.params.rows;
    let steps = (uniforms.params.k / 32u);
    let x_tiles = ((uniforms.params.n + 127u) / 128u);
    let w_tiles = ((outputs + (width - 1u)) / width);
    let first_x = ((group % x_tiles) * 128u);
    let first_w = (((group / x_tiles) % w_tiles) * width);
    let split = ((group / x_tiles) / w_tiles);
    let steps_a_split = (((steps + uniforms.params.splits) - 1u) / uniforms.params.splits);
    let v_from = min((split * steps_a_split), steps);
    let to = min((v_from + steps_a_split), steps);
    let subgroup = (local_invocation_index / 32u);
    let row = ((subgroup / 2u) * 64u);
    let column = ((subgroup % 2u) * 64u);
    let x_lines = 16u;
    let x_to = (((local_invocation_index / 8u) * 10u) + (local_invocation_index % 8u));
    let line_chunks = 4u;
    let w_line = (local_invocation_index / (line_chunks / 4u));
    let w_chunk = ((local_invocation_index % (line_chunks / 4u)) * 4u);
    let share = Share((first_x + (local_invocation_index / 8u)), (uniforms.params.n - 1u), x_lines, (steps * 8u), (local_invocation_index % 8u), ((uniforms.params.first_row + w_line) + first_w), ((uniforms.params.first_row + uniforms.params.rows) - 1u), w_chunk, uniforms.params.k);
    var x_next: array<vec4<f16>, 8> = array<vec4<f16>, 8>(vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)));
    var lo_next: array<vec4<f16>, 4> = array<vec4<f16>, 4>(vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)));
    var hi_next: array<vec4<f16>, 4> = array<vec4<f16>, 4>(vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)));
    fetch_Q6_K_false_8_4_x_w(share, min(v_from, (steps - 1u)), &x_next, &lo_next, &hi_next);
    var sums: array<array<coop_mat16x16<f32, C>, 4>, 4> = array<array<coop_mat16x16<f32, C>, 4>, 4>();
    for (var v_step: u32 = v_from; v_step < to; v_step++) {
        x_tile[(((0u * x_lines) * 10u) + x_to)] = x_next[0u];
        x_tile[(((1u * x_lines) * 10u) + x_to)] = x_next[1u];
        x_tile[(((2u * x_lines) * 10u) + x_to)] = x_next[2u];
        x_tile[(((3u * x_lines) * 10u) + x_to)] = x_next[3u];
        x_tile[(((4u * x_lines) * 10u) + x_to)] = x_next[4u];
        x_tile[(((5u * x_lines) * 10u) + x_to)] = x_next[5u];
        x_tile[(((6u * x_lines) * 10u) + x_to)] = x_next[6u];
        x_tile[(((7u * x_lines) * 10u) + x_to)] = x_next[7u];
        w_tile[(((w_line * w_stride) + w_chunk) + 0u)] = lo_next[0u];
        w_tile[((((w_line * w_stride) + 4u) + w_chunk) + 0u)] = hi_next[0u];
        w_tile[(((w_line * w_stride) + w_chunk) + 1u)] = lo_next[1u];
        w_tile[((((w_line * w_stride) + 4u) + w_chunk) + 1u)] = hi_next[1u];
        w_tile[(((w_line * w_stride) + w_chunk) + 2u)] = lo_next[2u];
        w_tile[((((w_line * w_stride) + 4u) + w_chunk) + 2u)] = hi_next[2u];
        w_tile[(((w_line * w_stride) + w_chunk) + 3u)] = lo_next[3u];
        w_tile[((((w_line * w_stride) + 4u) + w_chunk) + 3u)] = hi_next[3u];
        workgroupBarrier();
        let next = min((v_step + 1u), (to - 1u));
        fetch_Q6_K_false_8_4_x_w(share, next, &x_next, &lo_next, &hi_next);
        var x_own: array<coop_mat16x16<f16, A>, 4> = array<coop_mat16x16<f16, A>, 4>();
        let at = (((row + 0u) * 10u) + 0u);
        x_own[0u] = coopLoadT<coop_mat16x16<f16, A>>(&x_tile[at], 10u);
        let at_1 = (((row + 16u) * 10u) + 0u);
        x_own[1u] = coopLoadT<coop_mat16x16<f16, A>>(&x_tile[at_1], 10u);
        let at_2 = (((row + 32u) * 10u) + 0u);
        x_own[2u] = coopLoadT<coop_mat16x16<f16, A>>(&x_tile[at_2], 10u);
        let at_3 = (((row + 48u) * 10u) + 0u);
        x_own[3u] = coopLoadT<coop_mat16x16<f16, A>>(&x_tile[at_3], 10u);
        let at_4 = (((column + 0u) * w_stride) + 0u);
        let w_own = coopLoad<coop_mat16x16<f16, B>>(&w_tile[at_4], w_stride);
        sums[0u][0u] = coopMultiplyAdd(x_own[0u], w_own, sums[0u][0u]);
        sums[1u][0u] = coopMultiplyAdd(x_own[1u], w_own, sums[1u][0u]);
        sums[2u][0u] = coopMultiplyAdd(x_own[2u], w_own, sums[2u][0u]);
        sums[3u][0u] = coopMultiplyAdd(x_own[3u], w_own, sums[3u][0u]);
        let at_5 = (((column + 16u) * w_stride) + 0u);
        let w_own_1 = coopLoad<coop_mat16x16<f16, B>>(&w_tile[at_5], w_stride);
        sums[0u][1u] = coopMultiplyAdd(x_own[0u], w_own_1, sums[0u][1u]);
        sums[1u][1u] = coopMultiplyAdd(x_own[1u], w_own_1, sums[1u][1u]);
        sums[2u][1u] = coopMultiplyAdd(x_own[2u], w_own_1, sums[2u][1u]);
        sums[3u][1u] = coopMultiplyAdd(x_own[3u], w_own_1, sums[3u][1u]);
        let at_6 = (((column + 32u) * w_stride) + 0u);
        let w_own_2 = coopLoad<coop_mat16x16<f16, B>>(&w_tile[at_6], w_stride);
        sums[0u][2u] = coopMultiplyAdd(x_own[0u], w_own_2, sums[0u][2u]);
        sums[1u][2u] = coopMultiplyAdd(x_own[1u], w_own_2, sums[1u][2u]);
        sums[2u][2u] = coopMultiplyAdd(x_own[2u], w_own_2, sums[2u][2u]);
        sums[3u][2u] = coopMultiplyAdd(x_own[3u], w_own_2, sums[3u][2u]);
        let at_7 = (((column + 48u) * w_stride) + 0u);
        let w_own_3 = coopLoad<coop_mat16x16<f16, B>>(&w_tile[at_7], w_stride);
        sums[0u][3u] = coopMultiplyAdd(x_own[0u], w_own_3, sums[0u][3u]);
        sums[1u][3u] = coopMultiplyAdd(x_own[1u], w_own_3, sums[1u][3u]);
        sums[2u][3u] = coopMultiplyAdd(x_own[2u], w_own_3, sums[2u][3u]);
        sums[3u][3u] = coopMultiplyAdd(x_own[3u], w_own_3, sums[3u][3u]);
        var x_own_1: array<coop_mat16x16<f16, A>, 4> = array<coop_mat16x16<f16, A>, 4>();
        let at_8 = (((row + 0u) * 10u) + 4u);
        x_own_1[0u] = coopLoadT<coop_mat16x16<f16, A>>(&x_tile[at_8], 10u);
        let at_9 = (((row + 16u) * 10u) + 4u);
        x_own_1[1u] = coopLoadT<coop_mat16x16<f16, A>>(&x_tile[at_9], 10u);
        let at_10 = (((row + 32u) * 10u) + 4u);
        x_own_1[2u] = coopLoadT<coop_mat16x16<f16, A>>(&x_tile[at_10], 10u);
        let at_11 = (((row + 48u) * 10u) + 4u);
        x_own_1[3u] = coopLoadT<coop_mat16x16<f16, A>>(&x_tile[at_11], 10u);
        let at_12 = (((column + 0u) * w_stride) + 4u);
        let w_own_4 = coopLoad<coop_mat16x16<f16, B>>(&w_tile[at_12], w_stride);
        sums[0u][0u] = coopMultiplyAdd(x_own_1[0u], w_own_4, sums[0u][0u]);
        sums[1u][0u] = coopMultiplyAdd(x_own_1[1u], w_own_4, sums[1u][0u]);
        sums[2u][0u] = coopMultiplyAdd(x_own_1[2u], w_own_4, sums[2u][0u]);
        sums[3u][0u] = coopMultiplyAdd(x_own_1[3u], w_own_4, sums[3u][0u]);
        let at_13 = (((column + 16u) * w_stride) + 4u);
        let w_own_5 = coopLoad<coop_mat16x16<f16, B>>(&w_tile[at_13], w_stride);
        sums[0u][1u] = coopMultiplyAdd(x_own_1[0u], w_own_5, sums[0u][1u]);
        sums[1u][1u] = coopMultiplyAdd(x_own_1[1u], w_own_5, sums[1u][1u]);
        sums[2u][1u] = coopMultiplyAdd(x_own_1[2u], w_own_5, sums[2u][1u]);
        sums[3u][1u] = coopMultiplyAdd(x_own_1[3u], w_own_5, sums[3u][1u]);
        let at_14 = (((column + 32u) * w_stride) + 4u);
        let w_own_6 = coopLoad<coop_mat16x16<f16, B>>(&w_tile[at_14], w_stride);
        sums[0u][2u] = coopMultiplyAdd(x_own_1[0u], w_own_6, sums[0u][2u]);
        sums[1u][2u] = coopMultiplyAdd(x_own_1[1u], w_own_6, sums[1u][2u]);
        sums[2u][2u] = coopMultiplyAdd(x_own_1[2u], w_own_6, sums[2u][2u]);
        sums[3u][2u] = coopMultiplyAdd(x_own_1[3u], w_own_6, sums[3u][2u]);
        let at_15 = (((column + 48u) * w_stride) + 4u);
        let w_own_7 = coopLoad<coop_mat16x16<f16, B>>(&w_tile[at_15], w_stride);
        sums[0u][3u] = coopMultiplyAdd(x_own_1[0u], w_own_7, sums[0u][3u]);
        sums[1u][3u] = coopMultiplyAdd(x_own_1[1u], w_own_7, sums[1u][3u]);
        sums[2u][3u] = coopMultiplyAdd(x_own_1[2u], w_own_7, sums[2u][3u]);
        sums[3u][3u] = coopMultiplyAdd(x_own_1[3u], w_own_7, sums[3u][3u]);
        workgroupBarrier();
    }
    let v_patch = (subgroup * 256u);
    coopStoreT(sums[0u][0u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item: u32 = (local_invocation_index % 32u); item < 256u; item += 32u) {
        let t = (((first_x + row) + 0u) + (item / 16u));
        let output = (((first_w + column) + 0u) + (item % 16u));
        if ((t < uniforms.params.n) && (output < outputs)) {
            let at_16 = (((((split * uniforms.params.n) + t) * uniforms.params.y_stride) + uniforms.params.y_at) + output);
            let product = (scales[t] * patches[(v_patch + item)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_16] += product;
            } else {
                y[at_16] = product;
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
            let at_17 = (((((split * uniforms.params.n) + t_1) * uniforms.params.y_stride) + uniforms.params.y_at) + output_1);
            let product_1 = (scales[t_1] * patches[(v_patch + item_1)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_17] += product_1;
            } else {
                y[at_17] = product_1;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[0u][2u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_2: u32 = (local_invocation_index % 32u); item_2 < 256u; item_2 += 32u) {
        let t_2 = (((first_x + row) + 0u) + (item_2 / 16u));
        let output_2 = (((first_w + column) + 32u) + (item_2 % 16u));
        if ((t_2 < uniforms.params.n) && (output_2 < outputs)) {
            let at_18 = (((((split * uniforms.params.n) + t_2) * uniforms.params.y_stride) + uniforms.params.y_at) + output_2);
            let product_2 = (scales[t_2] * patches[(v_patch + item_2)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_18] += product_2;
            } else {
                y[at_18] = product_2;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[0u][3u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_3: u32 = (local_invocation_index % 32u); item_3 < 256u; item_3 += 32u) {
        let t_3 = (((first_x + row) + 0u) + (item_3 / 16u));
        let output_3 = (((first_w + column) + 48u) + (item_3 % 16u));
        if ((t_3 < uniforms.params.n) && (output_3 < outputs)) {
            let at_19 = (((((split * uniforms.params.n) + t_3) * uniforms.params.y_stride) + uniforms.params.y_at) + output_3);
            let product_3 = (scales[t_3] * patches[(v_patch + item_3)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_19] += product_3;
            } else {
                y[at_19] = product_3;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[1u][0u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_4: u32 = (local_invocation_index % 32u); item_4 < 256u; item_4 += 32u) {
        let t_4 = (((first_x + row) + 16u) + (item_4 / 16u));
        let output_4 = (((first_w + column) + 0u) + (item_4 % 16u));
        if ((t_4 < uniforms.params.n) && (output_4 < outputs)) {
            let at_20 = (((((split * uniforms.params.n) + t_4) * uniforms.params.y_stride) + uniforms.params.y_at) + output_4);
            let product_4 = (scales[t_4] * patches[(v_patch + item_4)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_20] += product_4;
            } else {
                y[at_20] = product_4;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[1u][1u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_5: u32 = (local_invocation_index % 32u); item_5 < 256u; item_5 += 32u) {
        let t_5 = (((first_x + row) + 16u) + (item_5 / 16u));
        let output_5 = (((first_w + column) + 16u) + (item_5 % 16u));
        if ((t_5 < uniforms.params.n) && (output_5 < outputs)) {
            let at_21 = (((((split * uniforms.params.n) + t_5) * uniforms.params.y_stride) + uniforms.params.y_at) + output_5);
            let product_5 = (scales[t_5] * patches[(v_patch + item_5)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_21] += product_5;
            } else {
                y[at_21] = product_5;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[1u][2u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_6: u32 = (local_invocation_index % 32u); item_6 < 256u; item_6 += 32u) {
        let t_6 = (((first_x + row) + 16u) + (item_6 / 16u));
        let output_6 = (((first_w + column) + 32u) + (item_6 % 16u));
        if ((t_6 < uniforms.params.n) && (output_6 < outputs)) {
            let at_22 = (((((split * uniforms.params.n) + t_6) * uniforms.params.y_stride) + uniforms.params.y_at) + output_6);
            let product_6 = (scales[t_6] * patches[(v_patch + item_6)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_22] += product_6;
            } else {
                y[at_22] = product_6;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[1u][3u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_7: u32 = (local_invocation_index % 32u); item_7 < 256u; item_7 += 32u) {
        let t_7 = (((first_x + row) + 16u) + (item_7 / 16u));
        let output_7 = (((first_w + column) + 48u) + (item_7 % 16u));
        if ((t_7 < uniforms.params.n) && (output_7 < outputs)) {
            let at_23 = (((((split * uniforms.params.n) + t_7) * uniforms.params.y_stride) + uniforms.params.y_at) + output_7);
            let product_7 = (scales[t_7] * patches[(v_patch + item_7)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_23] += product_7;
            } else {
                y[at_23] = product_7;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[2u][0u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_8: u32 = (local_invocation_index % 32u); item_8 < 256u; item_8 += 32u) {
        let t_8 = (((first_x + row) + 32u) + (item_8 / 16u));
        let output_8 = (((first_w + column) + 0u) + (item_8 % 16u));
        if ((t_8 < uniforms.params.n) && (output_8 < outputs)) {
            let at_24 = (((((split * uniforms.params.n) + t_8) * uniforms.params.y_stride) + uniforms.params.y_at) + output_8);
            let product_8 = (scales[t_8] * patches[(v_patch + item_8)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_24] += product_8;
            } else {
                y[at_24] = product_8;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[2u][1u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_9: u32 = (local_invocation_index % 32u); item_9 < 256u; item_9 += 32u) {
        let t_9 = (((first_x + row) + 32u) + (item_9 / 16u));
        let output_9 = (((first_w + column) + 16u) + (item_9 % 16u));
        if ((t_9 < uniforms.params.n) && (output_9 < outputs)) {
            let at_25 = (((((split * uniforms.params.n) + t_9) * uniforms.params.y_stride) + uniforms.params.y_at) + output_9);
            let product_9 = (scales[t_9] * patches[(v_patch + item_9)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_25] += product_9;
            } else {
                y[at_25] = product_9;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[2u][2u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_10: u32 = (local_invocation_index % 32u); item_10 < 256u; item_10 += 32u) {
        let t_10 = (((first_x + row) + 32u) + (item_10 / 16u));
        let output_10 = (((first_w + column) + 32u) + (item_10 % 16u));
        if ((t_10 < uniforms.params.n) && (output_10 < outputs)) {
            let at_26 = (((((split * uniforms.params.n) + t_10) * uniforms.params.y_stride) + uniforms.params.y_at) + output_10);
            let product_10 = (scales[t_10] * patches[(v_patch + item_10)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_26] += product_10;
            } else {
                y[at_26] = product_10;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[2u][3u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_11: u32 = (local_invocation_index % 32u); item_11 < 256u; item_11 += 32u) {
        let t_11 = (((first_x + row) + 32u) + (item_11 / 16u));
        let output_11 = (((first_w + column) + 48u) + (item_11 % 16u));
        if ((t_11 < uniforms.params.n) && (output_11 < outputs)) {
            let at_27 = (((((split * uniforms.params.n) + t_11) * uniforms.params.y_stride) + uniforms.params.y_at) + output_11);
            let product_11 = (scales[t_11] * patches[(v_patch + item_11)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_27] += product_11;
            } else {
                y[at_27] = product_11;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[3u][0u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_12: u32 = (local_invocation_index % 32u); item_12 < 256u; item_12 += 32u) {
        let t_12 = (((first_x + row) + 48u) + (item_12 / 16u));
        let output_12 = (((first_w + column) + 0u) + (item_12 % 16u));
        if ((t_12 < uniforms.params.n) && (output_12 < outputs)) {
            let at_28 = (((((split * uniforms.params.n) + t_12) * uniforms.params.y_stride) + uniforms.params.y_at) + output_12);
            let product_12 = (scales[t_12] * patches[(v_patch + item_12)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_28] += product_12;
            } else {
                y[at_28] = product_12;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[3u][1u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_13: u32 = (local_invocation_index % 32u); item_13 < 256u; item_13 += 32u) {
        let t_13 = (((first_x + row) + 48u) + (item_13 / 16u));
        let output_13 = (((first_w + column) + 16u) + (item_13 % 16u));
        if ((t_13 < uniforms.params.n) && (output_13 < outputs)) {
            let at_29 = (((((split * uniforms.params.n) + t_13) * uniforms.params.y_stride) + uniforms.params.y_at) + output_13);
            let product_13 = (scales[t_13] * patches[(v_patch + item_13)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_29] += product_13;
            } else {
                y[at_29] = product_13;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[3u][2u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_14: u32 = (local_invocation_index % 32u); item_14 < 256u; item_14 += 32u) {
        let t_14 = (((first_x + row) + 48u) + (item_14 / 16u));
        let output_14 = (((first_w + column) + 32u) + (item_14 % 16u));
        if ((t_14 < uniforms.params.n) && (output_14 < outputs)) {
            let at_30 = (((((split * uniforms.params.n) + t_14) * uniforms.params.y_stride) + uniforms.params.y_at) + output_14);
            let product_14 = (scales[t_14] * patches[(v_patch + item_14)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_30] += product_14;
            } else {
                y[at_30] = product_14;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[3u][3u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_15: u32 = (local_invocation_index % 32u); item_15 < 256u; item_15 += 32u) {
        let t_15 = (((first_x + row) + 48u) + (item_15 / 16u));
        let output_15 = (((first_w + column) + 48u) + (item_15 % 16u));
        if ((t_15 < uniforms.params.n) && (output_15 < outputs)) {
            let at_31 = (((((split * uniforms.params.n) + t_15) * uniforms.params.y_stride) + uniforms.params.y_at) + output_15);
            let product_15 = (scales[t_15] * patches[(v_patch + item_15)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_31] += product_15;
            } else {
                y[at_31] = product_15;
            }
        }
    }
    workgroupBarrier();
}
