// attend_prefill<KvF16, 96, 64, 8> | features:
struct AttendPrefillParams {
    rows: u32,
    heads: u32,
    kv_heads: u32,
    window: u32,
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
var<workgroup> stage: array<vec4<f32>, 432>;
var<workgroup> weights: array<vec4<f32>, 128>;
var<workgroup> unit_max: array<f32, 128>;
var<workgroup> unit_sum: array<f32, 128>;
var<workgroup> row_max: array<f32, 32>;
var<workgroup> rescale: array<f32, 16>;

fn KvF16_load8_k_cache(element: u32) -> Octet {
    let word = k_cache[(element / 8u)];
    let a = unpack2x16float(word.x);
    let b = unpack2x16float(word.y);
    let c = unpack2x16float(word.z);
    let d = unpack2x16float(word.w);
    return Octet(vec4(a.x, a.y, b.x, b.y), vec4(c.x, c.y, d.x, d.y));
}

fn add_scores_96_64_stage(block: u32, share: u32, sums: ptr<function, array<f32, 16>>) {
    let query = (((block / 8u) * 9u) + (share * 4u));
    let key = (((16u + (block % 8u)) * 9u) + (share * 4u));
    for (var word: u32 = 0u; word < 4u; word++) {
        let k0 = stage[(key + word)];
        let k1 = stage[((key + word) + 72u)];
        let k2 = stage[((key + word) + 144u)];
        let k3 = stage[((key + word) + 216u)];
        let q_1 = stage[((query + word) + 0u)];
        (*sums)[0i] += dot(q_1, k0);
        (*sums)[1i] += dot(q_1, k1);
        (*sums)[2i] += dot(q_1, k2);
        (*sums)[3i] += dot(q_1, k3);
        let q_2 = stage[((query + word) + 36u)];
        (*sums)[4i] += dot(q_2, k0);
        (*sums)[5i] += dot(q_2, k1);
        (*sums)[6i] += dot(q_2, k2);
        (*sums)[7i] += dot(q_2, k3);
        let q_3 = stage[((query + word) + 72u)];
        (*sums)[8i] += dot(q_3, k0);
        (*sums)[9i] += dot(q_3, k1);
        (*sums)[10i] += dot(q_3, k2);
        (*sums)[11i] += dot(q_3, k3);
        let q_4 = stage[((query + word) + 108u)];
        (*sums)[12i] += dot(q_4, k0);
        (*sums)[13i] += dot(q_4, k1);
        (*sums)[14i] += dot(q_4, k2);
        (*sums)[15i] += dot(q_4, k3);
    }
}

fn KvF16_load8_v_cache(element: u32) -> Octet {
    let word = v_cache[(element / 8u)];
    let a = unpack2x16float(word.x);
    let b = unpack2x16float(word.y);
    let c = unpack2x16float(word.z);
    let d = unpack2x16float(word.w);
    return Octet(vec4(a.x, a.y, b.x, b.y), vec4(c.x, c.y, d.x, d.y));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let tile = (((((uniforms.params.rows + 16u) - 1u) / 16u) - 1u) - (group / uniforms.params.heads));
    let head = (group % uniforms.params.heads);
    let kv_head = (head / (uniforms.params.heads / uniforms.params.kv_heads));
    let first_row = (tile * 16u);
    let first_query = (state[0i] + first_row);
    let end = (state[0i] + min((first_row + 16u), uniforms.params.rows));
    var branch: u32;
    if (uniforms.params.window > 0u) {
        branch = (max((first_query + 1u), uniforms.params.window) - uniforms.params.window);
    } else {
        branch = 0u;
    }
    let start = branch;
    for (var unit: u32 = local_invocation_index; unit < 128u; unit += 64u) {
        unit_sum[unit] = 0.0f;
    }
    for (var row: u32 = local_invocation_index; row < 32u; row += 64u) {
        row_max[row] = (-1e30f);
    }
    var acc: array<vec4<f32>, 8> = array<vec4<f32>, 8>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
    for (var first_key: u32 = start; first_key < end; first_key += 32u) {
        var sums: array<f32, 16> = array<f32, 16>();
        for (var slice: u32 = 0u; slice < 3u; slice++) {
            for (var word: u32 = local_invocation_index; word < 128u; word += 64u) {
                let row_1 = (word / 8u);
                let column = (word % 8u);
                let source = ((min((first_row + row_1), (uniforms.params.rows - 1u)) * uniforms.params.heads) + head);
                stage[((row_1 * 9u) + column)] = q[(((source * 24u) + (slice * 8u)) + column)];
            }
            for (var octet: u32 = local_invocation_index; octet < 128u; octet += 64u) {
                let row_2 = (octet / 4u);
                let column_1 = (octet % 4u);
                let slot = (min((first_key + row_2), (end - 1u)) % uniforms.params.ring);
                let element = (((((slot * uniforms.params.kv_heads) + kv_head) * 96u) + (slice * 32u)) + (8u * column_1));
                let k = KvF16_load8_k_cache(element);
                stage[(((16u + row_2) * 9u) + (2u * column_1))] = k.low;
                stage[((((16u + row_2) * 9u) + (2u * column_1)) + 1u)] = k.high;
            }
            workgroupBarrier();
            add_scores_96_64_stage((local_invocation_index % 32u), (local_invocation_index / 32u), &sums);
            workgroupBarrier();
        }
        let unit_1 = (local_invocation_index % 32u);
        let share = (local_invocation_index / 32u);
        if (share < 4u) {
            stage[(((share * 128u) + unit_1) + 0u)] = vec4(sums[0i], sums[1i], sums[2i], sums[3i]);
            stage[(((share * 128u) + unit_1) + 32u)] = vec4(sums[4i], sums[5i], sums[6i], sums[7i]);
            stage[(((share * 128u) + unit_1) + 64u)] = vec4(sums[8i], sums[9i], sums[10i], sums[11i]);
            stage[(((share * 128u) + unit_1) + 96u)] = vec4(sums[12i], sums[13i], sums[14i], sums[15i]);
        }
        workgroupBarrier();
        for (var unit_2: u32 = local_invocation_index; unit_2 < 128u; unit_2 += 64u) {
            var scores: vec4<f32> = vec4<f32>(0.0f);
            scores = (scores + stage[(0u + unit_2)]);
            scores = (scores + stage[(128u + unit_2)]);
            let row_3 = (unit_2 / 8u);
            let query = (first_query + row_3);
            var greatest: f32 = (-1e30f);
            let key = ((first_key + (unit_2 % 8u)) + 0u);
            let near = ((uniforms.params.window == 0u) || ((key + uniforms.params.window) > query));
            let seen = (((key <= query) && near) && ((first_row + row_3) < uniforms.params.rows));
            scores[0i] = select((-1e30f), scores[0i], seen);
            greatest = max(greatest, scores[0i]);
            let key_1 = ((first_key + (unit_2 % 8u)) + 8u);
            let near_1 = ((uniforms.params.window == 0u) || ((key_1 + uniforms.params.window) > query));
            let seen_1 = (((key_1 <= query) && near_1) && ((first_row + row_3) < uniforms.params.rows));
            scores[1i] = select((-1e30f), scores[1i], seen_1);
            greatest = max(greatest, scores[1i]);
            let key_2 = ((first_key + (unit_2 % 8u)) + 16u);
            let near_2 = ((uniforms.params.window == 0u) || ((key_2 + uniforms.params.window) > query));
            let seen_2 = (((key_2 <= query) && near_2) && ((first_row + row_3) < uniforms.params.rows));
            scores[2i] = select((-1e30f), scores[2i], seen_2);
            greatest = max(greatest, scores[2i]);
            let key_3 = ((first_key + (unit_2 % 8u)) + 24u);
            let near_3 = ((uniforms.params.window == 0u) || ((key_3 + uniforms.params.window) > query));
            let seen_3 = (((key_3 <= query) && near_3) && ((first_row + row_3) < uniforms.params.rows));
            scores[3i] = select((-1e30f), scores[3i], seen_3);
            greatest = max(greatest, scores[3i]);
            weights[unit_2] = scores;
            unit_max[unit_2] = greatest;
        }
        workgroupBarrier();
        let before = ((((first_key - start) / 32u) % 2u) * 16u);
        for (var unit_3: u32 = local_invocation_index; unit_3 < 128u; unit_3 += 64u) {
            let row_4 = (unit_3 / 8u);
            let old = row_max[(before + row_4)];
            var greatest_1: f32 = old;
            greatest_1 = max(greatest_1, unit_max[((row_4 * 8u) + 0u)]);
            greatest_1 = max(greatest_1, unit_max[((row_4 * 8u) + 1u)]);
            greatest_1 = max(greatest_1, unit_max[((row_4 * 8u) + 2u)]);
            greatest_1 = max(greatest_1, unit_max[((row_4 * 8u) + 3u)]);
            greatest_1 = max(greatest_1, unit_max[((row_4 * 8u) + 4u)]);
            greatest_1 = max(greatest_1, unit_max[((row_4 * 8u) + 5u)]);
            greatest_1 = max(greatest_1, unit_max[((row_4 * 8u) + 6u)]);
            greatest_1 = max(greatest_1, unit_max[((row_4 * 8u) + 7u)]);
            let scores_1 = weights[unit_3];
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
            weights[unit_3] = exps;
            let faded = exp((old - greatest_1));
            unit_sum[unit_3] = ((unit_sum[unit_3] * faded) + (((exps.x + exps.y) + exps.z) + exps.w));
            if ((unit_3 % 8u) == 0u) {
                row_max[((16u - before) + row_4)] = greatest_1;
                rescale[row_4] = faded;
            }
        }
        workgroupBarrier();
        let index = (local_invocation_index + 0u);
        if (index < 48u) {
            let rows = ((index / 12u) * 4u);
            let octet_1 = (index % 12u);
            let faded_1 = rescale[(rows + 0u)];
            acc[0u] = (acc[0u] * faded_1);
            acc[1u] = (acc[1u] * faded_1);
            let faded_2 = rescale[(rows + 1u)];
            acc[2u] = (acc[2u] * faded_2);
            acc[3u] = (acc[3u] * faded_2);
            let faded_3 = rescale[(rows + 2u)];
            acc[4u] = (acc[4u] * faded_3);
            acc[5u] = (acc[5u] * faded_3);
            let faded_4 = rescale[(rows + 3u)];
            acc[6u] = (acc[6u] * faded_4);
            acc[7u] = (acc[7u] * faded_4);
            for (var column_2: u32 = 0u; column_2 < 8u; column_2++) {
                let w0 = weights[((rows * 8u) + column_2)];
                let w1 = weights[(((rows * 8u) + 8u) + column_2)];
                let w2 = weights[(((rows * 8u) + 16u) + column_2)];
                let w3 = weights[(((rows * 8u) + 24u) + column_2)];
                let slot_1 = (min(((first_key + column_2) + 0u), (end - 1u)) % uniforms.params.ring);
                let v = KvF16_load8_v_cache(((((slot_1 * uniforms.params.kv_heads) + kv_head) * 96u) + (8u * octet_1)));
                acc[0u] = (acc[0u] + (v.low * w0[0i]));
                acc[1u] = (acc[1u] + (v.high * w0[0i]));
                acc[2u] = (acc[2u] + (v.low * w1[0i]));
                acc[3u] = (acc[3u] + (v.high * w1[0i]));
                acc[4u] = (acc[4u] + (v.low * w2[0i]));
                acc[5u] = (acc[5u] + (v.high * w2[0i]));
                acc[6u] = (acc[6u] + (v.low * w3[0i]));
                acc[7u] = (acc[7u] + (v.high * w3[0i]));
                let slot_2 = (min(((first_key + column_2) + 8u), (end - 1u)) % uniforms.params.ring);
                let v_1 = KvF16_load8_v_cache(((((slot_2 * uniforms.params.kv_heads) + kv_head) * 96u) + (8u * octet_1)));
                acc[0u] = (acc[0u] + (v_1.low * w0[1i]));
                acc[1u] = (acc[1u] + (v_1.high * w0[1i]));
                acc[2u] = (acc[2u] + (v_1.low * w1[1i]));
                acc[3u] = (acc[3u] + (v_1.high * w1[1i]));
                acc[4u] = (acc[4u] + (v_1.low * w2[1i]));
                acc[5u] = (acc[5u] + (v_1.high * w2[1i]));
                acc[6u] = (acc[6u] + (v_1.low * w3[1i]));
                acc[7u] = (acc[7u] + (v_1.high * w3[1i]));
                let slot_3 = (min(((first_key + column_2) + 16u), (end - 1u)) % uniforms.params.ring);
                let v_2 = KvF16_load8_v_cache(((((slot_3 * uniforms.params.kv_heads) + kv_head) * 96u) + (8u * octet_1)));
                acc[0u] = (acc[0u] + (v_2.low * w0[2i]));
                acc[1u] = (acc[1u] + (v_2.high * w0[2i]));
                acc[2u] = (acc[2u] + (v_2.low * w1[2i]));
                acc[3u] = (acc[3u] + (v_2.high * w1[2i]));
                acc[4u] = (acc[4u] + (v_2.low * w2[2i]));
                acc[5u] = (acc[5u] + (v_2.high * w2[2i]));
                acc[6u] = (acc[6u] + (v_2.low * w3[2i]));
                acc[7u] = (acc[7u] + (v_2.high * w3[2i]));
                let slot_4 = (min(((first_key + column_2) + 24u), (end - 1u)) % uniforms.params.ring);
                let v_3 = KvF16_load8_v_cache(((((slot_4 * uniforms.params.kv_heads) + kv_head) * 96u) + (8u * octet_1)));
                acc[0u] = (acc[0u] + (v_3.low * w0[3i]));
                acc[1u] = (acc[1u] + (v_3.high * w0[3i]));
                acc[2u] = (acc[2u] + (v_3.low * w1[3i]));
                acc[3u] = (acc[3u] + (v_3.high * w1[3i]));
                acc[4u] = (acc[4u] + (v_3.low * w2[3i]));
                acc[5u] = (acc[5u] + (v_3.high * w2[3i]));
                acc[6u] = (acc[6u] + (v_3.low * w3[3i]));
                acc[7u] = (acc[7u] + (v_3.high * w3[3i]));
            }
        }
    }
    let index_1 = (local_invocation_index + 0u);
    let octet_2 = (index_1 % 12u);
    let row_5 = (((index_1 / 12u) * 4u) + 0u);
    if ((row_5 < 16u) && ((first_row + row_5) < uniforms.params.rows)) {
        var sum: f32 = 0.0f;
        sum += unit_sum[((row_5 * 8u) + 0u)];
        sum += unit_sum[((row_5 * 8u) + 1u)];
        sum += unit_sum[((row_5 * 8u) + 2u)];
        sum += unit_sum[((row_5 * 8u) + 3u)];
        sum += unit_sum[((row_5 * 8u) + 4u)];
        sum += unit_sum[((row_5 * 8u) + 5u)];
        sum += unit_sum[((row_5 * 8u) + 6u)];
        sum += unit_sum[((row_5 * 8u) + 7u)];
        let v_target = ((((((first_row + row_5) * uniforms.params.heads) + head) * 96u) + (8u * octet_2)) / 4u);
        out[v_target] = (acc[0u] * (1.0f / sum));
        out[(v_target + 1u)] = (acc[1u] * (1.0f / sum));
    }
    let row_6 = (((index_1 / 12u) * 4u) + 1u);
    if ((row_6 < 16u) && ((first_row + row_6) < uniforms.params.rows)) {
        var sum_1: f32 = 0.0f;
        sum_1 += unit_sum[((row_6 * 8u) + 0u)];
        sum_1 += unit_sum[((row_6 * 8u) + 1u)];
        sum_1 += unit_sum[((row_6 * 8u) + 2u)];
        sum_1 += unit_sum[((row_6 * 8u) + 3u)];
        sum_1 += unit_sum[((row_6 * 8u) + 4u)];
        sum_1 += unit_sum[((row_6 * 8u) + 5u)];
        sum_1 += unit_sum[((row_6 * 8u) + 6u)];
        sum_1 += unit_sum[((row_6 * 8u) + 7u)];
        let v_target_1 = ((((((first_row + row_6) * uniforms.params.heads) + head) * 96u) + (8u * octet_2)) / 4u);
        out[v_target_1] = (acc[2u] * (1.0f / sum_1));
        out[(v_target_1 + 1u)] = (acc[3u] * (1.0f / sum_1));
    }
    let row_7 = (((index_1 / 12u) * 4u) + 2u);
    if ((row_7 < 16u) && ((first_row + row_7) < uniforms.params.rows)) {
        var sum_2: f32 = 0.0f;
        sum_2 += unit_sum[((row_7 * 8u) + 0u)];
        sum_2 += unit_sum[((row_7 * 8u) + 1u)];
        sum_2 += unit_sum[((row_7 * 8u) + 2u)];
        sum_2 += unit_sum[((row_7 * 8u) + 3u)];
        sum_2 += unit_sum[((row_7 * 8u) + 4u)];
        sum_2 += unit_sum[((row_7 * 8u) + 5u)];
        sum_2 += unit_sum[((row_7 * 8u) + 6u)];
        sum_2 += unit_sum[((row_7 * 8u) + 7u)];
        let v_target_2 = ((((((first_row + row_7) * uniforms.params.heads) + head) * 96u) + (8u * octet_2)) / 4u);
        out[v_target_2] = (acc[4u] * (1.0f / sum_2));
        out[(v_target_2 + 1u)] = (acc[5u] * (1.0f / sum_2));
    }
    let row_8 = (((index_1 / 12u) * 4u) + 3u);
    if ((row_8 < 16u) && ((first_row + row_8) < uniforms.params.rows)) {
        var sum_3: f32 = 0.0f;
        sum_3 += unit_sum[((row_8 * 8u) + 0u)];
        sum_3 += unit_sum[((row_8 * 8u) + 1u)];
        sum_3 += unit_sum[((row_8 * 8u) + 2u)];
        sum_3 += unit_sum[((row_8 * 8u) + 3u)];
        sum_3 += unit_sum[((row_8 * 8u) + 4u)];
        sum_3 += unit_sum[((row_8 * 8u) + 5u)];
        sum_3 += unit_sum[((row_8 * 8u) + 6u)];
        sum_3 += unit_sum[((row_8 * 8u) + 7u)];
        let v_target_3 = ((((((first_row + row_8) * uniforms.params.heads) + head) * 96u) + (8u * octet_2)) / 4u);
        out[v_target_3] = (acc[6u] * (1.0f / sum_3));
        out[(v_target_3 + 1u)] = (acc[7u] * (1.0f / sum_3));
    }
}
