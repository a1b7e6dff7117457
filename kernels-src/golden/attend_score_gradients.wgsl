// attend_score_gradients | features: f16 cooperative_matrix | limits: maxComputeWorkgroupStorageSize=28672
struct AttendTilesParams {
    rows: u32,
    heads: u32,
    kv_heads: u32,
    head_dim: u32,
    window: u32,
    first_row: u32,
    block: u32,
    first_key: u32,
    keys: u32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: AttendTilesParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> segments: array<u32>;
@group(0) @binding(2) var<storage, read> q: array<vec4<f16>>;
@group(0) @binding(3) var<storage, read> k: array<vec4<f16>>;
@group(0) @binding(4) var<storage, read> d_out: array<vec4<f16>>;
@group(0) @binding(5) var<storage, read> v: array<vec4<f16>>;
@group(0) @binding(6) var<storage, read> scale: array<f32>;
@group(0) @binding(7) var<storage, read> statistics: array<vec2<f32>>;
@group(0) @binding(8) var<storage, read_write> gradients: array<vec4<f16>>;
var<workgroup> q_tile: array<vec4<f16>, 640>;
var<workgroup> k_tile: array<vec4<f16>, 640>;
var<workgroup> d_tile: array<vec4<f16>, 640>;
var<workgroup> v_tile: array<vec4<f16>, 640>;
var<workgroup> patches: array<f32, 2048>;

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

fn fetch_q(first: u32, last: u32, stride: u32, at: u32, next: ptr<function, array<vec4<f16>, 4>>) {
    (*next)[0u] = q[((min((first + 0u), last) * stride) + at)];
    (*next)[1u] = q[((min((first + 16u), last) * stride) + at)];
    (*next)[2u] = q[((min((first + 32u), last) * stride) + at)];
    (*next)[3u] = q[((min((first + 48u), last) * stride) + at)];
}

fn fetch_k(first: u32, last: u32, stride: u32, at: u32, next: ptr<function, array<vec4<f16>, 4>>) {
    (*next)[0u] = k[((min((first + 0u), last) * stride) + at)];
    (*next)[1u] = k[((min((first + 16u), last) * stride) + at)];
    (*next)[2u] = k[((min((first + 32u), last) * stride) + at)];
    (*next)[3u] = k[((min((first + 48u), last) * stride) + at)];
}

fn fetch_d_out(first: u32, last: u32, stride: u32, at: u32, next: ptr<function, array<vec4<f16>, 4>>) {
    (*next)[0u] = d_out[((min((first + 0u), last) * stride) + at)];
    (*next)[1u] = d_out[((min((first + 16u), last) * stride) + at)];
    (*next)[2u] = d_out[((min((first + 32u), last) * stride) + at)];
    (*next)[3u] = d_out[((min((first + 48u), last) * stride) + at)];
}

fn fetch_v(first: u32, last: u32, stride: u32, at: u32, next: ptr<function, array<vec4<f16>, 4>>) {
    (*next)[0u] = v[((min((first + 0u), last) * stride) + at)];
    (*next)[1u] = v[((min((first + 16u), last) * stride) + at)];
    (*next)[2u] = v[((min((first + 32u), last) * stride) + at)];
    (*next)[3u] = v[((min((first + 48u), last) * stride) + at)];
}

fn sees(query: u32, key: u32, window: u32, oldest: u32) -> bool {
    return (((key <= query) && (key >= oldest)) && ((window == 0u) || ((key + window) > query)));
}

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let key_tiles = (uniforms.params.keys / 64u);
    let row_tiles = (uniforms.params.block / 64u);
    let first_key = (uniforms.params.first_key + ((group % key_tiles) * 64u));
    let first_row = (uniforms.params.first_row + (((group / key_tiles) % row_tiles) * 64u));
    let head = ((group / key_tiles) / row_tiles);
    let seen = ((first_key <= first_row) && (first_key >= first_seen(first_row, uniforms.params.window, 0u)));
    let row = (((local_invocation_index / 32u) / 2u) * 32u);
    let column = (((local_invocation_index / 32u) % 2u) * 32u);
    let line = (local_invocation_index / 8u);
    let to = ((line * 10u) + (local_invocation_index % 8u));
    let quads = (uniforms.params.head_dim / 4u);
    let kv_head = (head / (uniforms.params.heads / uniforms.params.kv_heads));
    let q_stride = (uniforms.params.heads * quads);
    let k_stride = (uniforms.params.kv_heads * quads);
    let q_at = ((head * quads) + (local_invocation_index % 8u));
    let k_at = ((kv_head * quads) + (local_invocation_index % 8u));
    let last = (uniforms.params.rows - 1u);
    var q_next: array<vec4<f16>, 4> = array<vec4<f16>, 4>(vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)));
    var k_next: array<vec4<f16>, 4> = array<vec4<f16>, 4>(vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)));
    var d_next: array<vec4<f16>, 4> = array<vec4<f16>, 4>(vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)));
    var v_next: array<vec4<f16>, 4> = array<vec4<f16>, 4>(vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)), vec4<f16>(f16(0.0f)));
    fetch_q((first_row + line), last, q_stride, q_at, &q_next);
    fetch_k((first_key + line), last, k_stride, k_at, &k_next);
    fetch_d_out((first_row + line), last, q_stride, q_at, &d_next);
    fetch_v((first_key + line), last, k_stride, k_at, &v_next);
    let steps = select(0u, (uniforms.params.head_dim / 32u), seen);
    var of_scores: array<array<coop_mat16x16<f32, C>, 2>, 2> = array<array<coop_mat16x16<f32, C>, 2>, 2>();
    var of_weights: array<array<coop_mat16x16<f32, C>, 2>, 2> = array<array<coop_mat16x16<f32, C>, 2>, 2>();
    for (var v_step: u32 = 0u; v_step < steps; v_step++) {
        let at = (0u + to);
        q_tile[at] = q_next[0u];
        k_tile[at] = k_next[0u];
        d_tile[at] = d_next[0u];
        v_tile[at] = v_next[0u];
        let at_1 = (160u + to);
        q_tile[at_1] = q_next[1u];
        k_tile[at_1] = k_next[1u];
        d_tile[at_1] = d_next[1u];
        v_tile[at_1] = v_next[1u];
        let at_2 = (320u + to);
        q_tile[at_2] = q_next[2u];
        k_tile[at_2] = k_next[2u];
        d_tile[at_2] = d_next[2u];
        v_tile[at_2] = v_next[2u];
        let at_3 = (480u + to);
        q_tile[at_3] = q_next[3u];
        k_tile[at_3] = k_next[3u];
        d_tile[at_3] = d_next[3u];
        v_tile[at_3] = v_next[3u];
        workgroupBarrier();
        let next = (min((v_step + 1u), (steps - 1u)) * 8u);
        fetch_q((first_row + line), last, q_stride, (q_at + next), &q_next);
        fetch_k((first_key + line), last, k_stride, (k_at + next), &k_next);
        fetch_d_out((first_row + line), last, q_stride, (q_at + next), &d_next);
        fetch_v((first_key + line), last, k_stride, (k_at + next), &v_next);
        var q_own: array<coop_mat16x16<f16, A>, 2> = array<coop_mat16x16<f16, A>, 2>();
        var d_own: array<coop_mat16x16<f16, A>, 2> = array<coop_mat16x16<f16, A>, 2>();
        let at_4 = (((row + 0u) * 10u) + 0u);
        q_own[0u] = coopLoadT<coop_mat16x16<f16, A>>(&q_tile[at_4], 10u);
        d_own[0u] = coopLoadT<coop_mat16x16<f16, A>>(&d_tile[at_4], 10u);
        let at_5 = (((row + 16u) * 10u) + 0u);
        q_own[1u] = coopLoadT<coop_mat16x16<f16, A>>(&q_tile[at_5], 10u);
        d_own[1u] = coopLoadT<coop_mat16x16<f16, A>>(&d_tile[at_5], 10u);
        let at_6 = (((column + 0u) * 10u) + 0u);
        let k_own = coopLoad<coop_mat16x16<f16, B>>(&k_tile[at_6], 10u);
        let v_own = coopLoad<coop_mat16x16<f16, B>>(&v_tile[at_6], 10u);
        of_scores[0u][0u] = coopMultiplyAdd(q_own[0u], k_own, of_scores[0u][0u]);
        of_weights[0u][0u] = coopMultiplyAdd(d_own[0u], v_own, of_weights[0u][0u]);
        of_scores[1u][0u] = coopMultiplyAdd(q_own[1u], k_own, of_scores[1u][0u]);
        of_weights[1u][0u] = coopMultiplyAdd(d_own[1u], v_own, of_weights[1u][0u]);
        let at_7 = (((column + 16u) * 10u) + 0u);
        let k_own_1 = coopLoad<coop_mat16x16<f16, B>>(&k_tile[at_7], 10u);
        let v_own_1 = coopLoad<coop_mat16x16<f16, B>>(&v_tile[at_7], 10u);
        of_scores[0u][1u] = coopMultiplyAdd(q_own[0u], k_own_1, of_scores[0u][1u]);
        of_weights[0u][1u] = coopMultiplyAdd(d_own[0u], v_own_1, of_weights[0u][1u]);
        of_scores[1u][1u] = coopMultiplyAdd(q_own[1u], k_own_1, of_scores[1u][1u]);
        of_weights[1u][1u] = coopMultiplyAdd(d_own[1u], v_own_1, of_weights[1u][1u]);
        var q_own_1: array<coop_mat16x16<f16, A>, 2> = array<coop_mat16x16<f16, A>, 2>();
        var d_own_1: array<coop_mat16x16<f16, A>, 2> = array<coop_mat16x16<f16, A>, 2>();
        let at_8 = (((row + 0u) * 10u) + 4u);
        q_own_1[0u] = coopLoadT<coop_mat16x16<f16, A>>(&q_tile[at_8], 10u);
        d_own_1[0u] = coopLoadT<coop_mat16x16<f16, A>>(&d_tile[at_8], 10u);
        let at_9 = (((row + 16u) * 10u) + 4u);
        q_own_1[1u] = coopLoadT<coop_mat16x16<f16, A>>(&q_tile[at_9], 10u);
        d_own_1[1u] = coopLoadT<coop_mat16x16<f16, A>>(&d_tile[at_9], 10u);
        let at_10 = (((column + 0u) * 10u) + 4u);
        let k_own_2 = coopLoad<coop_mat16x16<f16, B>>(&k_tile[at_10], 10u);
        let v_own_2 = coopLoad<coop_mat16x16<f16, B>>(&v_tile[at_10], 10u);
        of_scores[0u][0u] = coopMultiplyAdd(q_own_1[0u], k_own_2, of_scores[0u][0u]);
        of_weights[0u][0u] = coopMultiplyAdd(d_own_1[0u], v_own_2, of_weights[0u][0u]);
        of_scores[1u][0u] = coopMultiplyAdd(q_own_1[1u], k_own_2, of_scores[1u][0u]);
        of_weights[1u][0u] = coopMultiplyAdd(d_own_1[1u], v_own_2, of_weights[1u][0u]);
        let at_11 = (((column + 16u) * 10u) + 4u);
        let k_own_3 = coopLoad<coop_mat16x16<f16, B>>(&k_tile[at_11], 10u);
        let v_own_3 = coopLoad<coop_mat16x16<f16, B>>(&v_tile[at_11], 10u);
        of_scores[0u][1u] = coopMultiplyAdd(q_own_1[0u], k_own_3, of_scores[0u][1u]);
        of_weights[0u][1u] = coopMultiplyAdd(d_own_1[0u], v_own_3, of_weights[0u][1u]);
        of_scores[1u][1u] = coopMultiplyAdd(q_own_1[1u], k_own_3, of_scores[1u][1u]);
        of_weights[1u][1u] = coopMultiplyAdd(d_own_1[1u], v_own_3, of_weights[1u][1u]);
        workgroupBarrier();
    }
    let v_patch = ((local_invocation_index / 32u) * 512u);
    coopStoreT(of_scores[0u][0u], &patches[v_patch], 16u);
    coopStoreT(of_weights[0u][0u], &patches[(v_patch + 256u)], 16u);
    workgroupBarrier();
    for (var item: u32 = (local_invocation_index % 32u); item < 64u; item += 32u) {
        let t = (((first_row + row) + 0u) + (item / 4u));
        let s = (((first_key + column) + 0u) + ((item % 4u) * 4u));
        var probabilities: vec4<f16> = vec4<f16>(f16(0.0f));
        var of_own: vec4<f16> = vec4<f16>(f16(0.0f));
        if (seen && (t < uniforms.params.rows)) {
            let of_row = statistics[((t * uniforms.params.heads) + head)];
            let oldest = segments[t];
            let v_common = (of_row.y / scale[0i]);
            let by = (1.0f / (2.0f * f32(uniforms.params.head_dim)));
            if sees(t, (s + 0u), uniforms.params.window, oldest) {
                let probability = exp((patches[((v_patch + (4u * item)) + 0u)] - of_row.x));
                let of_weight = patches[(((v_patch + 256u) + (4u * item)) + 0u)];
                probabilities[0u] = f16(probability);
                of_own[0u] = f16(((probability * (of_weight - v_common)) * by));
            }
            if sees(t, (s + 1u), uniforms.params.window, oldest) {
                let probability_1 = exp((patches[((v_patch + (4u * item)) + 1u)] - of_row.x));
                let of_weight_1 = patches[(((v_patch + 256u) + (4u * item)) + 1u)];
                probabilities[1u] = f16(probability_1);
                of_own[1u] = f16(((probability_1 * (of_weight_1 - v_common)) * by));
            }
            if sees(t, (s + 2u), uniforms.params.window, oldest) {
                let probability_2 = exp((patches[((v_patch + (4u * item)) + 2u)] - of_row.x));
                let of_weight_2 = patches[(((v_patch + 256u) + (4u * item)) + 2u)];
                probabilities[2u] = f16(probability_2);
                of_own[2u] = f16(((probability_2 * (of_weight_2 - v_common)) * by));
            }
            if sees(t, (s + 3u), uniforms.params.window, oldest) {
                let probability_3 = exp((patches[((v_patch + (4u * item)) + 3u)] - of_row.x));
                let of_weight_3 = patches[(((v_patch + 256u) + (4u * item)) + 3u)];
                probabilities[3u] = f16(probability_3);
                of_own[3u] = f16(((probability_3 * (of_weight_3 - v_common)) * by));
            }
        }
        let at_12 = ((((((head * uniforms.params.block) + t) - uniforms.params.first_row) * uniforms.params.keys) + s) - uniforms.params.first_key);
        gradients[(at_12 / 4u)] = probabilities;
        gradients[((at_12 + ((uniforms.params.heads * uniforms.params.block) * uniforms.params.keys)) / 4u)] = of_own;
    }
    workgroupBarrier();
    coopStoreT(of_scores[0u][1u], &patches[v_patch], 16u);
    coopStoreT(of_weights[0u][1u], &patches[(v_patch + 256u)], 16u);
    workgroupBarrier();
    for (var item_1: u32 = (local_invocation_index % 32u); item_1 < 64u; item_1 += 32u) {
        let t_1 = (((first_row + row) + 0u) + (item_1 / 4u));
        let s_1 = (((first_key + column) + 16u) + ((item_1 % 4u) * 4u));
        var probabilities_1: vec4<f16> = vec4<f16>(f16(0.0f));
        var of_own_1: vec4<f16> = vec4<f16>(f16(0.0f));
        if (seen && (t_1 < uniforms.params.rows)) {
            let of_row_1 = statistics[((t_1 * uniforms.params.heads) + head)];
            let oldest_1 = segments[t_1];
            let v_common_1 = (of_row_1.y / scale[0i]);
            let by_1 = (1.0f / (2.0f * f32(uniforms.params.head_dim)));
            if sees(t_1, (s_1 + 0u), uniforms.params.window, oldest_1) {
                let probability_4 = exp((patches[((v_patch + (4u * item_1)) + 0u)] - of_row_1.x));
                let of_weight_4 = patches[(((v_patch + 256u) + (4u * item_1)) + 0u)];
                probabilities_1[0u] = f16(probability_4);
                of_own_1[0u] = f16(((probability_4 * (of_weight_4 - v_common_1)) * by_1));
            }
            if sees(t_1, (s_1 + 1u), uniforms.params.window, oldest_1) {
                let probability_5 = exp((patches[((v_patch + (4u * item_1)) + 1u)] - of_row_1.x));
                let of_weight_5 = patches[(((v_patch + 256u) + (4u * item_1)) + 1u)];
                probabilities_1[1u] = f16(probability_5);
                of_own_1[1u] = f16(((probability_5 * (of_weight_5 - v_common_1)) * by_1));
            }
            if sees(t_1, (s_1 + 2u), uniforms.params.window, oldest_1) {
                let probability_6 = exp((patches[((v_patch + (4u * item_1)) + 2u)] - of_row_1.x));
                let of_weight_6 = patches[(((v_patch + 256u) + (4u * item_1)) + 2u)];
                probabilities_1[2u] = f16(probability_6);
                of_own_1[2u] = f16(((probability_6 * (of_weight_6 - v_common_1)) * by_1));
            }
            if sees(t_1, (s_1 + 3u), uniforms.params.window, oldest_1) {
                let probability_7 = exp((patches[((v_patch + (4u * item_1)) + 3u)] - of_row_1.x));
                let of_weight_7 = patches[(((v_patch + 256u) + (4u * item_1)) + 3u)];
                probabilities_1[3u] = f16(probability_7);
                of_own_1[3u] = f16(((probability_7 * (of_weight_7 - v_common_1)) * by_1));
            }
        }
        let at_13 = ((((((head * uniforms.params.block) + t_1) - uniforms.params.first_row) * uniforms.params.keys) + s_1) - uniforms.params.first_key);
        gradients[(at_13 / 4u)] = probabilities_1;
        gradients[((at_13 + ((uniforms.params.heads * uniforms.params.block) * uniforms.params.keys)) / 4u)] = of_own_1;
    }
    workgroupBarrier();
    coopStoreT(of_scores[1u][0u], &patches[v_patch], 16u);
    coopStoreT(of_weights[1u][0u], &patches[(v_patch + 256u)], 16u);
    workgroupBarrier();
    for (var item_2: u32 = (local_invocation_index % 32u); item_2 < 64u; item_2 += 32u) {
        let t_2 = (((first_row + row) + 16u) + (item_2 / 4u));
        let s_2 = (((first_key + column) + 0u) + ((item_2 % 4u) * 4u));
        var probabilities_2: vec4<f16> = vec4<f16>(f16(0.0f));
        var of_own_2: vec4<f16> = vec4<f16>(f16(0.0f));
        if (seen && (t_2 < uniforms.params.rows)) {
            let of_row_2 = statistics[((t_2 * uniforms.params.heads) + head)];
            let oldest_2 = segments[t_2];
            let v_common_2 = (of_row_2.y / scale[0i]);
            let by_2 = (1.0f / (2.0f * f32(uniforms.params.head_dim)));
            if sees(t_2, (s_2 + 0u), uniforms.params.window, oldest_2) {
                let probability_8 = exp((patches[((v_patch + (4u * item_2)) + 0u)] - of_row_2.x));
                let of_weight_8 = patches[(((v_patch + 256u) + (4u * item_2)) + 0u)];
                probabilities_2[0u] = f16(probability_8);
                of_own_2[0u] = f16(((probability_8 * (of_weight_8 - v_common_2)) * by_2));
            }
            if sees(t_2, (s_2 + 1u), uniforms.params.window, oldest_2) {
                let probability_9 = exp((patches[((v_patch + (4u * item_2)) + 1u)] - of_row_2.x));
                let of_weight_9 = patches[(((v_patch + 256u) + (4u * item_2)) + 1u)];
                probabilities_2[1u] = f16(probability_9);
                of_own_2[1u] = f16(((probability_9 * (of_weight_9 - v_common_2)) * by_2));
            }
            if sees(t_2, (s_2 + 2u), uniforms.params.window, oldest_2) {
                let probability_10 = exp((patches[((v_patch + (4u * item_2)) + 2u)] - of_row_2.x));
                let of_weight_10 = patches[(((v_patch + 256u) + (4u * item_2)) + 2u)];
                probabilities_2[2u] = f16(probability_10);
                of_own_2[2u] = f16(((probability_10 * (of_weight_10 - v_common_2)) * by_2));
            }
            if sees(t_2, (s_2 + 3u), uniforms.params.window, oldest_2) {
                let probability_11 = exp((patches[((v_patch + (4u * item_2)) + 3u)] - of_row_2.x));
                let of_weight_11 = patches[(((v_patch + 256u) + (4u * item_2)) + 3u)];
                probabilities_2[3u] = f16(probability_11);
                of_own_2[3u] = f16(((probability_11 * (of_weight_11 - v_common_2)) * by_2));
            }
        }
        let at_14 = ((((((head * uniforms.params.block) + t_2) - uniforms.params.first_row) * uniforms.params.keys) + s_2) - uniforms.params.first_key);
        gradients[(at_14 / 4u)] = probabilities_2;
        gradients[((at_14 + ((uniforms.params.heads * uniforms.params.block) * uniforms.params.keys)) / 4u)] = of_own_2;
    }
    workgroupBarrier();
    coopStoreT(of_scores[1u][1u], &patches[v_patch], 16u);
    coopStoreT(of_weights[1u][1u], &patches[(v_patch + 256u)], 16u);
    workgroupBarrier();
    for (var item_3: u32 = (local_invocation_index % 32u); item_3 < 64u; item_3 += 32u) {
        let t_3 = (((first_row + row) + 16u) + (item_3 / 4u));
        let s_3 = (((first_key + column) + 16u) + ((item_3 % 4u) * 4u));
        var probabilities_3: vec4<f16> = vec4<f16>(f16(0.0f));
        var of_own_3: vec4<f16> = vec4<f16>(f16(0.0f));
        if (seen && (t_3 < uniforms.params.rows)) {
            let of_row_3 = statistics[((t_3 * uniforms.params.heads) + head)];
            let oldest_3 = segments[t_3];
            let v_common_3 = (of_row_3.y / scale[0i]);
            let by_3 = (1.0f / (2.0f * f32(uniforms.params.head_dim)));
            if sees(t_3, (s_3 + 0u), uniforms.params.window, oldest_3) {
                let probability_12 = exp((patches[((v_patch + (4u * item_3)) + 0u)] - of_row_3.x));
                let of_weight_12 = patches[(((v_patch + 256u) + (4u * item_3)) + 0u)];
                probabilities_3[0u] = f16(probability_12);
                of_own_3[0u] = f16(((probability_12 * (of_weight_12 - v_common_3)) * by_3));
            }
            if sees(t_3, (s_3 + 1u), uniforms.params.window, oldest_3) {
                let probability_13 = exp((patches[((v_patch + (4u * item_3)) + 1u)] - of_row_3.x));
                let of_weight_13 = patches[(((v_patch + 256u) + (4u * item_3)) + 1u)];
                probabilities_3[1u] = f16(probability_13);
                of_own_3[1u] = f16(((probability_13 * (of_weight_13 - v_common_3)) * by_3));
            }
            if sees(t_3, (s_3 + 2u), uniforms.params.window, oldest_3) {
                let probability_14 = exp((patches[((v_patch + (4u * item_3)) + 2u)] - of_row_3.x));
                let of_weight_14 = patches[(((v_patch + 256u) + (4u * item_3)) + 2u)];
                probabilities_3[2u] = f16(probability_14);
                of_own_3[2u] = f16(((probability_14 * (of_weight_14 - v_common_3)) * by_3));
            }
            if sees(t_3, (s_3 + 3u), uniforms.params.window, oldest_3) {
                let probability_15 = exp((patches[((v_patch + (4u * item_3)) + 3u)] - of_row_3.x));
                let of_weight_15 = patches[(((v_patch + 256u) + (4u * item_3)) + 3u)];
                probabilities_3[3u] = f16(probability_15);
                of_own_3[3u] = f16(((probability_15 * (of_weight_15 - v_common_3)) * by_3));
            }
        }
        let at_15 = ((((((head * uniforms.params.block) + t_3) - uniforms.params.first_row) * uniforms.params.keys) + s_3) - uniforms.params.first_key);
        gradients[(at_15 / 4u)] = probabilities_3;
        gradients[((at_15 + ((uniforms.params.heads * uniforms.params.block) * uniforms.params.keys)) / 4u)] = of_own_3;
    }
    workgroupBarrier();
}
