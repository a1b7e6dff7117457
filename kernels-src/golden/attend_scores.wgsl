// attend_scores | features: f16 cooperative_matrix
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
@group(0) @binding(4) var<storage, read_write> scores: array<f32>;
var<workgroup> q_tile: array<vec4<f16>, 640>;
var<workgroup> k_tile: array<vec4<f16>, 640>;

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
    let oldest = segments[min(first_row, (uniforms.params.rows - 1u))];
    let seen = ((first_key <= first_row) && (first_key >= first_seen(first_row, uniforms.params.window, oldest)));
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
    fetch_q((first_row + line), last, q_stride, q_at, &q_next);
    fetch_k((first_key + line), last, k_stride, k_at, &k_next);
    let steps = select(0u, (uniforms.params.head_dim / 32u), seen);
    var sums: array<array<coop_mat16x16<f32, C>, 2>, 2> = array<array<coop_mat16x16<f32, C>, 2>, 2>();
    for (var v_step: u32 = 0u; v_step < steps; v_step++) {
        q_tile[(0u + to)] = q_next[0u];
        k_tile[(0u + to)] = k_next[0u];
        q_tile[(160u + to)] = q_next[1u];
        k_tile[(160u + to)] = k_next[1u];
        q_tile[(320u + to)] = q_next[2u];
        k_tile[(320u + to)] = k_next[2u];
        q_tile[(480u + to)] = q_next[3u];
        k_tile[(480u + to)] = k_next[3u];
        workgroupBarrier();
        let next = (min((v_step + 1u), (steps - 1u)) * 8u);
        fetch_q((first_row + line), last, q_stride, (q_at + next), &q_next);
        fetch_k((first_key + line), last, k_stride, (k_at + next), &k_next);
        var q_own: array<coop_mat16x16<f16, A>, 2> = array<coop_mat16x16<f16, A>, 2>();
        let at = (((row + 0u) * 10u) + 0u);
        q_own[0u] = coopLoadT<coop_mat16x16<f16, A>>(&q_tile[at], 10u);
        let at_1 = (((row + 16u) * 10u) + 0u);
        q_own[1u] = coopLoadT<coop_mat16x16<f16, A>>(&q_tile[at_1], 10u);
        let at_2 = (((column + 0u) * 10u) + 0u);
        let k_own = coopLoad<coop_mat16x16<f16, B>>(&k_tile[at_2], 10u);
        sums[0u][0u] = coopMultiplyAdd(q_own[0u], k_own, sums[0u][0u]);
        sums[1u][0u] = coopMultiplyAdd(q_own[1u], k_own, sums[1u][0u]);
        let at_3 = (((column + 16u) * 10u) + 0u);
        let k_own_1 = coopLoad<coop_mat16x16<f16, B>>(&k_tile[at_3], 10u);
        sums[0u][1u] = coopMultiplyAdd(q_own[0u], k_own_1, sums[0u][1u]);
        sums[1u][1u] = coopMultiplyAdd(q_own[1u], k_own_1, sums[1u][1u]);
        var q_own_1: array<coop_mat16x16<f16, A>, 2> = array<coop_mat16x16<f16, A>, 2>();
        let at_4 = (((row + 0u) * 10u) + 4u);
        q_own_1[0u] = coopLoadT<coop_mat16x16<f16, A>>(&q_tile[at_4], 10u);
        let at_5 = (((row + 16u) * 10u) + 4u);
        q_own_1[1u] = coopLoadT<coop_mat16x16<f16, A>>(&q_tile[at_5], 10u);
        let at_6 = (((column + 0u) * 10u) + 4u);
        let k_own_2 = coopLoad<coop_mat16x16<f16, B>>(&k_tile[at_6], 10u);
        sums[0u][0u] = coopMultiplyAdd(q_own_1[0u], k_own_2, sums[0u][0u]);
        sums[1u][0u] = coopMultiplyAdd(q_own_1[1u], k_own_2, sums[1u][0u]);
        let at_7 = (((column + 16u) * 10u) + 4u);
        let k_own_3 = coopLoad<coop_mat16x16<f16, B>>(&k_tile[at_7], 10u);
        sums[0u][1u] = coopMultiplyAdd(q_own_1[0u], k_own_3, sums[0u][1u]);
        sums[1u][1u] = coopMultiplyAdd(q_own_1[1u], k_own_3, sums[1u][1u]);
        workgroupBarrier();
    }
    let keys = uniforms.params.keys;
    let t = (((((head * uniforms.params.block) + first_row) - uniforms.params.first_row) + row) + 0u);
    let at_8 = (((((t * keys) + first_key) - uniforms.params.first_key) + column) + 0u);
    coopStoreT(sums[0u][0u], &scores[at_8], keys);
    let t_1 = (((((head * uniforms.params.block) + first_row) - uniforms.params.first_row) + row) + 0u);
    let at_9 = (((((t_1 * keys) + first_key) - uniforms.params.first_key) + column) + 16u);
    coopStoreT(sums[0u][1u], &scores[at_9], keys);
    let t_2 = (((((head * uniforms.params.block) + first_row) - uniforms.params.first_row) + row) + 16u);
    let at_10 = (((((t_2 * keys) + first_key) - uniforms.params.first_key) + column) + 0u);
    coopStoreT(sums[1u][0u], &scores[at_10], keys);
    let t_3 = (((((head * uniforms.params.block) + first_row) - uniforms.params.first_row) + row) + 16u);
    let at_11 = (((((t_3 * keys) + first_key) - uniforms.params.first_key) + column) + 16u);
    coopStoreT(sums[1u][1u], &scores[at_11], keys);
}
