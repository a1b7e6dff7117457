// gemm_cooperative<F32, true, 2, 2, 2, 4, 4, 4> | features: f16 cooperative_matrix | limits: maxComputeWorkgroupStorageSize=17920
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
var<workgroup> w_tile: array<vec4<f16>, 1088>;
var<workgroup> patches: array<f32, 1024>;

fn row_bytes_F32(k: u32) -> u32 {
    return ((k / 8u) * 32u);
}

fn block_byte_F32(chunk: u32) -> u32 {
    return ((chunk / 1u) * 32u);
}

fn four_singles_w(at: u32) -> vec4<f32> {
    return vec4(bitcast<f32>(w[at]), bitcast<f32>(w[(at + 1u)]), bitcast<f32>(w[(at + 2u)]), bitcast<f32>(w[(at + 3u)]));
}

fn F32_codes_w(byte: u32, chunk: u32) -> Eight {
    let at = ((byte / 4u) + (chunk * 8u));
    return Eight(four_singles_w(at), four_singles_w((at + 4u)));
}

fn halves(values: vec4<f32>) -> vec4<f16> {
    return vec4(f16(values.x), f16(values.y), f16(values.z), f16(values.w));
}

fn fetch_F32_true_4_4_x_w(share: Share, v_step: u32, x_next: ptr<function, array<vec4<f16>, 4>>, lo_next: ptr<function, array<vec4<f16>, 4>>, hi_next: ptr<function, array<vec4<f16>, 4>>) {
    var x_at: u32 = ((v_step * 8u) + share.x_quad);
    var w_row: u32 = share.w_line;
    var chunk: u32 = share.w_chunk;
    w_row += (v_step * 32u);
    (*x_next)[0u] = x[((min((share.x_line + (0u * share.x_lines)), share.x_last) * share.x_stride) + x_at)];
    (*x_next)[1u] = x[((min((share.x_line + (1u * share.x_lines)), share.x_last) * share.x_stride) + x_at)];
    (*x_next)[2u] = x[((min((share.x_line + (2u * share.x_lines)), share.x_last) * share.x_stride) + x_at)];
    (*x_next)[3u] = x[((min((share.x_line + (3u * share.x_lines)), share.x_last) * share.x_stride) + x_at)];
    let byte = ((min(w_row, share.w_last) * row_bytes_F32(share.k)) + block_byte_F32(chunk));
    let inside = (chunk % 1u);
    let weights = F32_codes_w((byte + 0u), 0u);
    (*lo_next)[0u] = halves(weights.lo);
    (*hi_next)[0u] = halves(weights.hi);
    let weights_1 = F32_codes_w((byte + 32u), 0u);
    (*lo_next)[1u] = halves(weights_1.lo);
    (*hi_next)[1u] = halves(weights_1.hi);
    let weights_2 = F32_codes_w((byte + 64u), 0u);
    (*lo_next)[2u] = halves(weights_2.lo);
    (*hi_next)[2u] = halves(weights_2.hi);
    let weights_3 = F32_codes_w((byte + 96u), 0u);
    (*lo_next)[3u] = halves(weights_3.lo);
    (*hi_next)[3u] = halves(weights_3.hi);
}

fn F32_lo_at(chunk: u32) -> u32 {
    return (chunk * 8u);
}

fn lo_in_row_F32(chunk: u32) -> u32 {
    return (((chunk / 1u) * 8u) + F32_lo_at((chunk % 1u)));
}

fn F32_hi_at(chunk: u32) -> u32 {
    return ((chunk * 8u) + 4u);
}

