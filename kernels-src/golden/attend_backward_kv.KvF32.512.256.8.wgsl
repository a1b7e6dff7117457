// attend_backward_kv<KvF32, 512, 256, 8> | features:
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
@group(0) @binding(1) var<storage, read> segments: array<u32>;
@group(0) @binding(2) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> k_cache: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read> v_cache: array<vec4<u32>>;
@group(0) @binding(5) var<storage, read> d_out: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> statistics: array<vec2<f32>>;
@group(0) @binding(7) var<storage, read_write> dk_heads: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read_write> dv_heads: array<vec4<f32>>;
var<workgroup> stage: array<vec4<f32>, 816>;
var<workgroup> weights: array<vec4<f32>, 128>;

fn heads_of(head: u32, heads: u32, kv_heads: u32, ring: u32) -> Heads {
    return Heads(head, heads, (head / (heads / kv_heads)), kv_heads, ring);
}

fn KvF32_load8_k_cache(element: u32) -> Octet {
    let low = k_cache[(element / 4u)];
    let high = k_cache[((element / 4u) + 1u)];
    return Octet(vec4(bitcast<f32>(low.x), bitcast<f32>(low.y), bitcast<f32>(low.z), bitcast<f32>(low.w)), vec4(bitcast<f32>(high.x), bitcast<f32>(high.y), bitcast<f32>(high.z), bitcast<f32>(high.w)));
}

fn eight_KvF32_512_true_k_cache_q(at: Heads, row: u32, octet: u32) -> Octet {
    return KvF32_load8_k_cache((((((row % at.ring) * at.kv_heads) + at.kv_head) * 512u) + (8u * octet)));
}

fn stage_slice_KvF32_512_256_true_k_cache_q_stage(at: Heads, first: u32, last: u32, slice: u32, lane: u32, to: u32, count: u32) {
    let end = (count * 8u);
    for (var item: u32 = lane; item < end; item += 256u) {
        let row = (item / 8u);
        let column = (item % 8u);
        let octet = ((slice * 8u) + column);
        let values = eight_KvF32_512_true_k_cache_q(at, min((first + row), last), octet);
        stage[(((to + row) * 17u) + (2u * column))] = values.low;
        stage[((((to + row) * 17u) + (2u * column)) + 1u)] = values.high;
    }
}

fn eight_KvF32_512_false_k_cache_q(at: Heads, row: u32, octet: u32) -> Octet {
    let first = ((((row * at.heads) + at.head) * 128u) + (2u * octet));
    return Octet(q[first], q[(first + 1u)]);
}

fn stage_slice_KvF32_512_256_false_k_cache_q_stage(at: Heads, first: u32, last: u32, slice: u32, lane: u32, to: u32, count: u32) {
    let end = (count * 8u);
    for (var item: u32 = lane; item < end; item += 256u) {
        let row = (item / 8u);
        let column = (item % 8u);
        let octet = ((slice * 8u) + column);
        let values = eight_KvF32_512_false_k_cache_q(at, min((first + row), last), octet);
        stage[(((to + row) * 17u) + (2u * column))] = values.low;
        stage[((((to + row) * 17u) + (2u * column)) + 1u)] = values.high;
    }
}

