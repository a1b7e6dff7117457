// match_on_an_enum_of_the_lane | features:
struct Ways {
    way: u32,
}

const Way_Around: u32 = 1u;
const Way_Straight: u32 = 0u;

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: Ways,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    var branch: u32;
    if (local_invocation_index > 3u) {
        branch = Way_Around;
    } else {
        branch = uniforms.params.way;
    }
    let way = branch;
    switch way {
        case Way_Straight: {
            y[0i] = 1u;
        }
        case Way_Around, default: {
            workgroupBarrier();
        }
    }
}
