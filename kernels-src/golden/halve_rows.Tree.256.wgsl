// halve_rows<Tree<256>> | features: f16
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
var<workgroup> scratch: array<f32, 256>;

fn Tree_256_max_scratch(value: f32, lane: u32) -> f32 {
    scratch[lane] = value;
    workgroupBarrier();
    if (lane < 128u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 128u)]);
    }
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

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let first = ((group * uniforms.params.x_stride) + uniforms.params.x_at);
    var own: f32 = 0.0f;
    for (var i: u32 = local_invocation_index; i < uniforms.params.k; i += 256u) {
        own = max(own, abs(x[(first + i)]));
    }
    let greatest = Tree_256_max_scratch(own, local_invocation_index);
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
