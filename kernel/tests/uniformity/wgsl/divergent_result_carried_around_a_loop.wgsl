// divergent_result_carried_around_a_loop | features:
struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;

fn passed_on(value: u32) -> u32 {
    workgroupBarrier();
    return (value + 1u);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    var a: u32 = local_invocation_index;
    for (var counter: i32 = 0i; counter < 3i; counter++) {
        a = passed_on(a);
    }
    if (a > 4u) {
        workgroupBarrier();
    }
    y[0i] = 1u;
}
