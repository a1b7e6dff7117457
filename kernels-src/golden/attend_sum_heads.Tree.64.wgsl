// attend_sum_heads<Tree<64>> | features:
struct AttendSumHeadsParams {
    rows: u32,
    heads: u32,
    kv_heads: u32,
    head_dim: u32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: AttendSumHeadsParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> dk_heads: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> dv_heads: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> dk: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> dv: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let words = (uniforms.params.head_dim / 4u);
    if ((group * 64u + local_invocation_index) < ((uniforms.params.rows * uniforms.params.kv_heads) * words)) {
        let sharing = (uniforms.params.heads / uniforms.params.kv_heads);
        let first = (((((group * 64u + local_invocation_index) / words) * sharing) * words) + ((group * 64u + local_invocation_index) % words));
        var of_keys: vec4<f32> = vec4<f32>(0.0f);
        var of_values: vec4<f32> = vec4<f32>(0.0f);
        for (var head: u32 = 0u; head < sharing; head++) {
            of_keys += dk_heads[(first + (head * words))];
            of_values += dv_heads[(first + (head * words))];
        }
        dk[(group * 64u + local_invocation_index)] += of_keys;
        dv[(group * 64u + local_invocation_index)] += of_values;
    }
}
