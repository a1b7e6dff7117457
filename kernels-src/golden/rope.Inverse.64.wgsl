// rope<Inverse, 64> | features:
struct RopeParams {
    rows: u32,
    heads: u32,
    head_dim: u32,
    pairs: u32,
    stride: u32,
    at: u32,
}

struct RotatedGradient {
    pair: vec2<f32>,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: RopeParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> state: array<u32>;
@group(0) @binding(2) var<storage, read> table: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;

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

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let row = (group / uniforms.params.heads);
    let head = (group % uniforms.params.heads);
    let first = (((row * uniforms.params.stride) + uniforms.params.at) + (head * uniforms.params.head_dim));
    let position = (state[0i] + row);
    for (var pair: u32 = local_invocation_index; pair < uniforms.params.pairs; pair += 64u) {
        let low = (first + pair);
        let high = (low + (uniforms.params.head_dim / 2u));
        let turned = Inverse_turned(vec2(x[low], x[high]), turn_table(uniforms.params.pairs, position, pair));
        x[low] = turned.x;
        x[high] = turned.y;
    }
}
