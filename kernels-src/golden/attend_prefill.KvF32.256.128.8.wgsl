// attend_prefill<KvF32, 256, 128, 8> | features:
struct AttendPrefillParams {
    rows: u32,
    heads: u32,
    kv_heads: u32,
    window: u32,
    ring: u32,
}

struct Heads {
    head: u32,
    heads: u32,
    kv_head: u32,
    kv_heads: u32,
    ring: u32,
}

struct Octet {
    low: vec4<f32>,
    high: vec4<f32>,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: AttendPrefillParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> state: array<u32>;
@group(0) @binding(2) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> k_cache: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read> v_cache: array<vec4<u32>>;
@group(0) @binding(5) var<storage, read_write> out: array<vec4<f32>>;
var<workgroup> stage: array<vec4<f32>, 816>;
var<workgroup> weights: array<vec4<f32>, 128>;
var<workgroup> unit_max: array<f32, 128>;
var<workgroup> unit_sum: array<f32, 128>;
var<workgroup> row_max: array<f32, 32>;
var<workgroup> rescale: array<f32, 16>;

fn heads_of(head: u32, heads: u32, kv_heads: u32, ring: u32) -> Heads {
    return Heads(head, heads, (head / (heads / kv_heads)), kv_heads, ring);
}

fn eight_KvF32_256_false_k_cache_q(at: Heads, row: u32, octet: u32) -> Octet {
    let first = ((((row * at.heads) + at.head) * 64u) + (2u * octet));
    return Octet(q[first], q[(first + 1u)]);
}

fn stage_slice_KvF32_256_128_false_k_cache_q_stage(at: Heads, first: u32, last: u32, slice: u32, lane: u32, to: u32, count: u32) {
    let end = (count * 8u);
    for (var item: u32 = lane; item < end; item += 128u) {
        let row = (item / 8u);
        let column = (item % 8u);
        let octet = ((slice * 8u) + column);
        let values = eight_KvF32_256_false_k_cache_q(at, min((first + row), last), octet);
        stage[(((to + row) * 17u) + (2u * column))] = values.low;
        stage[((((to + row) * 17u) + (2u * column)) + 1u)] = values.high;
    }
}

fn KvF32_load8_k_cache(element: u32) -> Octet {
    let low = k_cache[(element / 4u)];
    let high = k_cache[((element / 4u) + 1u)];
    return Octet(vec4(bitcast<f32>(low.x), bitcast<f32>(low.y), bitcast<f32>(low.z), bitcast<f32>(low.w)), vec4(bitcast<f32>(high.x), bitcast<f32>(high.y), bitcast<f32>(high.z), bitcast<f32>(high.w)));
}

fn eight_KvF32_256_true_k_cache_q(at: Heads, row: u32, octet: u32) -> Octet {
    return KvF32_load8_k_cache((((((row % at.ring) * at.kv_heads) + at.kv_head) * 256u) + (8u * octet)));
}

fn stage_slice_KvF32_256_128_true_k_cache_q_stage(at: Heads, first: u32, last: u32, slice: u32, lane: u32, to: u32, count: u32) {
    let end = (count * 8u);
    for (var item: u32 = lane; item < end; item += 128u) {
        let row = (item / 8u);
        let column = (item % 8u);
        let octet = ((slice * 8u) + column);
        let values = eight_KvF32_256_true_k_cache_q(at, min((first + row), last), octet);
        stage[(((to + row) * 17u) + (2u * column))] = values.low;
        stage[((((to + row) * 17u) + (2u * column)) + 1u)] = values.high;
    }
}

fn add_products_256_128_stage(block: u32, share: u32, sums: ptr<function, array<f32, 16>>) {
    let row = (((block / 8u) * 17u) + (share * 4u));
    let column = (((16u + (block % 8u)) * 17u) + (share * 4u));
    for (var word: u32 = 0u; word < 4u; word++) {
        let k0 = stage[(column + word)];
        let k1 = stage[((column + word) + 136u)];
        let k2 = stage[((column + word) + 272u)];
        let k3 = stage[((column + word) + 408u)];
        let q_1 = stage[((row + word) + 0u)];
        (*sums)[0i] += dot(q_1, k0);
        (*sums)[1i] += dot(q_1, k1);
        (*sums)[2i] += dot(q_1, k2);
        (*sums)[3i] += dot(q_1, k3);
        let q_2 = stage[((row + word) + 68u)];
        (*sums)[4i] += dot(q_2, k0);
        (*sums)[5i] += dot(q_2, k1);
        (*sums)[6i] += dot(q_2, k2);
        (*sums)[7i] += dot(q_2, k3);
        let q_3 = stage[((row + word) + 136u)];
        (*sums)[8i] += dot(q_3, k0);
        (*sums)[9i] += dot(q_3, k1);
        (*sums)[10i] += dot(q_3, k2);
        (*sums)[11i] += dot(q_3, k3);
        let q_4 = stage[((row + word) + 204u)];
        (*sums)[12i] += dot(q_4, k0);
        (*sums)[13i] += dot(q_4, k1);
        (*sums)[14i] += dot(q_4, k2);
        (*sums)[15i] += dot(q_4, k3);
    }
}

fn products_KvF32_256_128_false_k_cache_q_stage(at: Heads, first_row: u32, last_row: u32, first_column: u32, last_column: u32, lane: u32) {
    var sums: array<f32, 16> = array<f32, 16>();
    for (var slice: u32 = 0u; slice < 4u; slice++) {
        stage_slice_KvF32_256_128_false_k_cache_q_stage(at, first_row, last_row, slice, lane, 0u, 16u);
        stage_slice_KvF32_256_128_true_k_cache_q_stage(at, first_column, last_column, slice, lane, 16u, 32u);
        workgroupBarrier();
        add_products_256_128_stage((lane % 32u), (lane / 32u), &sums);
        workgroupBarrier();
    }
    let unit = (lane % 32u);
    let share = (lane / 32u);
    if (share < 4u) {
        stage[(((share * 128u) + unit) + 0u)] = vec4(sums[0i], sums[1i], sums[2i], sums[3i]);
        stage[(((share * 128u) + unit) + 32u)] = vec4(sums[4i], sums[5i], sums[6i], sums[7i]);
        stage[(((share * 128u) + unit) + 64u)] = vec4(sums[8i], sums[9i], sums[10i], sums[11i]);
        stage[(((share * 128u) + unit) + 96u)] = vec4(sums[12i], sums[13i], sums[14i], sums[15i]);
    }
    workgroupBarrier();
}

fn products_of_256_128_stage(unit: u32) -> vec4<f32> {
    var sum: vec4<f32> = vec4<f32>(0.0f);
    sum = (sum + stage[(0u + unit)]);
    sum = (sum + stage[(128u + unit)]);
    sum = (sum + stage[(256u + unit)]);
    sum = (sum + stage[(384u + unit)]);
    return sum;
}

fn sees(query: u32, key: u32, window: u32, oldest: u32) -> bool {
    return (((key <= query) && (key >= oldest)) && ((window == 0u) || ((key + window) > query)));
}

fn KvF32_load8_v_cache(element: u32) -> Octet {
    let low = v_cache[(element / 4u)];
    let high = v_cache[((element / 4u) + 1u)];
    return Octet(vec4(bitcast<f32>(low.x), bitcast<f32>(low.y), bitcast<f32>(low.z), bitcast<f32>(low.w)), vec4(bitcast<f32>(high.x), bitcast<f32>(high.y), bitcast<f32>(high.z), bitcast<f32>(high.w)));
}

fn eight_KvF32_256_true_v_cache_q(at: Heads, row: u32, octet: u32) -> Octet {
    return KvF32_load8_v_cache((((((row % at.ring) * at.kv_heads) + at.kv_head) * 256u) + (8u * octet)));
}

fn accumulate_KvF32_256_128_8_true_weights_v_cache_q(at: Heads, first: u32, last: u32, lane: u32, acc: ptr<function, array<vec4<f32>, 8>>) {
    let index = (lane + 0u);
    if (index < 128u) {
        let rows = ((index / 32u) * 4u);
        let octet = (index % 32u);
        for (var column: u32 = 0u; column < 8u; column++) {
            let w0 = weights[((rows * 8u) + column)];
            let w1 = weights[(((rows * 8u) + 8u) + column)];
            let w2 = weights[(((rows * 8u) + 16u) + column)];
            let w3 = weights[(((rows * 8u) + 24u) + column)];
            let v = eight_KvF32_256_true_v_cache_q(at, min(((first + column) + 0u), last), octet);
            (*acc)[0u] = ((*acc)[0u] + (v.low * w0[0i]));
            (*acc)[1u] = ((*acc)[1u] + (v.high * w0[0i]));
            (*acc)[2u] = ((*acc)[2u] + (v.low * w1[0i]));
            (*acc)[3u] = ((*acc)[3u] + (v.high * w1[0i]));
            (*acc)[4u] = ((*acc)[4u] + (v.low * w2[0i]));
            (*acc)[5u] = ((*acc)[5u] + (v.high * w2[0i]));
            (*acc)[6u] = ((*acc)[6u] + (v.low * w3[0i]));
            (*acc)[7u] = ((*acc)[7u] + (v.high * w3[0i]));
            let v_1 = eight_KvF32_256_true_v_cache_q(at, min(((first + column) + 8u), last), octet);
            (*acc)[0u] = ((*acc)[0u] + (v_1.low * w0[1i]));
            (*acc)[1u] = ((*acc)[1u] + (v_1.high * w0[1i]));
            (*acc)[2u] = ((*acc)[2u] + (v_1.low * w1[1i]));
            (*acc)[3u] = ((*acc)[3u] + (v_1.high * w1[1i]));
            (*acc)[4u] = ((*acc)[4u] + (v_1.low * w2[1i]));
            (*acc)[5u] = ((*acc)[5u] + (v_1.high * w2[1i]));
            (*acc)[6u] = ((*acc)[6u] + (v_1.low * w3[1i]));
            (*acc)[7u] = ((*acc)[7u] + (v_1.high * w3[1i]));
            let v_2 = eight_KvF32_256_true_v_cache_q(at, min(((first + column) + 16u), last), octet);
            (*acc)[0u] = ((*acc)[0u] + (v_2.low * w0[2i]));
            (*acc)[1u] = ((*acc)[1u] + (v_2.high * w0[2i]));
            (*acc)[2u] = ((*acc)[2u] + (v_2.low * w1[2i]));
            (*acc)[3u] = ((*acc)[3u] + (v_2.high * w1[2i]));
            (*acc)[4u] = ((*acc)[4u] + (v_2.low * w2[2i]));
            (*acc)[5u] = ((*acc)[5u] + (v_2.high * w2[2i]));
            (*acc)[6u] = ((*acc)[6u] + (v_2.low * w3[2i]));
            (*acc)[7u] = ((*acc)[7u] + (v_2.high * w3[2i]));
            let v_3 = eight_KvF32_256_true_v_cache_q(at, min(((first + column) + 24u), last), octet);
            (*acc)[0u] = ((*acc)[0u] + (v_3.low * w0[3i]));
            (*acc)[1u] = ((*acc)[1u] + (v_3.high * w0[3i]));
            (*acc)[2u] = ((*acc)[2u] + (v_3.low * w1[3i]));
            (*acc)[3u] = ((*acc)[3u] + (v_3.high * w1[3i]));
            (*acc)[4u] = ((*acc)[4u] + (v_3.low * w2[3i]));
            (*acc)[5u] = ((*acc)[5u] + (v_3.high * w2[3i]));
            (*acc)[6u] = ((*acc)[6u] + (v_3.low * w3[3i]));
            (*acc)[7u] = ((*acc)[7u] + (v_3.high * w3[3i]));
        }
    }
}

fn attend_tile_KvF32_256_128_8_false_state_q_k_cache_v_cache_out_stage_weights_unit_max_unit_sum_row_max_rescale(group: u32, lane: u32, rows: u32, heads: u32, kv_heads: u32, window: u32, ring: u32, origin: u32) -> u32 {
    let tile = (((((rows + 16u) - 1u) / 16u) - 1u) - (group / heads));
    let head = (group % heads);
    let at = heads_of(head, heads, kv_heads, ring);
    let first_row = (tile * 16u);
    let first_query = (origin + first_row);
    let end = (origin + min((first_row + 16u), rows));
    var branch: u32;
    if (window > 0u) {
        branch = (max((first_query + 1u), window) - window);
    } else {
        branch = 0u;
    }
    var start: u32 = branch;
    for (var unit: u32 = lane; unit < 128u; unit += 128u) {
        unit_sum[unit] = 0.0f;
    }
    for (var row: u32 = lane; row < 32u; row += 128u) {
        row_max[row] = (-1e30f);
    }
    var acc: array<vec4<f32>, 8> = array<vec4<f32>, 8>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
    for (var first_key: u32 = start; first_key < end; first_key += 32u) {
        products_KvF32_256_128_false_k_cache_q_stage(at, first_row, (rows - 1u), first_key, (end - 1u), lane);
        for (var unit_1: u32 = lane; unit_1 < 128u; unit_1 += 128u) {
            var scores: vec4<f32> = products_of_256_128_stage(unit_1);
            let row_1 = (unit_1 / 8u);
            var oldest: u32 = 0u;
            var greatest: f32 = (-1e30f);
            let key = ((first_key + (unit_1 % 8u)) + 0u);
            let seen = (sees((first_query + row_1), key, window, oldest) && ((first_row + row_1) < rows));
            scores[0i] = select((-1e30f), scores[0i], seen);
            greatest = max(greatest, scores[0i]);
            let key_1 = ((first_key + (unit_1 % 8u)) + 8u);
            let seen_1 = (sees((first_query + row_1), key_1, window, oldest) && ((first_row + row_1) < rows));
            scores[1i] = select((-1e30f), scores[1i], seen_1);
            greatest = max(greatest, scores[1i]);
            let key_2 = ((first_key + (unit_1 % 8u)) + 16u);
            let seen_2 = (sees((first_query + row_1), key_2, window, oldest) && ((first_row + row_1) < rows));
            scores[2i] = select((-1e30f), scores[2i], seen_2);
            greatest = max(greatest, scores[2i]);
            let key_3 = ((first_key + (unit_1 % 8u)) + 24u);
            let seen_3 = (sees((first_query + row_1), key_3, window, oldest) && ((first_row + row_1) < rows));
            scores[3i] = select((-1e30f), scores[3i], seen_3);
            greatest = max(greatest, scores[3i]);
            weights[unit_1] = scores;
            unit_max[unit_1] = greatest;
        }
        workgroupBarrier();
        let before = ((((first_key - start) / 32u) % 2u) * 16u);
        for (var unit_2: u32 = lane; unit_2 < 128u; unit_2 += 128u) {
            let row_2 = (unit_2 / 8u);
            let old = row_max[(before + row_2)];
            var greatest_1: f32 = old;
            greatest_1 = max(greatest_1, unit_max[((row_2 * 8u) + 0u)]);
            greatest_1 = max(greatest_1, unit_max[((row_2 * 8u) + 1u)]);
            greatest_1 = max(greatest_1, unit_max[((row_2 * 8u) + 2u)]);
            greatest_1 = max(greatest_1, unit_max[((row_2 * 8u) + 3u)]);
            greatest_1 = max(greatest_1, unit_max[((row_2 * 8u) + 4u)]);
            greatest_1 = max(greatest_1, unit_max[((row_2 * 8u) + 5u)]);
            greatest_1 = max(greatest_1, unit_max[((row_2 * 8u) + 6u)]);
            greatest_1 = max(greatest_1, unit_max[((row_2 * 8u) + 7u)]);
            let scores_1 = weights[unit_2];
            var exps: vec4<f32> = vec4<f32>(0.0f);
            if (scores_1[0i] > (-1e30f)) {
                exps[0i] = exp((scores_1[0i] - greatest_1));
            }
            if (scores_1[1i] > (-1e30f)) {
                exps[1i] = exp((scores_1[1i] - greatest_1));
            }
            if (scores_1[2i] > (-1e30f)) {
                exps[2i] = exp((scores_1[2i] - greatest_1));
            }
            if (scores_1[3i] > (-1e30f)) {
                exps[3i] = exp((scores_1[3i] - greatest_1));
            }
            weights[unit_2] = exps;
            let faded = exp((old - greatest_1));
            unit_sum[unit_2] = ((unit_sum[unit_2] * faded) + (((exps.x + exps.y) + exps.z) + exps.w));
            if ((unit_2 % 8u) == 0u) {
                row_max[((16u - before) + row_2)] = greatest_1;
                rescale[row_2] = faded;
            }
        }
        workgroupBarrier();
        let index = (lane + 0u);
        if (index < 128u) {
            let faded_1 = rescale[(((index / 32u) * 4u) + 0u)];
            acc[0u] = (acc[0u] * faded_1);
            acc[1u] = (acc[1u] * faded_1);
            let faded_2 = rescale[(((index / 32u) * 4u) + 1u)];
            acc[2u] = (acc[2u] * faded_2);
            acc[3u] = (acc[3u] * faded_2);
            let faded_3 = rescale[(((index / 32u) * 4u) + 2u)];
            acc[4u] = (acc[4u] * faded_3);
            acc[5u] = (acc[5u] * faded_3);
            let faded_4 = rescale[(((index / 32u) * 4u) + 3u)];
            acc[6u] = (acc[6u] * faded_4);
            acc[7u] = (acc[7u] * faded_4);
        }
        accumulate_KvF32_256_128_8_true_weights_v_cache_q(at, first_key, (end - 1u), lane, &acc);
    }
    let index_1 = (lane + 0u);
    let octet = (index_1 % 32u);
    let row_3 = (((index_1 / 32u) * 4u) + 0u);
    if ((row_3 < 16u) && ((first_row + row_3) < rows)) {
        var sum: f32 = 0.0f;
        sum += unit_sum[((row_3 * 8u) + 0u)];
        sum += unit_sum[((row_3 * 8u) + 1u)];
        sum += unit_sum[((row_3 * 8u) + 2u)];
        sum += unit_sum[((row_3 * 8u) + 3u)];
        sum += unit_sum[((row_3 * 8u) + 4u)];
        sum += unit_sum[((row_3 * 8u) + 5u)];
        sum += unit_sum[((row_3 * 8u) + 6u)];
        sum += unit_sum[((row_3 * 8u) + 7u)];
        let v_target = ((((((first_row + row_3) * heads) + head) * 256u) + (8u * octet)) / 4u);
        out[v_target] = (acc[0u] * (1.0f / sum));
        out[(v_target + 1u)] = (acc[1u] * (1.0f / sum));
    }
    let row_4 = (((index_1 / 32u) * 4u) + 1u);
    if ((row_4 < 16u) && ((first_row + row_4) < rows)) {
        var sum_1: f32 = 0.0f;
        sum_1 += unit_sum[((row_4 * 8u) + 0u)];
        sum_1 += unit_sum[((row_4 * 8u) + 1u)];
        sum_1 += unit_sum[((row_4 * 8u) + 2u)];
        sum_1 += unit_sum[((row_4 * 8u) + 3u)];
        sum_1 += unit_sum[((row_4 * 8u) + 4u)];
        sum_1 += unit_sum[((row_4 * 8u) + 5u)];
        sum_1 += unit_sum[((row_4 * 8u) + 6u)];
        sum_1 += unit_sum[((row_4 * 8u) + 7u)];
        let v_target_1 = ((((((first_row + row_4) * heads) + head) * 256u) + (8u * octet)) / 4u);
        out[v_target_1] = (acc[2u] * (1.0f / sum_1));
        out[(v_target_1 + 1u)] = (acc[3u] * (1.0f / sum_1));
    }
    let row_5 = (((index_1 / 32u) * 4u) + 2u);
    if ((row_5 < 16u) && ((first_row + row_5) < rows)) {
        var sum_2: f32 = 0.0f;
        sum_2 += unit_sum[((row_5 * 8u) + 0u)];
        sum_2 += unit_sum[((row_5 * 8u) + 1u)];
        sum_2 += unit_sum[((row_5 * 8u) + 2u)];
        sum_2 += unit_sum[((row_5 * 8u) + 3u)];
        sum_2 += unit_sum[((row_5 * 8u) + 4u)];
        sum_2 += unit_sum[((row_5 * 8u) + 5u)];
        sum_2 += unit_sum[((row_5 * 8u) + 6u)];
        sum_2 += unit_sum[((row_5 * 8u) + 7u)];
        let v_target_2 = ((((((first_row + row_5) * heads) + head) * 256u) + (8u * octet)) / 4u);
        out[v_target_2] = (acc[4u] * (1.0f / sum_2));
        out[(v_target_2 + 1u)] = (acc[5u] * (1.0f / sum_2));
    }
    let row_6 = (((index_1 / 32u) * 4u) + 3u);
    if ((row_6 < 16u) && ((first_row + row_6) < rows)) {
        var sum_3: f32 = 0.0f;
        sum_3 += unit_sum[((row_6 * 8u) + 0u)];
        sum_3 += unit_sum[((row_6 * 8u) + 1u)];
        sum_3 += unit_sum[((row_6 * 8u) + 2u)];
        sum_3 += unit_sum[((row_6 * 8u) + 3u)];
        sum_3 += unit_sum[((row_6 * 8u) + 4u)];
        sum_3 += unit_sum[((row_6 * 8u) + 5u)];
        sum_3 += unit_sum[((row_6 * 8u) + 6u)];
        sum_3 += unit_sum[((row_6 * 8u) + 7u)];
        let v_target_3 = ((((((first_row + row_6) * heads) + head) * 256u) + (8u * octet)) / 4u);
        out[v_target_3] = (acc[6u] * (1.0f / sum_3));
        out[(v_target_3 + 1u)] = (acc[7u] * (1.0f / sum_3));
    }
    return ((((((end - start) + 32u) - 1u) / 32u) % 2u) * 16u);
}

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    _ = attend_tile_KvF32_256_128_8_false_state_q_k_cache_v_cache_out_stage_weights_unit_max_unit_sum_row_max_rescale(group, local_invocation_index, uniforms.params.rows, uniforms.params.heads, uniforms.params.kv_heads, uniforms.params.window, uniforms.params.ring, state[0i]);
}
