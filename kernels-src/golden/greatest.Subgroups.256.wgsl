// greatest<Subgroups<256>> | features: subgroups
struct GreatestParams {
    n: u32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: GreatestParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> parts: array<f32>;
var<workgroup> scratch: array<f32, 64>;
var<private> subgroup_size: u32;
var<private> subgroup_invocation_id: u32;

fn Subgroups_256_max_scratch(value: f32, lane: u32) -> f32 {
    let own = subgroupMax(value);
    if (subgroup_invocation_id == 0u) {
        scratch[(lane / subgroup_size)] = own;
    }
    workgroupBarrier();
    var greatest: f32 = scratch[0i];
    let end = ((256u / subgroup_size) + u32(((256u % subgroup_size) != 0u)));
    for (var subgroup: u32 = 1u; subgroup < end; subgroup++) {
        greatest = max(greatest, scratch[subgroup]);
    }
    workgroupBarrier();
    return greatest;
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32, @builtin(subgroup_size) subgroup_size_in: u32, @builtin(subgroup_invocation_id) subgroup_invocation_id_in: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    subgroup_size = subgroup_size_in;
    subgroup_invocation_id = subgroup_invocation_id_in;
    var own: f32 = 0.0f;
    let first = (group * 4096u);
    let end = min((first + 4096u), (uniforms.params.n / 4u));
    for (var at: u32 = (first + local_invocation_index); at < end; at += 256u) {
        let value = x[at];
        own = max(own, max(max(abs(value.x), abs(value.y)), max(abs(value.z), abs(value.w))));
    }
    let most = Subgroups_256_max_scratch(own, local_invocation_index);
    if (local_invocation_index == 0u) {
        parts[group] = most;
    }
}