fn hi_in_row_F32(chunk: u32) -> u32 {
    return (((chunk / 1u) * 8u) + F32_hi_at((chunk % 1u)));
}

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let width = 128u;
    let w_stride = ((width / 4u) + 2u);
    let outputs = uniforms.params.k;
    let steps = ((uniforms.params.rows + 31u) / 32u);
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
    let column = ((subgroup % 2u) * 64u);
    let x_lines = 16u;
    let x_to = (((local_invocation_index / 8u) * 10u) + (local_invocation_index % 8u));
    let line_chunks = (width / 8u);
    let w_line = (local_invocation_index / (line_chunks / 4u));
    let w_chunk = ((local_invocation_index % (line_chunks / 4u)) * 4u);
    let share = Share((first_x + (local_invocation_index / 8u)), (uniforms.params.n - 1u), x_lines, (steps * 8u), (local_invocation_index % 8u), ((uniforms.params.first_row + w_line) + 0u), ((uniforms.params.first_row + uniforms.params.rows) - 1u), min(((first_w / 8u) + w_chunk), ((uniforms.params.k / 8u) - 4u)), uniforms.params.k);
    var x_next: array<vec4<f16>, 4> = array<vec4<f16>, 4>(vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)));
    var lo_next: array<vec4<f16>, 4> = array<vec4<f16>, 4>(vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)));
    var hi_next: array<vec4<f16>, 4> = array<vec4<f16>, 4>(vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)));
    fetch_F32_true_4_4_x_w(share, min(v_from, (steps - 1u)), &x_next, &lo_next, &hi_next);
    var sums: array<array<coop_mat16x16<f32, C>, 4>, 2> = array<array<coop_mat16x16<f32, C>, 4>, 2>();
    for (var v_step: u32 = v_from; v_step < to; v_step++) {
        x_tile[(((0u * x_lines) * 10u) + x_to)] = x_next[0u];
        x_tile[(((1u * x_lines) * 10u) + x_to)] = x_next[1u];
        x_tile[(((2u * x_lines) * 10u) + x_to)] = x_next[2u];
        x_tile[(((3u * x_lines) * 10u) + x_to)] = x_next[3u];
        let chunk = (((first_w / 8u) + w_chunk) + 0u);
        w_tile[((w_line * w_stride) + ((lo_in_row_F32(chunk) - first_w) / 4u))] = lo_next[0u];
        w_tile[((w_line * w_stride) + ((hi_in_row_F32(chunk) - first_w) / 4u))] = hi_next[0u];
        let chunk_1 = (((first_w / 8u) + w_chunk) + 1u);
        w_tile[((w_line * w_stride) + ((lo_in_row_F32(chunk_1) - first_w) / 4u))] = lo_next[1u];
        w_tile[((w_line * w_stride) + ((hi_in_row_F32(chunk_1) - first_w) / 4u))] = hi_next[1u];
        let chunk_2 = (((first_w / 8u) + w_chunk) + 2u);
        w_tile[((w_line * w_stride) + ((lo_in_row_F32(chunk_2) - first_w) / 4u))] = lo_next[2u];
        w_tile[((w_line * w_stride) + ((hi_in_row_F32(chunk_2) - first_w) / 4u))] = hi_next[2u];
        let chunk_3 = (((first_w / 8u) + w_chunk) + 3u);
        w_tile[((w_line * w_stride) + ((lo_in_row_F32(chunk_3) - first_w) / 4u))] = lo_next[3u];
        w_tile[((w_line * w_stride) + ((hi_in_row_F32(chunk_3) - first_w) / 4u))] = hi_next[3u];
        workgroupBarrier();
        let next = min((v_step + 1u), (to - 1u));
        fetch_F32_true_4_4_x_w(share, next, &x_next, &lo_next, &hi_next);
        var x_own: array<coop_mat16x16<f16, A>, 2> = array<coop_mat16x16<f16, A>, 2>();
        let at = (((row + 0u) * 10u) + 0u);
        x_own[0u] = coopLoadT<coop_mat16x16<f16, A>>(&x_tile[at], 10u);
        let at_1 = (((row + 16u) * 10u) + 0u);
        x_own[1u] = coopLoadT<coop_mat16x16<f16, A>>(&x_tile[at_1], 10u);
        let at_2 = (((0u * w_stride) + (column / 4u)) + 0u);
        let w_own = coopLoadT<coop_mat16x16<f16, B>>(&w_tile[at_2], w_stride);
        sums[0u][0u] = coopMultiplyAdd(x_own[0u], w_own, sums[0u][0u]);
        sums[1u][0u] = coopMultiplyAdd(x_own[1u], w_own, sums[1u][0u]);
        let at_3 = (((0u * w_stride) + (column / 4u)) + 4u);
        let w_own_1 = coopLoadT<coop_mat16x16<f16, B>>(&w_tile[at_3], w_stride);
        sums[0u][1u] = coopMultiplyAdd(x_own[0u], w_own_1, sums[0u][1u]);
        sums[1u][1u] = coopMultiplyAdd(x_own[1u], w_own_1, sums[1u][1u]);
        let at_4 = (((0u * w_stride) + (column / 4u)) + 8u);
        let w_own_2 = coopLoadT<coop_mat16x16<f16, B>>(&w_tile[at_4], w_stride);
        sums[0u][2u] = coopMultiplyAdd(x_own[0u], w_own_2, sums[0u][2u]);
        sums[1u][2u] = coopMultiplyAdd(x_own[1u], w_own_2, sums[1u][2u]);
        let at_5 = (((0u * w_stride) + (column / 4u)) + 12u);
        let w_own_3 = coopLoadT<coop_mat16x16<f16, B>>(&w_tile[at_5], w_stride);
        sums[0u][3u] = coopMultiplyAdd(x_own[0u], w_own_3, sums[0u][3u]);
        sums[1u][3u] = coopMultiplyAdd(x_own[1u], w_own_3, sums[1u][3u]);
        var x_own_1: array<coop_mat16x16<f16, A>, 2> = array<coop_mat16x16<f16, A>, 2>();
        let at_6 = (((row + 0u) * 10u) + 4u);
        x_own_1[0u] = coopLoadT<coop_mat16x16<f16, A>>(&x_tile[at_6], 10u);
        let at_7 = (((row + 16u) * 10u) + 4u);
        x_own_1[1u] = coopLoadT<coop_mat16x16<f16, A>>(&x_tile[at_7], 10u);
        let at_8 = (((16u * w_stride) + (column / 4u)) + 0u);
        let w_own_4 = coopLoadT<coop_mat16x16<f16, B>>(&w_tile[at_8], w_stride);
        sums[0u][0u] = coopMultiplyAdd(x_own_1[0u], w_own_4, sums[0u][0u]);
        sums[1u][0u] = coopMultiplyAdd(x_own_1[1u], w_own_4, sums[1u][0u]);
        let at_9 = (((16u * w_stride) + (column / 4u)) + 4u);
        let w_own_5 = coopLoadT<coop_mat16x16<f16, B>>(&w_tile[at_9], w_stride);
        sums[0u][1u] = coopMultiplyAdd(x_own_1[0u], w_own_5, sums[0u][1u]);
        sums[1u][1u] = coopMultiplyAdd(x_own_1[1u], w_own_5, sums[1u][1u]);
        let at_10 = (((16u * w_stride) + (column / 4u)) + 8u);
        let w_own_6 = coopLoadT<coop_mat16x16<f16, B>>(&w_tile[at_10], w_stride);
        sums[0u][2u] = coopMultiplyAdd(x_own_1[0u], w_own_6, sums[0u][2u]);
        sums[1u][2u] = coopMultiplyAdd(x_own_1[1u], w_own_6, sums[1u][2u]);
        let at_11 = (((16u * w_stride) + (column / 4u)) + 12u);
        let w_own_7 = coopLoadT<coop_mat16x16<f16, B>>(&w_tile[at_11], w_stride);
        sums[0u][3u] = coopMultiplyAdd(x_own_1[0u], w_own_7, sums[0u][3u]);
        sums[1u][3u] = coopMultiplyAdd(x_own_1[1u], w_own_7, sums[1u][3u]);
        workgroupBarrier();
    }
    let v_patch = (subgroup * 256u);
    coopStoreT(sums[0u][0u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item: u32 = (local_invocation_index % 32u); item < 256u; item += 32u) {
        let t = (((first_x + row) + 0u) + (item / 16u));
        let output = (((first_w + column) + 0u) + (item % 16u));
        if ((t < uniforms.params.n) && (output < outputs)) {
            let at_12 = (((((split * uniforms.params.n) + t) * uniforms.params.y_stride) + uniforms.params.y_at) + output);
            let product = (scales[t] * patches[(v_patch + item)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_12] += product;
            } else {
                y[at_12] = product;
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
            let at_13 = (((((split * uniforms.params.n) + t_1) * uniforms.params.y_stride) + uniforms.params.y_at) + output_1);
            let product_1 = (scales[t_1] * patches[(v_patch + item_1)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_13] += product_1;
            } else {
                y[at_13] = product_1;
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
            let at_14 = (((((split * uniforms.params.n) + t_2) * uniforms.params.y_stride) + uniforms.params.y_at) + output_2);
            let product_2 = (scales[t_2] * patches[(v_patch + item_2)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_14] += product_2;
            } else {
                y[at_14] = product_2;
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
            let at_15 = (((((split * uniforms.params.n) + t_3) * uniforms.params.y_stride) + uniforms.params.y_at) + output_3);
            let product_3 = (scales[t_3] * patches[(v_patch + item_3)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_15] += product_3;
            } else {
                y[at_15] = product_3;
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
            let at_16 = (((((split * uniforms.params.n) + t_4) * uniforms.params.y_stride) + uniforms.params.y_at) + output_4);
            let product_4 = (scales[t_4] * patches[(v_patch + item_4)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_16] += product_4;
            } else {
                y[at_16] = product_4;
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
            let at_17 = (((((split * uniforms.params.n) + t_5) * uniforms.params.y_stride) + uniforms.params.y_at) + output_5);
            let product_5 = (scales[t_5] * patches[(v_patch + item_5)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_17] += product_5;
            } else {
                y[at_17] = product_5;
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
            let at_18 = (((((split * uniforms.params.n) + t_6) * uniforms.params.y_stride) + uniforms.params.y_at) + output_6);
            let product_6 = (scales[t_6] * patches[(v_patch + item_6)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_18] += product_6;
            } else {
                y[at_18] = product_6;
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
            let at_19 = (((((split * uniforms.params.n) + t_7) * uniforms.params.y_stride) + uniforms.params.y_at) + output_7);
            let product_7 = (scales[t_7] * patches[(v_patch + item_7)]);
            if (uniforms.params.accumulate != 0u) {
                y[at_19] += product_7;
            } else {
                y[at_19] = product_7;
            }
        }
    }
    workgroupBarrier();
}
