// attend_delta<Tree<64>> | features:
struct AttendDeltaParams {
    n: u32,
    head_dim: u32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: AttendDeltaParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> out: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> d_out: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> lse: array<f32>;
@group(0) @binding(4) var<storage, read_write> statistics: array<vec2<f32>>;
var<workgroup> scratch: array<f32, 64>;

fn Tree_64_sum_scratch(value: f32, lane: u32) -> f32 {
    scratch[lane] = value;
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

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let first = (group * (uniforms.params.head_dim / 4u));
    var own: f32 = 0.0f;
    let end = (uniforms.params.head_dim / 4u);
    for (var word: u32 = local_invocation_index; word < end; word += 64u) {
        own += dot(out[(first + word)], d_out[(first + word)]);
    }
    let delta = Tree_64_sum_scratch(own, local_invocation_index);
    if (local_invocation_index == 0u) {
        statistics[group] = vec2(lse[group], delta);
    }
}
