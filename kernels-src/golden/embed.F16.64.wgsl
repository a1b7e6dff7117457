// embed<F16, 64> | features:
struct EmbedParams {
    n: u32,
    k: u32,
    scale: f32,
    first_row: u32,
    rows: u32,
    ids_at: u32,
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
    params: EmbedParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> w: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;

fn row_bytes_F16(k: u32) -> u32 {
    return ((k / 8u) * 16u);
}

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
    let id = ids[(uniforms.params.ids_at + group)];
    let row = (id - uniforms.params.first_row);
    if (row < uniforms.params.rows) {
        let start = (row * row_bytes_F16(uniforms.params.k));
        let v_target = (group * uniforms.params.k);
        let end = (uniforms.params.k / 8u);
        for (var chunk: u32 = local_invocation_index; chunk < end; chunk += 64u) {
            let weights = load_F16_w((start + block_byte_F16(chunk)), (chunk % 1u));
            out[((v_target + lo_in_row_F16(chunk)) / 4u)] = (weights.lo * uniforms.params.scale);
            out[((v_target + hi_in_row_F16(chunk)) / 4u)] = (weights.hi * uniforms.params.scale);
        }
    }
}
