// dequantise<F16, 64> | features:
struct DequantiseParams {
    n: u32,
}

struct Eight {
    lo: vec4<f32>,
    hi: vec4<f32>,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: DequantiseParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> w: array<u32>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>;

fn block_byte_F16(chunk: u32) -> u32 {
    return ((chunk / 1u) * 16u);
}

fn four_halves(first: u32, second: u32) -> vec4<f32> {
    let low = unpack2x16float(first);
    let high = unpack2x16float(second);
    return vec4(low.x, low.y, high.x, high.y);
}

fn F16_codes_w(byte: u32, chunk: u32) -> Eight {
    let at = ((byte / 4u) + (chunk * 4u));
    return Eight(four_halves(w[at], w[(at + 1u)]), four_halves(w[(at + 2u)], w[(at + 3u)]));
}

fn load_F16_w(byte: u32, chunk: u32) -> Eight {
    let codes = F16_codes_w(byte, chunk);
    return codes;
}

fn F16_lo_at(chunk: u32) -> u32 {
    return (chunk * 8u);
}

fn lo_in_row_F16(chunk: u32) -> u32 {
    return (((chunk / 1u) * 8u) + F16_lo_at((chunk % 1u)));
}

fn F16_hi_at(chunk: u32) -> u32 {
    return ((chunk * 8u) + 4u);
}

fn hi_in_row_F16(chunk: u32) -> u32 {
    return (((chunk / 1u) * 8u) + F16_hi_at((chunk % 1u)));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    if ((group * 64u + local_invocation_index) < (uniforms.params.n / 8u)) {
        let weights = load_F16_w(block_byte_F16((group * 64u + local_invocation_index)), ((group * 64u + local_invocation_index) % 1u));
        out[(lo_in_row_F16((group * 64u + local_invocation_index)) / 4u)] = weights.lo;
        out[(hi_in_row_F16((group * 64u + local_invocation_index)) / 4u)] = weights.hi;
    }
}
