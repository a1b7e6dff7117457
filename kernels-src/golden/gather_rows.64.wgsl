// gather_rows<64> | features:
struct GatherRowsParams {
    n: u32,
    k: u32,
    rows: u32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: GatherRowsParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> table: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let row = ids[group];
    if (row < uniforms.params.rows) {
        let end = (uniforms.params.k / 4u);
        for (var i: u32 = local_invocation_index; i < end; i += 64u) {
            out[((group * (uniforms.params.k / 4u)) + i)] = table[((row * (uniforms.params.k / 4u)) + i)];
        }
    }
}
