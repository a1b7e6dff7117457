// argmax<Tree<256>> | features:
struct ArgmaxParams {
    vocab: u32,
    slot: u32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: ArgmaxParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> peaks: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read_write> sampled: array<u32>;
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
    let chunks = (((uniforms.params.vocab + 256u) - 1u) / 256u);
    var own: f32 = (-3.4028234663852886e38f);
    for (var chunk: u32 = local_invocation_index; chunk < chunks; chunk += 256u) {
        own = max(own, peaks[chunk].x);
    }
    let greatest = Tree_256_max_scratch(own, local_invocation_index);
    var least: f32 = f32((chunks - 1u));
    for (var chunk_1: u32 = local_invocation_index; chunk_1 < chunks; chunk_1 += 256u) {
        if (peaks[chunk_1].x == greatest) {
            least = min(least, f32(chunk_1));
        }
    }
    let first = (u32((-Tree_256_max_scratch((-least), local_invocation_index))) * 256u);
    let end = min((first + 256u), uniforms.params.vocab);
    var token: f32 = f32((end - 1u));
    for (var i: u32 = (first + local_invocation_index); i < end; i += 256u) {
        if (logits[i] == greatest) {
            token = min(token, f32(i));
        }
    }
    let lowest = u32((-Tree_256_max_scratch((-token), local_invocation_index)));
    if (local_invocation_index == 0u) {
        sampled[uniforms.params.slot] = lowest;
    }
}
