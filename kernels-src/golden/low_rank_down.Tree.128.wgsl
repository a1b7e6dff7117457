// low_rank_down<Tree<128>> | features:
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
var<workgroup> scratch: array<f32, 128>;

fn Tree_128_sum_scratch(value: f32, lane: u32) -> f32 {
    scratch[lane] = value;
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

fn project_Tree_128_x_a_scratch(row: u32, p: u32, k: u32, lane: u32) -> f32 {
    var own: f32 = 0.0f;
    for (var i: u32 = lane; i < k; i += 128u) {
        own = fma(a[((p * k) + i)], x[((row * k) + i)], own);
    }
    return Tree_128_sum_scratch(own, lane);
}

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let sum = project_Tree_128_x_a_scratch((group / uniforms.params.rank), (group % uniforms.params.rank), uniforms.params.k, local_invocation_index);
    if (local_invocation_index == 0u) {
        z[group] = sum;
    }
}
