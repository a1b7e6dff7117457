// halve<Subgroups<256>> | features: f16 subgroups
struct HalveAllParams {
    n: u32,
    parts: u32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: HalveAllParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> parts: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f16>>;
@group(0) @binding(4) var<storage, read_write> scale: array<f32>;
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
    for (var part: u32 = local_invocation_index; part < uniforms.params.parts; part += 256u) {
        own = max(own, parts[part]);
    }
    let most = Subgroups_256_max_scratch(own, local_invocation_index);
    var branch: u32;
    if (uniforms.params.parts > 0u) {
        branch = clamp((bitcast<u32>(most) >> 23u), 15u, 254u);
    } else {
        branch = 141u;
    }
    let exponent = branch;
    let factor = bitcast<f32>(((268u - exponent) << 23u));
    let first = (group * 2048u);
    let end = min((first + 2048u), (uniforms.params.n / 4u));
    for (var at: u32 = (first + local_invocation_index); at < end; at += 256u) {
        let value = (x[at] * factor);
        y[at] = vec4(f16(value.x), f16(value.y), f16(value.z), f16(value.w));
    }
    if ((group == 0u) && (local_invocation_index == 0u)) {
        scale[0i] = bitcast<f32>(((exponent - 14u) << 23u));
    }
}
