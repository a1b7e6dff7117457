// attend_decode<KvF32, Subgroups<128>, 256, 2, true> | features: subgroups
struct AttendDecodeParams {
    heads: u32,
    kv_heads: u32,
    splits: u32,
    window: u32,
    ring: u32,
    pairs: u32,
    k_at: u32,
    v_at: u32,
    eps: f32,
}

struct Halves {
    a: vec4<f32>,
    b: vec4<f32>,
    c: vec4<f32>,
    d: vec4<f32>,
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
    params: AttendDecodeParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> state: array<u32>;
@group(0) @binding(2) var<storage, read> qkv: array<f32>;
@group(0) @binding(3) var<storage, read> q_norm: array<f32>;
@group(0) @binding(4) var<storage, read> k_norm: array<f32>;
@group(0) @binding(5) var<storage, read> table: array<vec2<f32>>;
@group(0) @binding(6) var<storage, read_write> k_cache: array<vec4<u32>>;
@group(0) @binding(7) var<storage, read_write> v_cache: array<vec4<u32>>;
@group(0) @binding(8) var<storage, read_write> out: array<vec4<f32>>;
var<workgroup> query: array<vec4<f32>, 64>;
var<workgroup> partial: array<f32, 544>;
var<workgroup> weights: array<f32, 64>;
var<workgroup> sums: array<vec4<f32>, 256>;
var<workgroup> scratch: array<f32, 32>;
var<private> subgroup_size: u32;
var<private> subgroup_invocation_id: u32;

fn Subgroups_128_sum_scratch(value: f32, lane: u32) -> f32 {
    let own = subgroupAdd(value);
    if (subgroup_invocation_id == 0u) {
        scratch[(lane / subgroup_size)] = own;
    }
    workgroupBarrier();
    var total: f32 = 0.0f;
    let end = ((128u / subgroup_size) + u32(((128u % subgroup_size) != 0u)));
    for (var subgroup: u32 = 0u; subgroup < end; subgroup++) {
        total += scratch[subgroup];
    }
    workgroupBarrier();
    return total;
}

fn squares_Subgroups_128_256_qkv_scratch(at: u32, lane: u32) -> f32 {
    var sum: f32 = 0.0f;
    for (var i: u32 = lane; i < 256u; i += 128u) {
        let value = qkv[(at + i)];
        sum = fma(value, value, sum);
    }
    return Subgroups_128_sum_scratch(sum, lane);
}

fn quad_qkv(at: u32) -> vec4<f32> {
    return vec4(qkv[at], qkv[(at + 1u)], qkv[(at + 2u)], qkv[(at + 3u)]);
}

fn quad_q_norm(at: u32) -> vec4<f32> {
    return vec4(q_norm[at], q_norm[(at + 1u)], q_norm[(at + 2u)], q_norm[(at + 3u)]);
}

fn turn_table(pairs: u32, position: u32, pair: u32) -> vec2<f32> {
    var branch: vec2<f32>;
    if (pair < pairs) {
        let low = table[(((position % 256u) * pairs) + pair)];
        let high = table[(((256u + (position / 256u)) * pairs) + pair)];
        branch = vec2(((high.x * low.x) - (high.y * low.y)), ((high.y * low.x) + (high.x * low.y)));
    } else {
        branch = vec2(1.0f, 0.0f);
    }
    return branch;
}

fn normed_turned_256_qkv_q_norm_table(at: u32, scale: f32, pairs: u32, position: u32, octet: u32) -> Halves {
    let first = (8u * octet);
    let a = ((quad_qkv((at + first)) * scale) * quad_q_norm(first));
    let b = ((quad_qkv(((at + first) + 4u)) * scale) * quad_q_norm((first + 4u)));
    let c = ((quad_qkv(((at + 128u) + first)) * scale) * quad_q_norm((128u + first)));
    let d = ((quad_qkv((((at + 128u) + first) + 4u)) * scale) * quad_q_norm(((128u + first) + 4u)));
    let t0 = turn_table(pairs, position, first);
    let t1 = turn_table(pairs, position, (first + 1u));
    let t2 = turn_table(pairs, position, (first + 2u));
    let t3 = turn_table(pairs, position, (first + 3u));
    let t4 = turn_table(pairs, position, (first + 4u));
    let t5 = turn_table(pairs, position, (first + 5u));
    let t6 = turn_table(pairs, position, (first + 6u));
    let t7 = turn_table(pairs, position, (first + 7u));
    let cos_low = vec4(t0.x, t1.x, t2.x, t3.x);
    let sin_low = vec4(t0.y, t1.y, t2.y, t3.y);
    let cos_high = vec4(t4.x, t5.x, t6.x, t7.x);
    let sin_high = vec4(t4.y, t5.y, t6.y, t7.y);
    return Halves(((a * cos_low) - (c * sin_low)), ((b * cos_high) - (d * sin_high)), ((c * cos_low) + (a * sin_low)), ((d * cos_high) + (b * sin_high)));
}

fn quad_k_norm(at: u32) -> vec4<f32> {
    return vec4(k_norm[at], k_norm[(at + 1u)], k_norm[(at + 2u)], k_norm[(at + 3u)]);
}

fn normed_turned_256_qkv_k_norm_table(at: u32, scale: f32, pairs: u32, position: u32, octet: u32) -> Halves {
    let first = (8u * octet);
    let a = ((quad_qkv((at + first)) * scale) * quad_k_norm(first));
    let b = ((quad_qkv(((at + first) + 4u)) * scale) * quad_k_norm((first + 4u)));
    let c = ((quad_qkv(((at + 128u) + first)) * scale) * quad_k_norm((128u + first)));
    let d = ((quad_qkv((((at + 128u) + first) + 4u)) * scale) * quad_k_norm(((128u + first) + 4u)));
    let t0 = turn_table(pairs, position, first);
    let t1 = turn_table(pairs, position, (first + 1u));
    let t2 = turn_table(pairs, position, (first + 2u));
    let t3 = turn_table(pairs, position, (first + 3u));
    let t4 = turn_table(pairs, position, (first + 4u));
    let t5 = turn_table(pairs, position, (first + 5u));
    let t6 = turn_table(pairs, position, (first + 6u));
    let t7 = turn_table(pairs, position, (first + 7u));
    let cos_low = vec4(t0.x, t1.x, t2.x, t3.x);
    let sin_low = vec4(t0.y, t1.y, t2.y, t3.y);
    let cos_high = vec4(t4.x, t5.x, t6.x, t7.x);
    let sin_high = vec4(t4.y, t5.y, t6.y, t7.y);
    return Halves(((a * cos_low) - (c * sin_low)), ((b * cos_high) - (d * sin_high)), ((c * cos_low) + (a * sin_low)), ((d * cos_high) + (b * sin_high)));
}

fn KvF32_store8_k_cache(element: u32, low: vec4<f32>, high: vec4<f32>) {
    k_cache[(element / 4u)] = vec4(bitcast<u32>(low.x), bitcast<u32>(low.y), bitcast<u32>(low.z), bitcast<u32>(low.w));
    k_cache[((element / 4u) + 1u)] = vec4(bitcast<u32>(high.x), bitcast<u32>(high.y), bitcast<u32>(high.z), bitcast<u32>(high.w));
}

fn KvF32_store8_v_cache(element: u32, low: vec4<f32>, high: vec4<f32>) {
    v_cache[(element / 4u)] = vec4(bitcast<u32>(low.x), bitcast<u32>(low.y), bitcast<u32>(low.z), bitcast<u32>(low.w));
    v_cache[((element / 4u) + 1u)] = vec4(bitcast<u32>(high.x), bitcast<u32>(high.y), bitcast<u32>(high.z), bitcast<u32>(high.w));
}

fn KvF32_load8_k_cache(element: u32) -> Octet {
    let low = k_cache[(element / 4u)];
    let high = k_cache[((element / 4u) + 1u)];
    return Octet(vec4(bitcast<f32>(low.x), bitcast<f32>(low.y), bitcast<f32>(low.z), bitcast<f32>(low.w)), vec4(bitcast<f32>(high.x), bitcast<f32>(high.y), bitcast<f32>(high.z), bitcast<f32>(high.w)));
}

fn Subgroups_128_max_scratch(value: f32, lane: u32) -> f32 {
    let own = subgroupMax(value);
    if (subgroup_invocation_id == 0u) {
        scratch[(lane / subgroup_size)] = own;
    }
    workgroupBarrier();
    var greatest: f32 = scratch[0i];
    let end = ((128u / subgroup_size) + u32(((128u % subgroup_size) != 0u)));
    for (var subgroup: u32 = 1u; subgroup < end; subgroup++) {
        greatest = max(greatest, scratch[subgroup]);
    }
    workgroupBarrier();
    return greatest;
}

fn KvF32_load8_v_cache(element: u32) -> Octet {
    let low = v_cache[(element / 4u)];
    let high = v_cache[((element / 4u) + 1u)];
    return Octet(vec4(bitcast<f32>(low.x), bitcast<f32>(low.y), bitcast<f32>(low.z), bitcast<f32>(low.w)), vec4(bitcast<f32>(high.x), bitcast<f32>(high.y), bitcast<f32>(high.z), bitcast<f32>(high.w)));
}

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32, @builtin(subgroup_size) subgroup_size_in: u32, @builtin(subgroup_invocation_id) subgroup_invocation_id_in: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    subgroup_size = subgroup_size_in;
    subgroup_invocation_id = subgroup_invocation_id_in;
    let head = (group / uniforms.params.splits);
    let split = (group % uniforms.params.splits);
    let heads_per_kv = (uniforms.params.heads / uniforms.params.kv_heads);
    let kv_head = (head / heads_per_kv);
    let position = state[0i];
    let slot_stride = (uniforms.params.kv_heads * 256u);
    var branch: u32;
    if (uniforms.params.window > 0u) {
        branch = min((position + 1u), uniforms.params.window);
    } else {
        branch = (position + 1u);
    }
    let visible = branch;
    let oldest = ((position + 1u) - visible);
    let first = (oldest + ((split * visible) / uniforms.params.splits));
    let last_split = ((split + 1u) == uniforms.params.splits);
    var end: u32 = (oldest + (((split + 1u) * visible) / uniforms.params.splits));
    let q_squares = squares_Subgroups_128_256_qkv_scratch((head * 256u), local_invocation_index);
    let q_scale = inverseSqrt(((q_squares / f32(256u)) + uniforms.params.eps));
    for (var octet: u32 = local_invocation_index; octet < 16u; octet += 128u) {
        let turned = normed_turned_256_qkv_q_norm_table((head * 256u), q_scale, uniforms.params.pairs, position, octet);
        query[(2u * octet)] = turned.a;
        query[((2u * octet) + 1u)] = turned.b;
        query[(32u + (2u * octet))] = turned.c;
        query[((32u + (2u * octet)) + 1u)] = turned.d;
    }
    var greatest: f32 = (-1e30f);
    var sum: f32 = 0.0f;
    var acc: array<vec4<f32>, 2> = array<vec4<f32>, 2>(vec4<f32>(0.0f), vec4<f32>(0.0f));
    if last_split {
        end = position;
        let appends = ((head % heads_per_kv) == 0u);
        let cached = (((position % uniforms.params.ring) * slot_stride) + (kv_head * 256u));
        let k_at = (uniforms.params.k_at + (kv_head * 256u));
        let v_at = (uniforms.params.v_at + (kv_head * 256u));
        let k_squares = squares_Subgroups_128_256_qkv_scratch(k_at, local_invocation_index);
        let k_scale = inverseSqrt(((k_squares / f32(256u)) + uniforms.params.eps));
        let v_squares = squares_Subgroups_128_256_qkv_scratch(v_at, local_invocation_index);
        let v_scale = inverseSqrt(((v_squares / f32(256u)) + uniforms.params.eps));
        var score: f32 = 0.0f;
        for (var octet_1: u32 = local_invocation_index; octet_1 < 16u; octet_1 += 128u) {
            let k = normed_turned_256_qkv_k_norm_table(k_at, k_scale, uniforms.params.pairs, position, octet_1);
            score += (dot(query[(2u * octet_1)], k.a) + dot(query[((2u * octet_1) + 1u)], k.b));
            score += (dot(query[(32u + (2u * octet_1))], k.c) + dot(query[((32u + (2u * octet_1)) + 1u)], k.d));
            if appends {
                KvF32_store8_k_cache((cached + (8u * octet_1)), k.a, k.b);
                KvF32_store8_k_cache(((cached + 128u) + (8u * octet_1)), k.c, k.d);
            }
        }
        greatest = Subgroups_128_sum_scratch(score, local_invocation_index);
        sum = select(0.0f, 1.0f, (local_invocation_index == 0u));
        let octet_2 = (local_invocation_index + 0u);
        if (octet_2 < 32u) {
            let low = (quad_qkv((v_at + (8u * octet_2))) * v_scale);
            let high = (quad_qkv(((v_at + (8u * octet_2)) + 4u)) * v_scale);
            acc[0u] = low;
            acc[1u] = high;
            if appends {
                KvF32_store8_v_cache((cached + (8u * octet_2)), low, high);
            }
        }
    }
    workgroupBarrier();
    let end_1 = end;
    for (var tile: u32 = first; tile < end_1; tile += 64u) {
        let keys = min((end - tile), 64u);
        let share = (local_invocation_index % 8u);
        for (var key: u32 = (local_invocation_index / 8u); key < keys; key += 16u) {
            let element = ((((tile + key) % uniforms.params.ring) * slot_stride) + (kv_head * 256u));
            var product: f32 = 0.0f;
            for (var octet_3: u32 = share; octet_3 < 32u; octet_3 += 8u) {
                let k_1 = KvF32_load8_k_cache((element + (8u * octet_3)));
                product += (dot(query[(2u * octet_3)], k_1.low) + dot(query[((2u * octet_3) + 1u)], k_1.high));
            }
            partial[((share * 68u) + key)] = product;
        }
        workgroupBarrier();
        var highest: f32 = (-1e30f);
        for (var key_1: u32 = local_invocation_index; key_1 < keys; key_1 += 128u) {
            var score_1: f32 = 0.0f;
            score_1 += partial[(0u + key_1)];
            score_1 += partial[(68u + key_1)];
            score_1 += partial[(136u + key_1)];
            score_1 += partial[(204u + key_1)];
            score_1 += partial[(272u + key_1)];
            score_1 += partial[(340u + key_1)];
            score_1 += partial[(408u + key_1)];
            score_1 += partial[(476u + key_1)];
            weights[key_1] = score_1;
            highest = max(highest, score_1);
        }
        let next = max(greatest, Subgroups_128_max_scratch(highest, local_invocation_index));
        let faded = exp((greatest - next));
        greatest = next;
        sum = (sum * faded);
        for (var key_2: u32 = local_invocation_index; key_2 < keys; key_2 += 128u) {
            let weight = exp((weights[key_2] - next));
            weights[key_2] = weight;
            sum += weight;
        }
        workgroupBarrier();
        let index = (local_invocation_index + 0u);
        let turn = (index / 32u);
        let octet_4 = (index % 32u);
        if (turn < 4u) {
            var low_1: vec4<f32> = (acc[0u] * faded);
            var high_1: vec4<f32> = (acc[1u] * faded);
            for (var four: u32 = turn; four < keys; four += 16u) {
                let key_3 = min((four + 0u), (keys - 1u));
                let inside = ((four + 0u) < keys);
                let weight_1 = select(0.0f, weights[key_3], inside);
                let v = KvF32_load8_v_cache((((((tile + key_3) % uniforms.params.ring) * slot_stride) + (kv_head * 256u)) + (8u * octet_4)));
                low_1 = (low_1 + (v.low * weight_1));
                high_1 = (high_1 + (v.high * weight_1));
                let key_4 = min((four + 4u), (keys - 1u));
                let inside_1 = ((four + 4u) < keys);
                let weight_2 = select(0.0f, weights[key_4], inside_1);
                let v_1 = KvF32_load8_v_cache((((((tile + key_4) % uniforms.params.ring) * slot_stride) + (kv_head * 256u)) + (8u * octet_4)));
                low_1 = (low_1 + (v_1.low * weight_2));
                high_1 = (high_1 + (v_1.high * weight_2));
                let key_5 = min((four + 8u), (keys - 1u));
                let inside_2 = ((four + 8u) < keys);
                let weight_3 = select(0.0f, weights[key_5], inside_2);
                let v_2 = KvF32_load8_v_cache((((((tile + key_5) % uniforms.params.ring) * slot_stride) + (kv_head * 256u)) + (8u * octet_4)));
                low_1 = (low_1 + (v_2.low * weight_3));
                high_1 = (high_1 + (v_2.high * weight_3));
                let key_6 = min((four + 12u), (keys - 1u));
                let inside_3 = ((four + 12u) < keys);
                let weight_4 = select(0.0f, weights[key_6], inside_3);
                let v_3 = KvF32_load8_v_cache((((((tile + key_6) % uniforms.params.ring) * slot_stride) + (kv_head * 256u)) + (8u * octet_4)));
                low_1 = (low_1 + (v_3.low * weight_4));
                high_1 = (high_1 + (v_3.high * weight_4));
            }
            acc[0u] = low_1;
            acc[1u] = high_1;
        }
    }
    let total = Subgroups_128_sum_scratch(sum, local_invocation_index);
    let index_1 = (local_invocation_index + 0u);
    if (index_1 < 128u) {
        sums[(2u * index_1)] = acc[0u];
        sums[((2u * index_1) + 1u)] = acc[1u];
    }
    workgroupBarrier();
    var branch_1: f32;
    if (uniforms.params.splits == 1u) {
        branch_1 = (1.0f / total);
    } else {
        branch_1 = 1.0f;
    }
    let scale = branch_1;
    for (var word: u32 = local_invocation_index; word < 64u; word += 128u) {
        var value: vec4<f32> = vec4<f32>(0.0f);
        for (var turn_1: u32 = 0u; turn_1 < 4u; turn_1++) {
            value = (value + sums[((turn_1 * 64u) + word)]);
        }
        out[((group * 64u) + word)] = (value * scale);
    }
    if ((local_invocation_index == 0u) && (uniforms.params.splits > 1u)) {
        out[(((uniforms.params.heads * uniforms.params.splits) * 64u) + group)] = vec4(greatest, total, 0.0f, 0.0f);
    }
}
