// qk_norm_rope_backward<Tree<64>, 512> | features:
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

struct HeadGradient {
    is_query: bool,
    is_key: bool,
    tied: bool,
    of_query: u32,
    of_key: u32,
    position: u32,
    pairs: u32,
}

struct RotatedGradient {
    pair: vec2<f32>,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: QkNormRopeParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> qkv: array<f32>;
@group(0) @binding(2) var<storage, read> q_norm: array<f32>;
@group(0) @binding(3) var<storage, read> k_norm: array<f32>;
@group(0) @binding(4) var<storage, read> table: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read> dq: array<f32>;
@group(0) @binding(6) var<storage, read> dk: array<f32>;
@group(0) @binding(7) var<storage, read> dv: array<f32>;
@group(0) @binding(8) var<storage, read_write> d_qkv: array<f32>;
var<workgroup> scratch: array<f32, 128>;

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

fn rotated_gradient(pair: vec2<f32>, turn: vec2<f32>, dy: vec2<f32>) -> RotatedGradient {
    return RotatedGradient(vec2(((dy.y * turn.y) + (dy.x * turn.x)), ((dy.y * turn.x) + ((-dy.x) * turn.y))));
}

fn Inverse_turned(pair: vec2<f32>, turn: vec2<f32>) -> vec2<f32> {
    return rotated_gradient(pair, turn, pair).pair;
}

fn of_normed_512_q_norm_k_norm_table_dq_dk_dv(head: HeadGradient, pair: u32) -> vec2<f32> {
    var gradient: vec2<f32> = vec2(0.0f, 0.0f);
    if head.is_query {
        let turned = vec2(dq[(head.of_query + pair)], dq[((head.of_query + 256u) + pair)]);
        let back = Inverse_turned(turned, turn_table(head.pairs, head.position, pair));
        gradient = vec2((back.x * q_norm[pair]), (back.y * q_norm[(256u + pair)]));
    }
    if head.is_key {
        let turned_1 = vec2(dk[(head.of_key + pair)], dk[((head.of_key + 256u) + pair)]);
        let back_1 = Inverse_turned(turned_1, turn_table(head.pairs, head.position, pair));
        gradient = vec2((back_1.x * k_norm[pair]), (back_1.y * k_norm[(256u + pair)]));
    }
    if (!(head.is_query) && (head.tied || !(head.is_key))) {
        gradient = (gradient + vec2(dv[(head.of_key + pair)], dv[((head.of_key + 256u) + pair)]));
    }
    return gradient;
}

fn Tree_64_sums_2_scratch(values: ptr<function, array<f32, 2>>, lane: u32) {
    scratch[(0u + lane)] = (*values)[0u];
    scratch[(64u + lane)] = (*values)[1u];
    workgroupBarrier();
    if (lane < 32u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 32u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 32u)];
    }
    workgroupBarrier();
    if (lane < 16u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 16u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 16u)];
    }
    workgroupBarrier();
    if (lane < 8u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 8u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 8u)];
    }
    workgroupBarrier();
    if (lane < 4u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 4u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 4u)];
    }
    workgroupBarrier();
    if (lane < 2u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 2u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 2u)];
    }
    workgroupBarrier();
    if (lane < 1u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 1u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 1u)];
    }
    workgroupBarrier();
    (*values)[0u] = scratch[0u];
    (*values)[1u] = scratch[64u];
    workgroupBarrier();
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let blocks = (uniforms.params.heads + (2u * uniforms.params.kv_heads));
    let row = (group / blocks);
    let block = (group % blocks);
    let is_query = (block < uniforms.params.heads);
    let is_key = ((block >= uniforms.params.heads) && (block < (uniforms.params.heads + uniforms.params.kv_heads)));
    let tied = (uniforms.params.v_at == uniforms.params.k_at);
    if ((!(is_query) && !(is_key)) && tied) {
        return;
    }
    var kv_head: u32 = 0u;
    var at: u32 = ((row * uniforms.params.stride) + (block * 512u));
    if !(is_query) {
        kv_head = ((block - uniforms.params.heads) % uniforms.params.kv_heads);
        at = (((row * uniforms.params.stride) + select(uniforms.params.v_at, uniforms.params.k_at, is_key)) + (kv_head * 512u));
    }
    let head = HeadGradient(is_query, is_key, tied, (((row * uniforms.params.heads) + block) * 512u), (((row * uniforms.params.kv_heads) + kv_head) * 512u), row, uniforms.params.pairs);
    var sums: array<f32, 2> = array<f32, 2>();
    for (var pair: u32 = local_invocation_index; pair < 256u; pair += 64u) {
        let gradient = of_normed_512_q_norm_k_norm_table_dq_dk_dv(head, pair);
        let low = qkv[(at + pair)];
        let high = qkv[((at + 256u) + pair)];
        sums[0i] += ((low * low) + (high * high));
        sums[1i] += ((low * gradient.x) + (high * gradient.y));
    }
    Tree_64_sums_2_scratch(&sums, local_invocation_index);
    let scale = inverseSqrt(((sums[0i] / f32(512u)) + uniforms.params.eps));
    let along = ((((sums[1i] / f32(512u)) * scale) * scale) * scale);
    for (var pair_1: u32 = local_invocation_index; pair_1 < 256u; pair_1 += 64u) {
        let gradient_1 = of_normed_512_q_norm_k_norm_table_dq_dk_dv(head, pair_1);
        d_qkv[(at + pair_1)] = ((gradient_1.x * scale) - (qkv[(at + pair_1)] * along));
        d_qkv[((at + 256u) + pair_1)] = ((gradient_1.y * scale) - (qkv[((at + 256u) + pair_1)] * along));
    }
}
