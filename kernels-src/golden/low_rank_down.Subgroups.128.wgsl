// low_rank_down<Subgroups<128>> | features: subgroups
struct LowRankParams {
    rows: u32,
    k: u32,
    n: u32,
    rank: u32,
    scale: f32,
    y_at: u32,
    y_stride: u32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: LowRankParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read_write> z: array<f32>;
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

fn project_Subgroups_128_x_a_scratch(row: u32, p: u32, k: u32, lane: u32) -> f32 {
    var own: f32 = 0.0f;
    for (var i: u32 = lane; i < k; i += 128u) {
        own = fma(a[((p * k) + i)], x[((row * k) + i)], own);
    }
    return Subgroups_128_sum_scratch(own, lane);
}

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32, @builtin(subgroup_size) subgroup_size_in: u32, @builtin(subgroup_invocation_id) subgroup_invocation_id_in: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    subgroup_size = subgroup_size_in;
    subgroup_invocation_id = subgroup_invocation_id_in;
    let sum = project_Subgroups_128_x_a_scratch((group / uniforms.params.rank), (group % uniforms.params.rank), uniforms.params.k, local_invocation_index);
    if (local_invocation_index == 0u) {
        z[group] = sum;
    }
}
