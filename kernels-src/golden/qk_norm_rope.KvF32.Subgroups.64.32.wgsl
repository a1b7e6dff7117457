// qk_norm_rope<KvF32, Subgroups<64>, 32> | features: subgroups
struct QkNormRopeParams {
    rows: u32,
    heads: u32,
    kv_heads: u32,
    pairs: u32,
    ring: u32,
    stride: u32,
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

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: QkNormRopeParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> state: array<u32>;
@group(0) @binding(2) var<storage, read> qkv: array<f32>;
@group(0) @binding(3) var<storage, read> q_norm: array<f32>;
@group(0) @binding(4) var<storage, read> k_norm: array<f32>;
@group(0) @binding(5) var<storage, read> table: array<vec2<f32>>;
@group(0) @binding(6) var<storage, read_write> q: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> k_cache: array<vec4<u32>>;
@group(0) @binding(8) var<storage, read_write> v_cache: array<vec4<u32>>;
var<workgroup> scratch: array<f32, 16>;
var<private> subgroup_size: u32;
var<private> subgroup_invocation_id: u32;

fn Subgroups_64_sum_scratch(value: f32, lane: u32) -> f32 {
    let own = subgroupAdd(value);
    if (subgroup_invocation_id == 0u) {
        scratch[(lane / subgroup_size)] = own;
    }
    workgroupBarrier();
    var total: f32 = 0.0f;
    let end = ((64u / subgroup_size) + u32(((64u % subgroup_size) != 0u)));
    for (var subgroup: u32 = 0u; subgroup < end; subgroup++) {
        total += scratch[subgroup];
    }
    workgroupBarrier();
    return total;
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

fn normed_turned_32_qkv_q_norm_table(at: u32, scale: f32, pairs: u32, position: u32, octet: u32) -> Halves {
    let first = (8u * octet);
    let a = ((quad_qkv((at + first)) * scale) * quad_q_norm(first));
    let b = ((quad_qkv(((at + first) + 4u)) * scale) * quad_q_norm((first + 4u)));
    let c = ((quad_qkv(((at + 16u) + first)) * scale) * quad_q_norm((16u + first)));
    let d = ((quad_qkv((((at + 16u) + first) + 4u)) * scale) * quad_q_norm(((16u + first) + 4u)));
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

fn normed_turned_32_qkv_k_norm_table(at: u32, scale: f32, pairs: u32, position: u32, octet: u32) -> Halves {
    let first = (8u * octet);
    let a = ((quad_qkv((at + first)) * scale) * quad_k_norm(first));
    let b = ((quad_qkv(((at + first) + 4u)) * scale) * quad_k_norm((first + 4u)));
    let c = ((quad_qkv(((at + 16u) + first)) * scale) * quad_k_norm((16u + first)));
    let d = ((quad_qkv((((at + 16u) + first) + 4u)) * scale) * quad_k_norm(((16u + first) + 4u)));
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

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32, @builtin(subgroup_size) subgroup_size_in: u32, @builtin(subgroup_invocation_id) subgroup_invocation_id_in: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    subgroup_size = subgroup_size_in;
    subgroup_invocation_id = subgroup_invocation_id_in;
    let blocks = (uniforms.params.heads + (2u * uniforms.params.kv_heads));
    let row = (group / blocks);
    let block = (group % blocks);
    let is_query = (block < uniforms.params.heads);
    let is_key = (block < (uniforms.params.heads + uniforms.params.kv_heads));
    var kv_head: u32 = 0u;
    var at: u32 = ((row * uniforms.params.stride) + (block * 32u));
    if !(is_query) {
        kv_head = ((block - uniforms.params.heads) % uniforms.params.kv_heads);
        at = (((row * uniforms.params.stride) + select(uniforms.params.v_at, uniforms.params.k_at, is_key)) + (kv_head * 32u));
    }
    var squares: f32 = 0.0f;
    for (var i: u32 = local_invocation_index; i < 32u; i += 64u) {
        let value = qkv[(at + i)];
        squares = fma(value, value, squares);
    }
    let sum = Subgroups_64_sum_scratch(squares, local_invocation_index);
    let scale = inverseSqrt(((sum / f32(32u)) + uniforms.params.eps));
    let position = (state[0i] + row);
    let cached = ((((position % uniforms.params.ring) * uniforms.params.kv_heads) + kv_head) * 32u);
    for (var octet: u32 = local_invocation_index; octet < 2u; octet += 64u) {
        let low = (8u * octet);
        let high = (16u + (8u * octet));
        if is_query {
            let turned = normed_turned_32_qkv_q_norm_table(at, scale, uniforms.params.pairs, position, octet);
            let first = (((row * uniforms.params.heads) + block) * 32u);
            q[((first + low) / 4u)] = turned.a;
            q[(((first + low) / 4u) + 1u)] = turned.b;
            q[((first + high) / 4u)] = turned.c;
            q[(((first + high) / 4u) + 1u)] = turned.d;
        } else {
            if is_key {
                let turned_1 = normed_turned_32_qkv_k_norm_table(at, scale, uniforms.params.pairs, position, octet);
                KvF32_store8_k_cache((cached + low), turned_1.a, turned_1.b);
                KvF32_store8_k_cache((cached + high), turned_1.c, turned_1.d);
            } else {
                KvF32_store8_v_cache((cached + low), (quad_qkv((at + low)) * scale), (quad_qkv(((at + low) + 4u)) * scale));
                KvF32_store8_v_cache((cached + high), (quad_qkv((at + high)) * scale), (quad_qkv(((at + high) + 4u)) * scale));
            }
        }
    }
}
