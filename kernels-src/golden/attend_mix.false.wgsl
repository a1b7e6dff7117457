// attend_mix<false> | features: f16 cooperative_matrix | limits: maxComputeWorkgroupStorageSize=17920
struct AttendMixParams {
    rows: u32,
    heads: u32,
    kv_heads: u32,
    head_dim: u32,
    window: u32,
    first_row: u32,
    block: u32,
    first_key: u32,
    keys: u32,
    weights_at: u32,
    factor: f32,
}

struct Share {
    weight_line: u32,
    weight_quad: u32,
    weights_at: u32,
    keys: u32,
    first_row: u32,
    first_key: u32,
    vector_line: u32,
    vectors_at: u32,
    vector_stride: u32,
    last: u32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: AttendMixParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> segments: array<u32>;
@group(0) @binding(2) var<storage, read> weights: array<vec4<f16>>;
@group(0) @binding(3) var<storage, read> vectors: array<vec4<f16>>;
@group(0) @binding(4) var<storage, read> scale: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;
var<workgroup> weight_tile: array<vec4<f16>, 640>;
var<workgroup> vector_tile: array<vec4<f16>, 1088>;
var<workgroup> patches: array<f32, 1024>;

fn first_seen(first_row: u32, window: u32, oldest: u32) -> u32 {
    var branch: u32;
    if (window > 0u) {
        branch = (max((first_row + 1u), window) - window);
    } else {
        branch = 0u;
    }
    let within = branch;
    return ((max(within, oldest) / 64u) * 64u);
}

fn fetch_false_weights_vectors(share: Share, first: u32, term: u32, weights_next: ptr<function, array<vec4<f16>, 4>>, vectors_next: ptr<function, array<vec4<f16>, 8>>) {
    let quads = 8u;
    let lines = (128u / quads);
    let rows_from = first;
    let keys_from = term;
    let line = (share.weight_line + (0u * lines));
    let t = (line + rows_from);
    let at = (((share.weights_at + ((t - share.first_row) * share.keys)) + keys_from) - share.first_key);
    (*weights_next)[0u] = weights[((at / 4u) + share.weight_quad)];
    let line_1 = (share.weight_line + (1u * lines));
    let t_1 = (line_1 + rows_from);
    let at_1 = (((share.weights_at + ((t_1 - share.first_row) * share.keys)) + keys_from) - share.first_key);
    (*weights_next)[1u] = weights[((at_1 / 4u) + share.weight_quad)];
    let line_2 = (share.weight_line + (2u * lines));
    let t_2 = (line_2 + rows_from);
    let at_2 = (((share.weights_at + ((t_2 - share.first_row) * share.keys)) + keys_from) - share.first_key);
    (*weights_next)[2u] = weights[((at_2 / 4u) + share.weight_quad)];
    let line_3 = (share.weight_line + (3u * lines));
    let t_3 = (line_3 + rows_from);
    let at_3 = (((share.weights_at + ((t_3 - share.first_row) * share.keys)) + keys_from) - share.first_key);
    (*weights_next)[3u] = weights[((at_3 / 4u) + share.weight_quad)];
    let line_4 = ((term + share.vector_line) + 0u);
    (*vectors_next)[0u] = vectors[((min(line_4, share.last) * share.vector_stride) + share.vectors_at)];
    let line_5 = ((term + share.vector_line) + 4u);
    (*vectors_next)[1u] = vectors[((min(line_5, share.last) * share.vector_stride) + share.vectors_at)];
    let line_6 = ((term + share.vector_line) + 8u);
    (*vectors_next)[2u] = vectors[((min(line_6, share.last) * share.vector_stride) + share.vectors_at)];
    let line_7 = ((term + share.vector_line) + 12u);
    (*vectors_next)[3u] = vectors[((min(line_7, share.last) * share.vector_stride) + share.vectors_at)];
    let line_8 = ((term + share.vector_line) + 16u);
    (*vectors_next)[4u] = vectors[((min(line_8, share.last) * share.vector_stride) + share.vectors_at)];
    let line_9 = ((term + share.vector_line) + 20u);
    (*vectors_next)[5u] = vectors[((min(line_9, share.last) * share.vector_stride) + share.vectors_at)];
    let line_10 = ((term + share.vector_line) + 24u);
    (*vectors_next)[6u] = vectors[((min(line_10, share.last) * share.vector_stride) + share.vectors_at)];
    let line_11 = ((term + share.vector_line) + 28u);
    (*vectors_next)[7u] = vectors[((min(line_11, share.last) * share.vector_stride) + share.vectors_at)];
}

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let dim_tiles = ((uniforms.params.head_dim + 127u) / 128u);
    let first_dim = ((group % dim_tiles) * 128u);
    let lines = uniforms.params.block;
    let tiles = (lines / 64u);
    let tile = ((group / dim_tiles) / uniforms.params.heads);
    let head = ((group / dim_tiles) % uniforms.params.heads);
    let first = (uniforms.params.first_row + (((tiles - 1u) - tile) * 64u));
    var start: u32 = max(first, uniforms.params.first_row);
    var end: u32 = (uniforms.params.first_row + uniforms.params.block);
    start = first_seen(first, uniforms.params.window, segments[min(first, (uniforms.params.rows - 1u))]);
    end = (first + 64u);
    let steps = ((max(end, start) - start) / 32u);
    let quads = (uniforms.params.head_dim / 4u);
    let weight_quads = 8u;
    let weight_stride = (weight_quads + 2u);
    let vector_heads = uniforms.params.kv_heads;
    let vector_head = (head / (uniforms.params.heads / uniforms.params.kv_heads));
    let share = Share((local_invocation_index / weight_quads), (local_invocation_index % weight_quads), (uniforms.params.weights_at + ((head * uniforms.params.block) * uniforms.params.keys)), uniforms.params.keys, uniforms.params.first_row, uniforms.params.first_key, (local_invocation_index / 32u), ((vector_head * quads) + min(((first_dim / 4u) + (local_invocation_index % 32u)), (quads - 1u))), (vector_heads * quads), (uniforms.params.rows - 1u));
    let weight_to = ((share.weight_line * weight_stride) + share.weight_quad);
    let vector_to = ((share.vector_line * 34u) + (local_invocation_index % 32u));
    let row = (((local_invocation_index / 32u) / 2u) * 32u);
    let column = (((local_invocation_index / 32u) % 2u) * 64u);
    var weights_next: array<vec4<f16>, 4> = array<vec4<f16>, 4>(vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)));
    var vectors_next: array<vec4<f16>, 8> = array<vec4<f16>, 8>(vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)));
    fetch_false_weights_vectors(share, first, start, &weights_next, &vectors_next);
    var sums: array<array<coop_mat16x16<f32, C>, 4>, 2> = array<array<coop_mat16x16<f32, C>, 4>, 2>();
    for (var v_step: u32 = 0u; v_step < steps; v_step++) {
        weight_tile[(((0u * (128u / weight_quads)) * weight_stride) + weight_to)] = weights_next[0u];
        weight_tile[(((1u * (128u / weight_quads)) * weight_stride) + weight_to)] = weights_next[1u];
        weight_tile[(((2u * (128u / weight_quads)) * weight_stride) + weight_to)] = weights_next[2u];
        weight_tile[(((3u * (128u / weight_quads)) * weight_stride) + weight_to)] = weights_next[3u];
        vector_tile[(0u + vector_to)] = vectors_next[0u];
        vector_tile[(136u + vector_to)] = vectors_next[1u];
        vector_tile[(272u + vector_to)] = vectors_next[2u];
        vector_tile[(408u + vector_to)] = vectors_next[3u];
        vector_tile[(544u + vector_to)] = vectors_next[4u];
        vector_tile[(680u + vector_to)] = vectors_next[5u];
        vector_tile[(816u + vector_to)] = vectors_next[6u];
        vector_tile[(952u + vector_to)] = vectors_next[7u];
        workgroupBarrier();
        let next = (start + (min((v_step + 1u), (steps - 1u)) * 32u));
        fetch_false_weights_vectors(share, first, next, &weights_next, &vectors_next);
        var own: array<coop_mat16x16<f16, A>, 2> = array<coop_mat16x16<f16, A>, 2>();
        let at = (((row + 0u) * weight_stride) + 0u);
        own[0u] = coopLoadT<coop_mat16x16<f16, A>>(&weight_tile[at], weight_stride);
        let at_1 = (((row + 16u) * weight_stride) + 0u);
        own[1u] = coopLoadT<coop_mat16x16<f16, A>>(&weight_tile[at_1], weight_stride);
        let at_2 = ((0u + (column / 4u)) + 0u);
        let vector = coopLoadT<coop_mat16x16<f16, B>>(&vector_tile[at_2], 34u);
        sums[0u][0u] = coopMultiplyAdd(own[0u], vector, sums[0u][0u]);
        sums[1u][0u] = coopMultiplyAdd(own[1u], vector, sums[1u][0u]);
        let at_3 = ((0u + (column / 4u)) + 4u);
        let vector_1 = coopLoadT<coop_mat16x16<f16, B>>(&vector_tile[at_3], 34u);
        sums[0u][1u] = coopMultiplyAdd(own[0u], vector_1, sums[0u][1u]);
        sums[1u][1u] = coopMultiplyAdd(own[1u], vector_1, sums[1u][1u]);
        let at_4 = ((0u + (column / 4u)) + 8u);
        let vector_2 = coopLoadT<coop_mat16x16<f16, B>>(&vector_tile[at_4], 34u);
        sums[0u][2u] = coopMultiplyAdd(own[0u], vector_2, sums[0u][2u]);
        sums[1u][2u] = coopMultiplyAdd(own[1u], vector_2, sums[1u][2u]);
        let at_5 = ((0u + (column / 4u)) + 12u);
        let vector_3 = coopLoadT<coop_mat16x16<f16, B>>(&vector_tile[at_5], 34u);
        sums[0u][3u] = coopMultiplyAdd(own[0u], vector_3, sums[0u][3u]);
        sums[1u][3u] = coopMultiplyAdd(own[1u], vector_3, sums[1u][3u]);
        var own_1: array<coop_mat16x16<f16, A>, 2> = array<coop_mat16x16<f16, A>, 2>();
        let at_6 = (((row + 0u) * weight_stride) + 4u);
        own_1[0u] = coopLoadT<coop_mat16x16<f16, A>>(&weight_tile[at_6], weight_stride);
        let at_7 = (((row + 16u) * weight_stride) + 4u);
        own_1[1u] = coopLoadT<coop_mat16x16<f16, A>>(&weight_tile[at_7], weight_stride);
        let at_8 = ((544u + (column / 4u)) + 0u);
        let vector_4 = coopLoadT<coop_mat16x16<f16, B>>(&vector_tile[at_8], 34u);
        sums[0u][0u] = coopMultiplyAdd(own_1[0u], vector_4, sums[0u][0u]);
        sums[1u][0u] = coopMultiplyAdd(own_1[1u], vector_4, sums[1u][0u]);
        let at_9 = ((544u + (column / 4u)) + 4u);
        let vector_5 = coopLoadT<coop_mat16x16<f16, B>>(&vector_tile[at_9], 34u);
        sums[0u][1u] = coopMultiplyAdd(own_1[0u], vector_5, sums[0u][1u]);
        sums[1u][1u] = coopMultiplyAdd(own_1[1u], vector_5, sums[1u][1u]);
        let at_10 = ((544u + (column / 4u)) + 8u);
        let vector_6 = coopLoadT<coop_mat16x16<f16, B>>(&vector_tile[at_10], 34u);
        sums[0u][2u] = coopMultiplyAdd(own_1[0u], vector_6, sums[0u][2u]);
        sums[1u][2u] = coopMultiplyAdd(own_1[1u], vector_6, sums[1u][2u]);
        let at_11 = ((544u + (column / 4u)) + 12u);
        let vector_7 = coopLoadT<coop_mat16x16<f16, B>>(&vector_tile[at_11], 34u);
        sums[0u][3u] = coopMultiplyAdd(own_1[0u], vector_7, sums[0u][3u]);
        sums[1u][3u] = coopMultiplyAdd(own_1[1u], vector_7, sums[1u][3u]);
        workgroupBarrier();
    }
    let factor = (uniforms.params.factor * scale[0i]);
    let v_patch = ((local_invocation_index / 32u) * 256u);
    coopStoreT(sums[0u][0u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item: u32 = (local_invocation_index % 32u); item < 256u; item += 32u) {
        let line = (((first + row) + 0u) + (item / 16u));
        let dim = (((first_dim + column) + 0u) + (item % 16u));
        if ((line < uniforms.params.rows) && (dim < uniforms.params.head_dim)) {
            let at_12 = ((((line * uniforms.params.heads) + head) * uniforms.params.head_dim) + dim);
            let value = (factor * patches[(v_patch + item)]);
            if (false && (first < uniforms.params.first_row)) {
                out[at_12] += value;
            } else {
                out[at_12] = value;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[0u][1u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_1: u32 = (local_invocation_index % 32u); item_1 < 256u; item_1 += 32u) {
        let line_1 = (((first + row) + 0u) + (item_1 / 16u));
        let dim_1 = (((first_dim + column) + 16u) + (item_1 % 16u));
        if ((line_1 < uniforms.params.rows) && (dim_1 < uniforms.params.head_dim)) {
            let at_13 = ((((line_1 * uniforms.params.heads) + head) * uniforms.params.head_dim) + dim_1);
            let value_1 = (factor * patches[(v_patch + item_1)]);
            if (false && (first < uniforms.params.first_row)) {
                out[at_13] += value_1;
            } else {
                out[at_13] = value_1;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[0u][2u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_2: u32 = (local_invocation_index % 32u); item_2 < 256u; item_2 += 32u) {
        let line_2 = (((first + row) + 0u) + (item_2 / 16u));
        let dim_2 = (((first_dim + column) + 32u) + (item_2 % 16u));
        if ((line_2 < uniforms.params.rows) && (dim_2 < uniforms.params.head_dim)) {
            let at_14 = ((((line_2 * uniforms.params.heads) + head) * uniforms.params.head_dim) + dim_2);
            let value_2 = (factor * patches[(v_patch + item_2)]);
            if (false && (first < uniforms.params.first_row)) {
                out[at_14] += value_2;
            } else {
                out[at_14] = value_2;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[0u][3u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_3: u32 = (local_invocation_index % 32u); item_3 < 256u; item_3 += 32u) {
        let line_3 = (((first + row) + 0u) + (item_3 / 16u));
        let dim_3 = (((first_dim + column) + 48u) + (item_3 % 16u));
        if ((line_3 < uniforms.params.rows) && (dim_3 < uniforms.params.head_dim)) {
            let at_15 = ((((line_3 * uniforms.params.heads) + head) * uniforms.params.head_dim) + dim_3);
            let value_3 = (factor * patches[(v_patch + item_3)]);
            if (false && (first < uniforms.params.first_row)) {
                out[at_15] += value_3;
            } else {
                out[at_15] = value_3;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[1u][0u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_4: u32 = (local_invocation_index % 32u); item_4 < 256u; item_4 += 32u) {
        let line_4 = (((first + row) + 16u) + (item_4 / 16u));
        let dim_4 = (((first_dim + column) + 0u) + (item_4 % 16u));
        if ((line_4 < uniforms.params.rows) && (dim_4 < uniforms.params.head_dim)) {
            let at_16 = ((((line_4 * uniforms.params.heads) + head) * uniforms.params.head_dim) + dim_4);
            let value_4 = (factor * patches[(v_patch + item_4)]);
            if (false && (first < uniforms.params.first_row)) {
                out[at_16] += value_4;
            } else {
                out[at_16] = value_4;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[1u][1u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_5: u32 = (local_invocation_index % 32u); item_5 < 256u; item_5 += 32u) {
        let line_5 = (((first + row) + 16u) + (item_5 / 16u));
        let dim_5 = (((first_dim + column) + 16u) + (item_5 % 16u));
        if ((line_5 < uniforms.params.rows) && (dim_5 < uniforms.params.head_dim)) {
            let at_17 = ((((line_5 * uniforms.params.heads) + head) * uniforms.params.head_dim) + dim_5);
            let value_5 = (factor * patches[(v_patch + item_5)]);
            if (false && (first < uniforms.params.first_row)) {
                out[at_17] += value_5;
            } else {
                out[at_17] = value_5;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[1u][2u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_6: u32 = (local_invocation_index % 32u); item_6 < 256u; item_6 += 32u) {
        let line_6 = (((first + row) + 16u) + (item_6 / 16u));
        let dim_6 = (((first_dim + column) + 32u) + (item_6 % 16u));
        if ((line_6 < uniforms.params.rows) && (dim_6 < uniforms.params.head_dim)) {
            let at_18 = ((((line_6 * uniforms.params.heads) + head) * uniforms.params.head_dim) + dim_6);
            let value_6 = (factor * patches[(v_patch + item_6)]);
            if (false && (first < uniforms.params.first_row)) {
                out[at_18] += value_6;
            } else {
                out[at_18] = value_6;
            }
        }
    }
    workgroupBarrier();
    coopStoreT(sums[1u][3u], &patches[v_patch], 16u);
    workgroupBarrier();
    for (var item_7: u32 = (local_invocation_index % 32u); item_7 < 256u; item_7 += 32u) {
        let line_7 = (((first + row) + 16u) + (item_7 / 16u));
        let dim_7 = (((first_dim + column) + 48u) + (item_7 % 16u));
        if ((line_7 < uniforms.params.rows) && (dim_7 < uniforms.params.head_dim)) {
            let at_19 = ((((line_7 * uniforms.params.heads) + head) * uniforms.params.head_dim) + dim_7);
            let value_7 = (factor * patches[(v_patch + item_7)]);
            if (false && (first < uniforms.params.first_row)) {
                out[at_19] += value_7;
            } else {
                out[at_19] = value_7;
            }
        }
    }
    workgroupBarrier();
}
