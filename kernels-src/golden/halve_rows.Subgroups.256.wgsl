// halve_rows<Subgroups<256>> | features: f16 subgroups
struct HalveParams {
    n: u32,
    k: u32,
    x_stride: u32,
    x_at: u32,
    y_stride: u32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: HalveParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f16>>;
@group(0) @binding(3) var<storage, read_write> scales: array<f32>;
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
    let first = ((group * uniforms.params.x_stride) + uniforms.params.x_at);
    var own: f32 = 0.0f;
    for (var i: u32 = local_invocation_index; i < uniforms.params.k; i += 256u) {
        own = max(own, abs(x[(first + i)]));
    }
    let greatest = Subgroups_256_max_scratch(own, local_invocation_index);
    let exponent = clamp((bitcast<u32>(greatest) >> 23u), 15u, 254u);
    let factor = bitcast<f32>(((268u - exponent) << 23u));
    let end = (uniforms.params.y_stride / 4u);
    for (var quad: u32 = local_invocation_index; quad < end; quad += 256u) {
        var values: vec4<f16> = vec4<f16>(f16(0.0f));
        if (((4u * quad) + 0u) < uniforms.params.k) {
            values[0u] = f16((x[((first + (4u * quad)) + 0u)] * factor));
        }
        if (((4u * quad) + 1u) < uniforms.params.k) {
            values[1u] = f16((x[((first + (4u * quad)) + 1u)] * factor));
        }
        if (((4u * quad) + 2u) < uniforms.params.k) {
            values[2u] = f16((x[((first + (4u * quad)) + 2u)] * factor));
        }
        if (((4u * quad) + 3u) < uniforms.params.k) {
            values[3u] = f16((x[((first + (4u * quad)) + 3u)] * factor));
        }
        y[((group * (uniforms.params.y_stride / 4u)) + quad)] = values;
    }
    if (local_invocation_index == 0u) {
        scales[group] = bitcast<f32>(((exponent - 14u) << 23u));
    }
}
