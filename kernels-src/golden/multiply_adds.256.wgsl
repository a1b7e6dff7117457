// multiply_adds<256> | features:
struct MultiplyAddsParams {
    n: u32,
    rounds: u32,
    factor: f32,
    offset: f32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: MultiplyAddsParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    if ((group * 256u + local_invocation_index) >= uniforms.params.n) {
        return;
    }
    let first = (f32((group * 256u + local_invocation_index)) * 1e-6f);
    let factor = vec4<f32>(uniforms.params.factor);
    let offset = vec4<f32>(uniforms.params.offset);
    var chains: array<vec4<f32>, 4> = array<vec4<f32>, 4>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
    chains[0u] = vec4<f32>((first + f32(0u)));
    chains[1u] = vec4<f32>((first + f32(1u)));
    chains[2u] = vec4<f32>((first + f32(2u)));
    chains[3u] = vec4<f32>((first + f32(3u)));
    for (var counter: u32 = 0u; counter < uniforms.params.rounds; counter++) {
        chains[0u] = fma(chains[0u], factor, offset);
        chains[1u] = fma(chains[1u], factor, offset);
        chains[2u] = fma(chains[2u], factor, offset);
        chains[3u] = fma(chains[3u], factor, offset);
        chains[0u] = fma(chains[0u], factor, offset);
        chains[1u] = fma(chains[1u], factor, offset);
        chains[2u] = fma(chains[2u], factor, offset);
        chains[3u] = fma(chains[3u], factor, offset);
        chains[0u] = fma(chains[0u], factor, offset);
        chains[1u] = fma(chains[1u], factor, offset);
        chains[2u] = fma(chains[2u], factor, offset);
        chains[3u] = fma(chains[3u], factor, offset);
        chains[0u] = fma(chains[0u], factor, offset);
        chains[1u] = fma(chains[1u], factor, offset);
        chains[2u] = fma(chains[2u], factor, offset);
        chains[3u] = fma(chains[3u], factor, offset);
        chains[0u] = fma(chains[0u], factor, offset);
        chains[1u] = fma(chains[1u], factor, offset);
        chains[2u] = fma(chains[2u], factor, offset);
        chains[3u] = fma(chains[3u], factor, offset);
        chains[0u] = fma(chains[0u], factor, offset);
        chains[1u] = fma(chains[1u], factor, offset);
        chains[2u] = fma(chains[2u], factor, offset);
        chains[3u] = fma(chains[3u], factor, offset);
        chains[0u] = fma(chains[0u], factor, offset);
        chains[1u] = fma(chains[1u], factor, offset);
        chains[2u] = fma(chains[2u], factor, offset);
        chains[3u] = fma(chains[3u], factor, offset);
        chains[0u] = fma(chains[0u], factor, offset);
        chains[1u] = fma(chains[1u], factor, offset);
        chains[2u] = fma(chains[2u], factor, offset);
        chains[3u] = fma(chains[3u], factor, offset);
    }
    var sum: vec4<f32> = vec4<f32>(0.0f);
    sum += chains[0u];
    sum += chains[1u];
    sum += chains[2u];
    sum += chains[3u];
    y[(group * 256u + local_invocation_index)] = dot(sum, vec4<f32>(1.0f));
}
