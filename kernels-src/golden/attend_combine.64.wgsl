// attend_combine<64> | features:
struct AttendCombineParams {
    heads: u32,
    splits: u32,
    head_dim: u32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: AttendCombineParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> partials: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let words = (uniforms.params.head_dim / 4u);
    if ((group * 64u + local_invocation_index) < (uniforms.params.heads * words)) {
        let head = ((group * 64u + local_invocation_index) / words);
        let word = ((group * 64u + local_invocation_index) % words);
        let statistics = (((uniforms.params.heads * words) + head) * uniforms.params.splits);
        var greatest: f32 = (-1e30f);
        for (var split: u32 = 0u; split < uniforms.params.splits; split++) {
            greatest = max(greatest, partials[(statistics + split)].x);
        }
        var sum: f32 = 0.0f;
        var value: vec4<f32> = vec4<f32>(0.0f);
        for (var split_1: u32 = 0u; split_1 < uniforms.params.splits; split_1++) {
            let one = partials[(statistics + split_1)];
            let weight = exp((one.x - greatest));
            sum = fma(one.y, weight, sum);
            value = (value + (partials[((((head * uniforms.params.splits) + split_1) * words) + word)] * weight));
        }
        out[(group * 64u + local_invocation_index)] = (value * (1.0f / sum));
    }
}
