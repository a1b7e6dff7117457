// repeat_penalty<64> | features:
struct RepeatPenaltyParams {
    vocab: u32,
    run: u32,
    count: u32,
    ring: u32,
    penalty: f32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: RepeatPenaltyParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> state: array<u32>;
@group(0) @binding(2) var<storage, read> history: array<u32>;
@group(0) @binding(3) var<storage, read_write> logits: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let end = (state[0i] + uniforms.params.run);
    if ((group * 64u + local_invocation_index) >= min(uniforms.params.count, min(uniforms.params.ring, end))) {
        return;
    }
    let token = history[(((end - 1u) - (group * 64u + local_invocation_index)) % uniforms.params.ring)];
    let end_1 = (group * 64u + local_invocation_index);
    for (var later: u32 = 0u; later < end_1; later++) {
        if (history[(((end - 1u) - later) % uniforms.params.ring)] == token) {
            return;
        }
    }
    if (token >= uniforms.params.vocab) {
        return;
    }
    let logit = logits[token];
    logits[token] = select((logit * uniforms.params.penalty), (logit / uniforms.params.penalty), (logit > 0.0f));
}
