// greatest<Tree<256>> | features:
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
    var own: f32 = 0.0f;
    let first = (group * 4096u);
    let end = min((first + 4096u), (uniforms.params.n / 4u));
    for (var at: u32 = (first + local_invocation_index); at < end; at += 256u) {
        let value = x[at];
        own = max(own, max(max(abs(value.x), abs(value.y)), max(abs(value.z), abs(value.w))));
    }
    let most = Tree_256_max_scratch(own, local_invocation_index);
    if (local_invocation_index == 0u) {
        parts[group] = most;
    }
}
