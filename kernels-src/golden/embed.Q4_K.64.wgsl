// embed<Q4_K, 64> | features:
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

struct Scales {
    lo: f32,
    hi: f32,
    lo_min: f32,
    hi_min: f32,
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

fn row_bytes_Q4_K(k: u32) -> u32 {
    return ((k / 256u) * 144u);
}

fn block_byte_Q4_K(chunk: u32) -> u32 {
    return ((chunk / 32u) * 144u);
}

fn Q4_K_codes_w(byte: u32, chunk: u32) -> Eight {
    let nibbles = w[(((byte / 4u) + 4u) + chunk)];
    return Eight(vec4f(unpack4xU8((nibbles & 252645135u))), vec4f(unpack4xU8(((nibbles >> 4u) & 252645135u))));
}

fn packed_scales_w(at: u32, group: u32) -> Scales {
    let super_scales = unpack2x16float(w[at]);
    let shift = ((group & 1u) * 16u);
    let scales = (w[(at + 1u)] >> shift);
    let minima = (w[(at + 2u)] >> shift);
    let nibbles = (w[(at + 3u)] >> shift);
    let upper = (group >= 2u);
    let two_scales = select((scales & 16191u), ((nibbles & 3855u) | ((scales >> 2u) & 12336u)), upper);
    let two_minima = select((minima & 16191u), (((nibbles >> 4u) & 3855u) | ((minima >> 2u) & 12336u)), upper);
    return Scales((super_scales.x * f32((two_scales & 255u))), (super_scales.x * f32((two_scales >> 8u))), (super_scales.y * f32((two_minima & 255u))), (super_scales.y * f32((two_minima >> 8u))));
}

fn Q4_K_scales_w(byte: u32, chunk: u32) -> Scales {
    return packed_scales_w((byte / 4u), (chunk / 8u));
}

fn load_Q4_K_w(byte: u32, chunk: u32) -> Eight {
    let codes = Q4_K_codes_w(byte, chunk);
    let scales = Q4_K_scales_w(byte, chunk);
    return Eight(((codes.lo * scales.lo) - vec4<f32>(scales.lo_min)), ((codes.hi * scales.hi) - vec4<f32>(scales.hi_min)));
}

fn Q4_K_lo_at(chunk: u32) -> u32 {
    return (((chunk / 8u) * 64u) + ((chunk % 8u) * 4u));
}

fn lo_in_row_Q4_K(chunk: u32) -> u32 {
    return (((chunk / 32u) * 256u) + Q4_K_lo_at((chunk % 32u)));
}

fn Q4_K_hi_at(chunk: u32) -> u32 {
    return ((((chunk / 8u) * 64u) + ((chunk % 8u) * 4u)) + 32u);
}

fn hi_in_row_Q4_K(chunk: u32) -> u32 {
    return (((chunk / 32u) * 256u) + Q4_K_hi_at((chunk % 32u)));
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
        let start = (row * row_bytes_Q4_K(uniforms.params.k));
        let v_target = (group * uniforms.params.k);
        let end = (uniforms.params.k / 8u);
        for (var chunk: u32 = local_invocation_index; chunk < end; chunk += 64u) {
            let weights = load_Q4_K_w((start + block_byte_Q4_K(chunk)), (chunk % 32u));
            out[((v_target + lo_in_row_Q4_K(chunk)) / 4u)] = (weights.lo * uniforms.params.scale);
            out[((v_target + hi_in_row_Q4_K(chunk)) / 4u)] = (weights.hi * uniforms.params.scale);
        }
    }
}
