// add_rms_norm<Tree<256>, false> | features:
struct AddRmsNormParams {
    rows: u32,
    n: u32,
    eps: f32,
    scale: f32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: AddRmsNormParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> o: array<f32>;
@group(0) @binding(2) var<storage, read> w_post: array<f32>;
@group(0) @binding(3) var<storage, read> w_next: array<f32>;
@group(0) @binding(4) var<storage, read_write> h: array<f32>;
@group(0) @binding(5) var<storage, read_write> x: array<f32>;
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

fn inverse_rms_Tree_256_o_scratch(first: u32, n: u32, eps: f32, lane: u32) -> f32 {
    var squares: f32 = 0.0f;
    for (var i: u32 = lane; i < n; i += 256u) {
        let value = o[(first + i)];
        squares = fma(value, value, squares);
    }
    let sum = Tree_256_sum_scratch(squares, lane);
    return inverseSqrt(((sum / f32(n)) + eps));
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let first = (group * uniforms.params.n);
    let inverse = inverse_rms_Tree_256_o_scratch(first, uniforms.params.n, uniforms.params.eps, local_invocation_index);
    var squares: f32 = 0.0f;
    for (var i: u32 = local_invocation_index; i < uniforms.params.n; i += 256u) {
        let value = ((h[(first + i)] + ((o[(first + i)] * inverse) * w_post[i])) * uniforms.params.scale);
        h[(first + i)] = value;
        squares = fma(value, value, squares);
    }
}
