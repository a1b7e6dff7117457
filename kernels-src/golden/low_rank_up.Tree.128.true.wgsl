// low_rank_up<Tree<128>, true> | features:
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
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> z: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let groups_a_row = (((uniforms.params.n + 256u) - 1u) / 256u);
    let row = (group / groups_a_row);
    let first = ((group % groups_a_row) * 256u);
    let end = min((first + 256u), uniforms.params.n);
    for (var j: u32 = (first + local_invocation_index); j < end; j += 128u) {
        var sum: f32 = 0.0f;
        for (var p: u32 = 0u; p < uniforms.params.rank; p++) {
            sum = fma(b[((j * uniforms.params.rank) + p)], z[((row * uniforms.params.rank) + p)], sum);
        }
        let at = ((uniforms.params.y_at + (row * uniforms.params.y_stride)) + j);
        y[at] += (uniforms.params.scale * sum);
    }
}
