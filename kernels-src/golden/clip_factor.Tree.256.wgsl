// clip_factor<Tree<256>> | features:
struct ClipFactorParams {
    n: u32,
    max_norm: f32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: ClipFactorParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<storage, read_write> clip: array<f32>;
var<workgroup> scratch: array<f32, 256>;

fn Tree_256_sum_scratch(value: f32, lane: u32) -> f32 {
    scratch[lane] = value;
    workgroupBarrier();
    if (lane < 128u) {
        scratch[lane] += scratch[(lane + 128u)];
    }
    workgroupBarrier();
    if (lane < 64u) {
        scratch[lane] += scratch[(lane + 64u)];
    }
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

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    var own: f32 = 0.0f;
    for (var i: u32 = local_invocation_index; i < uniforms.params.n; i += 256u) {
        own += sums[i];
    }
    let norm = sqrt(Tree_256_sum_scratch(own, local_invocation_index));
    if (local_invocation_index == 0u) {
        clip[0i] = min(1.0f, (uniforms.params.max_norm / (norm + 1e-6f)));
        clip[1i] = norm;
    }
}
