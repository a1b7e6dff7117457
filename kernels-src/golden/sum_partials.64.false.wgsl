// sum_partials<64, false> | features:
struct SumPartialsParams {
    n: u32,
    splits: u32,
    scale: f32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: SumPartialsParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> partials: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    if ((group * 64u + local_invocation_index) < (uniforms.params.n / 4u)) {
        var sum: vec4<f32> = vec4<f32>(0.0f);
        for (var split: u32 = 0u; split < uniforms.params.splits; split++) {
            sum += partials[((split * (uniforms.params.n / 4u)) + (group * 64u + local_invocation_index))];
        }
        y[(group * 64u + local_invocation_index)] = (sum * uniforms.params.scale);
    }
}
