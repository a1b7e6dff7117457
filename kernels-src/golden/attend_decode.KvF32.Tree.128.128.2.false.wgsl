// attend_decode<KvF32, Tree<128>, 128, 2, false> | features:
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
var<workgroup> query: array<vec4<f32>, 32>;
var<workgroup> partial: array<f32, 544>;
var<workgroup> weights: array<f32, 64>;
var<workgroup> sums: array<vec4<f32>, 256>;
var<workgroup> scratch: array<f32, 128>;

fn Tree_128_sum_scratch(value: f32, lane: u32) -> f32 {
    scratch[lane] = value;
    workgroupBarrier();
    if (lane < 64u) {
        scratch[lane] += scratch[(lane + 64u)];
    }
    workgroupBarrier();
    if (lane < 32u) {
        scratch[lane] += scratch[(lane + 32u)];
    }
    workgroupBarrier();
    if (lane < 16u) {
        scratch[lane] += scratch[(lane + 16u)];
    }
    workgroupBarrier();
    if (lane < 8u) {
        scratch[lane] += scratch[(lane + 8u)];
    }
    workgroupBarrier();
    if (lane < 4u) {
        scratch[lane] += scratch[(lane + 4u)];
    }
    workgroupBarrier();
    if (lane < 2u) {
        scratch[lane] += scratch[(lane + 2u)];
    }
    workgroupBarrier();
    if (lane < 1u) {
        scratch[lane] += scratch[(lane + 1u)];
    }
    workgroupBarrier();
    let total = scratch[0i];
    workgroupBarrier();
    return total;
}

fn squares_Tree_128_128_qkv_scratch(at: u32, lane: u32) -> f32 {
    var sum: f32 = 0.0f;
    for (var i: u32 = lane; i < 128u; i += 128u) {
        let value = qkv[(at + i)];
        sum = fma(value, value, sum);
    }
    return Tree_128_sum_scratch(sum, lane);
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

fn normed_turned_128_qkv_q_norm_table(at: u32, scale: f32, pairs: u32, position: u32, octet: u32) -> Halves {
    let first = (8u * octet);
    let a = ((quad_qkv((at + first)) * scale) * quad_q_norm(first));
    let b = ((quad_qkv(((at + first) + 4u)) * scale) * quad_q_norm((first + 4u)));
    let c = ((quad_qkv(((at + 64u) + first)) * scale) * quad_q_norm((64u + first)));
    let d = ((quad_qkv((((at + 64u) + first) + 4u)) * scale) * quad_q_norm(((64u + first) + 4u)));
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

fn KvF32_load8_k_cache(element: u32) -> Octet {
    let low = k_cache[(element / 4u)];
    let high = k_cache[((element / 4u) + 1u)];
    return Octet(vec4(bitcast<f32>(low.x), bitcast<f32>(low.y), bitcast<f32>(low.z), bitcast<f32>(low.w)), vec4(bitcast<f32>(high.x), bitcast<f32>(high.y), bitcast<f32>(high.z), bitcast<f32>(high.w)));
}

fn Tree_128_max_scratch(value: f32, lane: u32) -> f32 {
    scratch[lane] = value;
    workgroupBarrier();
    if (lane < 64u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 64u)]);
    }
    workgroupBarrier();
    if (lane < 32u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 32u)]);
    }
    workgroupBarrier();
    if (lane < 16u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 16u)]);
    }
    workgroupBarrier();
    if (lane < 8u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 8u)]);
    }
    workgroupBarrier();
    if (lane < 4u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 4u)]);
    }
    workgroupBarrier();
    if (lane < 2u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 2u)]);
    }
    workgroupBarrier();
    if (lane < 1u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 1u)]);
    }
    workgroupBarrier();
    let greatest = scratch[0i];
    workgroupBarrier();
    return greatest;
}