fn add_products_512_256_stage(block: u32, share: u32, sums: ptr<function, array<f32, 16>>) {
    let row = (((block / 8u) * 17u) + (share * 2u));
    let column = (((16u + (block % 8u)) * 17u) + (share * 2u));
    for (var word: u32 = 0u; word < 2u; word++) {
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

fn products_KvF32_512_256_true_k_cache_q_stage(at: Heads, first_row: u32, last_row: u32, first_column: u32, last_column: u32, lane: u32) {
    var sums: array<f32, 16> = array<f32, 16>();
    for (var slice: u32 = 0u; slice < 8u; slice++) {
        stage_slice_KvF32_512_256_true_k_cache_q_stage(at, first_row, last_row, slice, lane, 0u, 16u);
        stage_slice_KvF32_512_256_false_k_cache_q_stage(at, first_column, last_column, slice, lane, 16u, 32u);
        workgroupBarrier();
        add_products_512_256_stage((lane % 32u), (lane / 32u), &sums);
        workgroupBarrier();
    }
    let unit = (lane % 32u);
    let share = (lane / 32u);
    if (share >= 4u) {
        stage[((((share - 4u) * 128u) + unit) + 0u)] = vec4(sums[0i], sums[1i], sums[2i], sums[3i]);
        stage[((((share - 4u) * 128u) + unit) + 32u)] = vec4(sums[4i], sums[5i], sums[6i], sums[7i]);
        stage[((((share - 4u) * 128u) + unit) + 64u)] = vec4(sums[8i], sums[9i], sums[10i], sums[11i]);
        stage[((((share - 4u) * 128u) + unit) + 96u)] = vec4(sums[12i], sums[13i], sums[14i], sums[15i]);
    }
    workgroupBarrier();
    if (share < 4u) {
        let other = stage[(((share * 128u) + unit) + 0u)];
        sums[0i] += other.x;
        sums[1i] += other.y;
        sums[2i] += other.z;
        sums[3i] += other.w;
        let other_1 = stage[(((share * 128u) + unit) + 32u)];
        sums[4i] += other_1.x;
        sums[5i] += other_1.y;
        sums[6i] += other_1.z;
        sums[7i] += other_1.w;
        let other_2 = stage[(((share * 128u) + unit) + 64u)];
        sums[8i] += other_2.x;
        sums[9i] += other_2.y;
        sums[10i] += other_2.z;
        sums[11i] += other_2.w;
        let other_3 = stage[(((share * 128u) + unit) + 96u)];
        sums[12i] += other_3.x;
        sums[13i] += other_3.y;
        sums[14i] += other_3.z;
        sums[15i] += other_3.w;
    }
    workgroupBarrier();
    if (share < 4u) {
        stage[(((share * 128u) + unit) + 0u)] = vec4(sums[0i], sums[1i], sums[2i], sums[3i]);
        stage[(((share * 128u) + unit) + 32u)] = vec4(sums[4i], sums[5i], sums[6i], sums[7i]);
        stage[(((share * 128u) + unit) + 64u)] = vec4(sums[8i], sums[9i], sums[10i], sums[11i]);
        stage[(((share * 128u) + unit) + 96u)] = vec4(sums[12i], sums[13i], sums[14i], sums[15i]);
    }
    workgroupBarrier();
}

fn products_of_512_256_stage(unit: u32) -> vec4<f32> {
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

fn eight_KvF32_512_false_k_cache_d_out(at: Heads, row: u32, octet: u32) -> Octet {
    let first = ((((row * at.heads) + at.head) * 128u) + (2u * octet));
    return Octet(d_out[first], d_out[(first + 1u)]);
}

fn accumulate_KvF32_512_256_8_false_weights_k_cache_d_out(at: Heads, first: u32, last: u32, lane: u32, acc: ptr<function, array<vec4<f32>, 8>>) {
    let index = (lane + 0u);
    if (index < 256u) {
        let rows = ((index / 64u) * 4u);
        let octet = (index % 64u);
        for (var column: u32 = 0u; column < 8u; column++) {
            let w0 = weights[((rows * 8u) + column)];
            let w1 = weights[(((rows * 8u) + 8u) + column)];
            let w2 = weights[(((rows * 8u) + 16u) + column)];
            let w3 = weights[(((rows * 8u) + 24u) + column)];
            let v = eight_KvF32_512_false_k_cache_d_out(at, min(((first + column) + 0u), last), octet);
            (*acc)[0u] = ((*acc)[0u] + (v.low * w0[0i]));
            (*acc)[1u] = ((*acc)[1u] + (v.high * w0[0i]));
            (*acc)[2u] = ((*acc)[2u] + (v.low * w1[0i]));
            (*acc)[3u] = ((*acc)[3u] + (v.high * w1[0i]));
            (*acc)[4u] = ((*acc)[4u] + (v.low * w2[0i]));
            (*acc)[5u] = ((*acc)[5u] + (v.high * w2[0i]));
            (*acc)[6u] = ((*acc)[6u] + (v.low * w3[0i]));
            (*acc)[7u] = ((*acc)[7u] + (v.high * w3[0i]));
            let v_1 = eight_KvF32_512_false_k_cache_d_out(at, min(((first + column) + 8u), last), octet);
            (*acc)[0u] = ((*acc)[0u] + (v_1.low * w0[1i]));
            (*acc)[1u] = ((*acc)[1u] + (v_1.high * w0[1i]));
            (*acc)[2u] = ((*acc)[2u] + (v_1.low * w1[1i]));
            (*acc)[3u] = ((*acc)[3u] + (v_1.high * w1[1i]));
            (*acc)[4u] = ((*acc)[4u] + (v_1.low * w2[1i]));
            (*acc)[5u] = ((*acc)[5u] + (v_1.high * w2[1i]));
            (*acc)[6u] = ((*acc)[6u] + (v_1.low * w3[1i]));
            (*acc)[7u] = ((*acc)[7u] + (v_1.high * w3[1i]));
            let v_2 = eight_KvF32_512_false_k_cache_d_out(at, min(((first + column) + 16u), last), octet);
            (*acc)[0u] = ((*acc)[0u] + (v_2.low * w0[2i]));
            (*acc)[1u] = ((*acc)[1u] + (v_2.high * w0[2i]));
            (*acc)[2u] = ((*acc)[2u] + (v_2.low * w1[2i]));
            (*acc)[3u] = ((*acc)[3u] + (v_2.high * w1[2i]));
            (*acc)[4u] = ((*acc)[4u] + (v_2.low * w2[2i]));
            (*acc)[5u] = ((*acc)[5u] + (v_2.high * w2[2i]));
            (*acc)[6u] = ((*acc)[6u] + (v_2.low * w3[2i]));
            (*acc)[7u] = ((*acc)[7u] + (v_2.high * w3[2i]));
            let v_3 = eight_KvF32_512_false_k_cache_d_out(at, min(((first + column) + 24u), last), octet);
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

fn KvF32_load8_v_cache(element: u32) -> Octet {
    let low = v_cache[(element / 4u)];
    let high = v_cache[((element / 4u) + 1u)];
    return Octet(vec4(bitcast<f32>(low.x), bitcast<f32>(low.y), bitcast<f32>(low.z), bitcast<f32>(low.w)), vec4(bitcast<f32>(high.x), bitcast<f32>(high.y), bitcast<f32>(high.z), bitcast<f32>(high.w)));
}

fn eight_KvF32_512_true_v_cache_d_out(at: Heads, row: u32, octet: u32) -> Octet {
    return KvF32_load8_v_cache((((((row % at.ring) * at.kv_heads) + at.kv_head) * 512u) + (8u * octet)));
}

fn stage_slice_KvF32_512_256_true_v_cache_d_out_stage(at: Heads, first: u32, last: u32, slice: u32, lane: u32, to: u32, count: u32) {
    let end = (count * 8u);
    for (var item: u32 = lane; item < end; item += 256u) {
        let row = (item / 8u);
        let column = (item % 8u);
        let octet = ((slice * 8u) + column);
        let values = eight_KvF32_512_true_v_cache_d_out(at, min((first + row), last), octet);
        stage[(((to + row) * 17u) + (2u * column))] = values.low;
        stage[((((to + row) * 17u) + (2u * column)) + 1u)] = values.high;
    }
}

fn eight_KvF32_512_false_v_cache_d_out(at: Heads, row: u32, octet: u32) -> Octet {
    let first = ((((row * at.heads) + at.head) * 128u) + (2u * octet));
    return Octet(d_out[first], d_out[(first + 1u)]);
}

fn stage_slice_KvF32_512_256_false_v_cache_d_out_stage(at: Heads, first: u32, last: u32, slice: u32, lane: u32, to: u32, count: u32) {
    let end = (count * 8u);
    for (var item: u32 = lane; item < end; item += 256u) {
        let row = (item / 8u);
        let column = (item % 8u);
        let octet = ((slice * 8u) + column);
        let values = eight_KvF32_512_false_v_cache_d_out(at, min((first + row), last), octet);
        stage[(((to + row) * 17u) + (2u * column))] = values.low;
        stage[((((to + row) * 17u) + (2u * column)) + 1u)] = values.high;
    }
}

fn products_KvF32_512_256_true_v_cache_d_out_stage(at: Heads, first_row: u32, last_row: u32, first_column: u32, last_column: u32, lane: u32) {
    var sums: array<f32, 16> = array<f32, 16>();
    for (var slice: u32 = 0u; slice < 8u; slice++) {
        stage_slice_KvF32_512_256_true_v_cache_d_out_stage(at, first_row, last_row, slice, lane, 0u, 16u);
        stage_slice_KvF32_512_256_false_v_cache_d_out_stage(at, first_column, last_column, slice, lane, 16u, 32u);
        workgroupBarrier();
        add_products_512_256_stage((lane % 32u), (lane / 32u), &sums);
        workgroupBarrier();
    }
    let unit = (lane % 32u);
    let share = (lane / 32u);
    if (share >= 4u) {
        stage[((((share - 4u) * 128u) + unit) + 0u)] = vec4(sums[0i], sums[1i], sums[2i], sums[3i]);
        stage[((((share - 4u) * 128u) + unit) + 32u)] = vec4(sums[4i], sums[5i], sums[6i], sums[7i]);
        stage[((((share - 4u) * 128u) + unit) + 64u)] = vec4(sums[8i], sums[9i], sums[10i], sums[11i]);
        stage[((((share - 4u) * 128u) + unit) + 96u)] = vec4(sums[12i], sums[13i], sums[14i], sums[15i]);
    }
    workgroupBarrier();
    if (share < 4u) {
        let other = stage[(((share * 128u) + unit) + 0u)];
        sums[0i] += other.x;
        sums[1i] += other.y;
        sums[2i] += other.z;
        sums[3i] += other.w;
        let other_1 = stage[(((share * 128u) + unit) + 32u)];
        sums[4i] += other_1.x;
        sums[5i] += other_1.y;
        sums[6i] += other_1.z;
        sums[7i] += other_1.w;
        let other_2 = stage[(((share * 128u) + unit) + 64u)];
        sums[8i] += other_2.x;
        sums[9i] += other_2.y;
        sums[10i] += other_2.z;
        sums[11i] += other_2.w;
        let other_3 = stage[(((share * 128u) + unit) + 96u)];
        sums[12i] += other_3.x;
        sums[13i] += other_3.y;
        sums[14i] += other_3.z;
        sums[15i] += other_3.w;
    }
    workgroupBarrier();
    if (share < 4u) {
        stage[(((share * 128u) + unit) + 0u)] = vec4(sums[0i], sums[1i], sums[2i], sums[3i]);
        stage[(((share * 128u) + unit) + 32u)] = vec4(sums[4i], sums[5i], sums[6i], sums[7i]);
        stage[(((share * 128u) + unit) + 64u)] = vec4(sums[8i], sums[9i], sums[10i], sums[11i]);
        stage[(((share * 128u) + unit) + 96u)] = vec4(sums[12i], sums[13i], sums[14i], sums[15i]);
    }
    workgroupBarrier();
}

fn accumulate_KvF32_512_256_8_false_weights_k_cache_q(at: Heads, first: u32, last: u32, lane: u32, acc: ptr<function, array<vec4<f32>, 8>>) {
    let index = (lane + 0u);
    if (index < 256u) {
        let rows = ((index / 64u) * 4u);
        let octet = (index % 64u);
        for (var column: u32 = 0u; column < 8u; column++) {
            let w0 = weights[((rows * 8u) + column)];
            let w1 = weights[(((rows * 8u) + 8u) + column)];
            let w2 = weights[(((rows * 8u) + 16u) + column)];
            let w3 = weights[(((rows * 8u) + 24u) + column)];
            let v = eight_KvF32_512_false_k_cache_q(at, min(((first + column) + 0u), last), octet);
            (*acc)[0u] = ((*acc)[0u] + (v.low * w0[0i]));
            (*acc)[1u] = ((*acc)[1u] + (v.high * w0[0i]));
            (*acc)[2u] = ((*acc)[2u] + (v.low * w1[0i]));
            (*acc)[3u] = ((*acc)[3u] + (v.high * w1[0i]));
            (*acc)[4u] = ((*acc)[4u] + (v.low * w2[0i]));
            (*acc)[5u] = ((*acc)[5u] + (v.high * w2[0i]));
            (*acc)[6u] = ((*acc)[6u] + (v.low * w3[0i]));
            (*acc)[7u] = ((*acc)[7u] + (v.high * w3[0i]));
            let v_1 = eight_KvF32_512_false_k_cache_q(at, min(((first + column) + 8u), last), octet);
            (*acc)[0u] = ((*acc)[0u] + (v_1.low * w0[1i]));
            (*acc)[1u] = ((*acc)[1u] + (v_1.high * w0[1i]));
            (*acc)[2u] = ((*acc)[2u] + (v_1.low * w1[1i]));
            (*acc)[3u] = ((*acc)[3u] + (v_1.high * w1[1i]));
            (*acc)[4u] = ((*acc)[4u] + (v_1.low * w2[1i]));
            (*acc)[5u] = ((*acc)[5u] + (v_1.high * w2[1i]));
            (*acc)[6u] = ((*acc)[6u] + (v_1.low * w3[1i]));
            (*acc)[7u] = ((*acc)[7u] + (v_1.high * w3[1i]));
            let v_2 = eight_KvF32_512_false_k_cache_q(at, min(((first + column) + 16u), last), octet);
            (*acc)[0u] = ((*acc)[0u] + (v_2.low * w0[2i]));
            (*acc)[1u] = ((*acc)[1u] + (v_2.high * w0[2i]));
            (*acc)[2u] = ((*acc)[2u] + (v_2.low * w1[2i]));
            (*acc)[3u] = ((*acc)[3u] + (v_2.high * w1[2i]));
            (*acc)[4u] = ((*acc)[4u] + (v_2.low * w2[2i]));
            (*acc)[5u] = ((*acc)[5u] + (v_2.high * w2[2i]));
            (*acc)[6u] = ((*acc)[6u] + (v_2.low * w3[2i]));
            (*acc)[7u] = ((*acc)[7u] + (v_2.high * w3[2i]));
            let v_3 = eight_KvF32_512_false_k_cache_q(at, min(((first + column) + 24u), last), octet);
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

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let head = (group % uniforms.params.heads);
    let at = heads_of(head, uniforms.params.heads, uniforms.params.kv_heads, uniforms.params.ring);
    let first_key = ((group / uniforms.params.heads) * 16u);
    let last_key = (min((first_key + 16u), uniforms.params.rows) - 1u);
    let last_row = (uniforms.params.rows - 1u);
    var branch: u32;
    if (uniforms.params.window > 0u) {
        branch = min(uniforms.params.rows, (last_key + uniforms.params.window));
    } else {
        branch = uniforms.params.rows;
    }
    let end = branch;
    var of_keys: array<vec4<f32>, 8> = array<vec4<f32>, 8>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
    var of_values: array<vec4<f32>, 8> = array<vec4<f32>, 8>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
    for (var first_row: u32 = first_key; first_row < end; first_row += 32u) {
        if (segments[first_row] <= last_key) {
            products_KvF32_512_256_true_k_cache_q_stage(at, first_key, last_key, first_row, last_row, local_invocation_index);
            for (var unit: u32 = local_invocation_index; unit < 128u; unit += 256u) {
                let scores = products_of_512_256_stage(unit);
                let key = (first_key + (unit / 8u));
                var probabilities: vec4<f32> = vec4<f32>(0.0f);
                let row = ((first_row + (unit % 8u)) + 0u);
                if (((key <= last_key) && (row <= last_row)) && sees(row, key, uniforms.params.window, segments[row])) {
                    probabilities[0i] = exp((scores[0i] - statistics[((row * uniforms.params.heads) + head)].x));
                }
                let row_1 = ((first_row + (unit % 8u)) + 8u);
                if (((key <= last_key) && (row_1 <= last_row)) && sees(row_1, key, uniforms.params.window, segments[row_1])) {
                    probabilities[1i] = exp((scores[1i] - statistics[((row_1 * uniforms.params.heads) + head)].x));
                }
                let row_2 = ((first_row + (unit % 8u)) + 16u);
                if (((key <= last_key) && (row_2 <= last_row)) && sees(row_2, key, uniforms.params.window, segments[row_2])) {
                    probabilities[2i] = exp((scores[2i] - statistics[((row_2 * uniforms.params.heads) + head)].x));
                }
                let row_3 = ((first_row + (unit % 8u)) + 24u);
                if (((key <= last_key) && (row_3 <= last_row)) && sees(row_3, key, uniforms.params.window, segments[row_3])) {
                    probabilities[3i] = exp((scores[3i] - statistics[((row_3 * uniforms.params.heads) + head)].x));
                }
                weights[unit] = probabilities;
            }
            workgroupBarrier();
            accumulate_KvF32_512_256_8_false_weights_k_cache_d_out(at, first_row, last_row, local_invocation_index, &of_values);
            products_KvF32_512_256_true_v_cache_d_out_stage(at, first_key, last_key, first_row, last_row, local_invocation_index);
            for (var unit_1: u32 = local_invocation_index; unit_1 < 128u; unit_1 += 256u) {
                var gradients: vec4<f32> = products_of_512_256_stage(unit_1);
                let row_4 = min(((first_row + (unit_1 % 8u)) + 0u), last_row);
                gradients[0i] -= statistics[((row_4 * uniforms.params.heads) + head)].y;
                let row_5 = min(((first_row + (unit_1 % 8u)) + 8u), last_row);
                gradients[1i] -= statistics[((row_5 * uniforms.params.heads) + head)].y;
                let row_6 = min(((first_row + (unit_1 % 8u)) + 16u), last_row);
                gradients[2i] -= statistics[((row_6 * uniforms.params.heads) + head)].y;
                let row_7 = min(((first_row + (unit_1 % 8u)) + 24u), last_row);
                gradients[3i] -= statistics[((row_7 * uniforms.params.heads) + head)].y;
                weights[unit_1] = (weights[unit_1] * gradients);
            }
            workgroupBarrier();
            accumulate_KvF32_512_256_8_false_weights_k_cache_q(at, first_row, last_row, local_invocation_index, &of_keys);
        }
    }
    let index = (local_invocation_index + 0u);
    let key_1 = ((first_key + ((index / 64u) * 4u)) + 0u);
    if ((index < 256u) && (key_1 <= last_key)) {
        let v_target = (((((key_1 * uniforms.params.heads) + head) * 512u) + (8u * (index % 64u))) / 4u);
        dk_heads[v_target] = of_keys[0u];
        dk_heads[(v_target + 1u)] = of_keys[1u];
        dv_heads[v_target] = of_values[0u];
        dv_heads[(v_target + 1u)] = of_values[1u];
    }
    let key_2 = ((first_key + ((index / 64u) * 4u)) + 1u);
    if ((index < 256u) && (key_2 <= last_key)) {
        let v_target_1 = (((((key_2 * uniforms.params.heads) + head) * 512u) + (8u * (index % 64u))) / 4u);
        dk_heads[v_target_1] = of_keys[2u];
        dk_heads[(v_target_1 + 1u)] = of_keys[3u];
        dv_heads[v_target_1] = of_values[2u];
        dv_heads[(v_target_1 + 1u)] = of_values[3u];
    }
    let key_3 = ((first_key + ((index / 64u) * 4u)) + 2u);
    if ((index < 256u) && (key_3 <= last_key)) {
        let v_target_2 = (((((key_3 * uniforms.params.heads) + head) * 512u) + (8u * (index % 64u))) / 4u);
        dk_heads[v_target_2] = of_keys[4u];
        dk_heads[(v_target_2 + 1u)] = of_keys[5u];
        dv_heads[v_target_2] = of_values[4u];
        dv_heads[(v_target_2 + 1u)] = of_values[5u];
    }
    let key_4 = ((first_key + ((index / 64u) * 4u)) + 3u);
    if ((index < 256u) && (key_4 <= last_key)) {
        let v_target_3 = (((((key_4 * uniforms.params.heads) + head) * 512u) + (8u * (index % 64u))) / 4u);
        dk_heads[v_target_3] = of_keys[6u];
        dk_heads[(v_target_3 + 1u)] = of_keys[7u];
        dv_heads[v_target_3] = of_values[6u];
        dv_heads[(v_target_3 + 1u)] = of_values[7u];
    }
}
