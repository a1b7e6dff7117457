// attend_delta<Subgroups<64>> | features: subgroups
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

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32, @builtin(subgroup_size) subgroup_size_in: u32, @builtin(subgroup_invocation_id) subgroup_invocation_id_in: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    subgroup_size = subgroup_size_in;
    subgroup_invocation_id = subgroup_invocation_id_in;
    let first = (group * (uniforms.params.head_dim / 4u));
    var own: f32 = 0.0f;
    let end = (uniforms.params.head_dim / 4u);
    for (var word: u32 = local_invocation_index; word < end; word += 64u) {
        own += dot(out[(first + word)], d_out[(first + word)]);
    }
    let delta = Subgroups_64_sum_scratch(own, local_invocation_index);
    if (local_invocation_index == 0u) {
        statistics[group] = vec2(lse[group], delta);
    }
}