fn KvF32_load8_v_cache(element: u32) -> Octet {
    let low = v_cache[(element / 4u)];
    let high = v_cache[((element / 4u) + 1u)];
    return Octet(vec4(bitcast<f32>(low.x), bitcast<f32>(low.y), bitcast<f32>(low.z), bitcast<f32>(low.w)), vec4(bitcast<f32>(high.x), bitcast<f32>(high.y), bitcast<f32>(high.z), bitcast<f32>(high.w)));
}

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let head = (group / uniforms.params.splits);
    let split = (group % uniforms.params.splits);
    let heads_per_kv = (uniforms.params.heads / uniforms.params.kv_heads);
    let kv_head = (head / heads_per_kv);
    let position = state[0i];
    let slot_stride = (uniforms.params.kv_heads * 128u);
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
    let q_squares = squares_Tree_128_128_qkv_scratch((head * 128u), local_invocation_index);
    let q_scale = inverseSqrt(((q_squares / f32(128u)) + uniforms.params.eps));
    for (var octet: u32 = local_invocation_index; octet < 8u; octet += 128u) {
        let turned = normed_turned_128_qkv_q_norm_table((head * 128u), q_scale, uniforms.params.pairs, position, octet);
        query[(2u * octet)] = turned.a;
        query[((2u * octet) + 1u)] = turned.b;
        query[(16u + (2u * octet))] = turned.c;
        query[((16u + (2u * octet)) + 1u)] = turned.d;
    }
    var greatest: f32 = (-1e30f);
    var sum: f32 = 0.0f;
    var acc: array<vec4<f32>, 2> = array<vec4<f32>, 2>(vec4<f32>(0.0f), vec4<f32>(0.0f));
    workgroupBarrier();
    let end_1 = end;
    for (var tile: u32 = first; tile < end_1; tile += 64u) {
        let keys = min((end - tile), 64u);
        let share = (local_invocation_index % 8u);
        for (var key: u32 = (local_invocation_index / 8u); key < keys; key += 16u) {
            let element = ((((tile + key) % uniforms.params.ring) * slot_stride) + (kv_head * 128u));
            var product: f32 = 0.0f;
            for (var octet_1: u32 = share; octet_1 < 16u; octet_1 += 8u) {
                let k = KvF32_load8_k_cache((element + (8u * octet_1)));
                product += (dot(query[(2u * octet_1)], k.low) + dot(query[((2u * octet_1) + 1u)], k.high));
            }
            partial[((share * 68u) + key)] = product;
        }
        workgroupBarrier();
        var highest: f32 = (-1e30f);
        for (var key_1: u32 = local_invocation_index; key_1 < keys; key_1 += 128u) {
            var score: f32 = 0.0f;
            score += partial[(0u + key_1)];
            score += partial[(68u + key_1)];
            score += partial[(136u + key_1)];
            score += partial[(204u + key_1)];
            score += partial[(272u + key_1)];
            score += partial[(340u + key_1)];
            score += partial[(408u + key_1)];
            score += partial[(476u + key_1)];
            weights[key_1] = score;
            highest = max(highest, score);
        }
        let next = max(greatest, Tree_128_max_scratch(highest, local_invocation_index));
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
        let turn = (index / 16u);
        let octet_2 = (index % 16u);
        if (turn < 8u) {
            var low: vec4<f32> = (acc[0u] * faded);
            var high: vec4<f32> = (acc[1u] * faded);
            for (var four: u32 = turn; four < keys; four += 32u) {
                let key_3 = min((four + 0u), (keys - 1u));
                let inside = ((four + 0u) < keys);
                let weight_1 = select(0.0f, weights[key_3], inside);
                let v = KvF32_load8_v_cache((((((tile + key_3) % uniforms.params.ring) * slot_stride) + (kv_head * 128u)) + (8u * octet_2)));
                low = (low + (v.low * weight_1));
                high = (high + (v.high * weight_1));
                let key_4 = min((four + 8u), (keys - 1u));
                let inside_1 = ((four + 8u) < keys);
                let weight_2 = select(0.0f, weights[key_4], inside_1);
                let v_1 = KvF32_load8_v_cache((((((tile + key_4) % uniforms.params.ring) * slot_stride) + (kv_head * 128u)) + (8u * octet_2)));
                low = (low + (v_1.low * weight_2));
                high = (high + (v_1.high * weight_2));
                let key_5 = min((four + 16u), (keys - 1u));
                let inside_2 = ((four + 16u) < keys);
                let weight_3 = select(0.0f, weights[key_5], inside_2);
                let v_2 = KvF32_load8_v_cache((((((tile + key_5) % uniforms.params.ring) * slot_stride) + (kv_head * 128u)) + (8u * octet_2)));
                low = (low + (v_2.low * weight_3));
                high = (high + (v_2.high * weight_3));
                let key_6 = min((four + 24u), (keys - 1u));
                let inside_3 = ((four + 24u) < keys);
                let weight_4 = select(0.0f, weights[key_6], inside_3);
                let v_3 = KvF32_load8_v_cache((((((tile + key_6) % uniforms.params.ring) * slot_stride) + (kv_head * 128u)) + (8u * octet_2)));
                low = (low + (v_3.low * weight_4));
                high = (high + (v_3.high * weight_4));
            }
            acc[0u] = low;
            acc[1u] = high;
        }
    }
    let total = Tree_128_sum_scratch(sum, local_invocation_index);
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
    for (var word: u32 = local_invocation_index; word < 32u; word += 128u) {
        var value: vec4<f32> = vec4<f32>(0.0f);
        for (var turn_1: u32 = 0u; turn_1 < 8u; turn_1++) {
            value = (value + sums[((turn_1 * 32u) + word)]);
        }
        out[((group * 32u) + word)] = (value * scale);
    }
    if ((local_invocation_index == 0u) && (uniforms.params.splits > 1u)) {
        out[(((uniforms.params.heads * uniforms.params.splits) * 32u) + group)] = vec4(greatest, total, 0.0f, 0.0f);
    }
}
