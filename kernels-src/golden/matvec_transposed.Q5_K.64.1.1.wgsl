// matvec_transposed<Q5_K, 64, 1, 1> | features:
struct TransposedParams {
    n: u32,
    first_row: u32,
    rows: u32,
    k: u32,
    splits: u32,
    dy_stride: u32,
    dy_at: u32,
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
    params: TransposedParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<u32>;
@group(0) @binding(3) var<storage, read_write> partials: array<vec4<f32>>;

fn row_bytes_Q5_K(k: u32) -> u32 {
    return ((k / 256u) * 176u);
}

fn block_byte_Q5_K(chunk: u32) -> u32 {
    return ((chunk / 32u) * 176u);
}

fn Q5_K_codes_w(byte: u32, chunk: u32) -> Eight {
    let fifth = (w[(((byte / 4u) + 4u) + (chunk % 8u))] >> ((chunk / 8u) * 2u));
    let nibbles = w[(((byte / 4u) + 12u) + chunk)];
    return Eight(vec4f(unpack4xU8(((nibbles & 252645135u) | ((fifth & 16843009u) << 4u)))), vec4f(unpack4xU8((((nibbles >> 4u) & 252645135u) | ((fifth & 33686018u) << 3u)))));
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

fn Q5_K_scales_w(byte: u32, chunk: u32) -> Scales {
    return packed_scales_w((byte / 4u), (chunk / 8u));
}

fn load_Q5_K_w(byte: u32, chunk: u32) -> Eight {
    let codes = Q5_K_codes_w(byte, chunk);
    let scales = Q5_K_scales_w(byte, chunk);
    return Eight(((codes.lo * scales.lo) - vec4<f32>(scales.lo_min)), ((codes.hi * scales.hi) - vec4<f32>(scales.hi_min)));
}

fn Q5_K_lo_at(chunk: u32) -> u32 {
    return (((chunk / 8u) * 64u) + ((chunk % 8u) * 4u));
}

fn lo_in_row_Q5_K(chunk: u32) -> u32 {
    return (((chunk / 32u) * 256u) + Q5_K_lo_at((chunk % 32u)));
}

fn Q5_K_hi_at(chunk: u32) -> u32 {
    return ((((chunk / 8u) * 64u) + ((chunk % 8u) * 4u)) + 32u);
}

fn hi_in_row_Q5_K(chunk: u32) -> u32 {
    return (((chunk / 32u) * 256u) + Q5_K_hi_at((chunk % 32u)));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let chunks = (uniforms.params.k / 8u);
    let columns = ((chunks + 63u) / 64u);
    let tiles = ((uniforms.params.n + 0u) / 1u);
    let first_chunk = (((group % columns) * 64u) + local_invocation_index);
    let first_token = (((group / columns) % tiles) * 1u);
    let split = ((group / columns) / tiles);
    let per_split = (((uniforms.params.rows + uniforms.params.splits) - 1u) / uniforms.params.splits);
    let bytes = row_bytes_Q5_K(uniforms.params.k);
    var lo: array<array<vec4<f32>, 1>, 1> = array<array<vec4<f32>, 1>, 1>(array<vec4<f32>, 1>(vec4<f32>(0.0f)));
    var hi: array<array<vec4<f32>, 1>, 1> = array<array<vec4<f32>, 1>, 1>(array<vec4<f32>, 1>(vec4<f32>(0.0f)));
    let end = min(((split + 1u) * per_split), uniforms.params.rows);
    for (var row: u32 = min((split * per_split), uniforms.params.rows); row < end; row++) {
        let start = ((uniforms.params.first_row + row) * bytes);
        var gradients: array<f32, 1> = array<f32, 1>();
        gradients[0u] = dy[(((min((first_token + 0u), (uniforms.params.n - 1u)) * uniforms.params.dy_stride) + uniforms.params.dy_at) + row)];
        let chunk = min((first_chunk + 0u), (chunks - 1u));
        let weights = load_Q5_K_w((start + block_byte_Q5_K(chunk)), (chunk % 32u));
        lo[0u][0u] = fma(weights.lo, vec4<f32>(gradients[0u]), lo[0u][0u]);
        hi[0u][0u] = fma(weights.hi, vec4<f32>(gradients[0u]), hi[0u][0u]);
    }
    let chunk_1 = (first_chunk + 0u);
    if (chunk_1 < chunks) {
        if ((first_token + 0u) < uniforms.params.n) {
            let v_target = ((((split * uniforms.params.n) + first_token) + 0u) * uniforms.params.k);
            partials[((v_target + lo_in_row_Q5_K(chunk_1)) / 4u)] = lo[0u][0u];
            partials[((v_target + hi_in_row_Q5_K(chunk_1)) / 4u)] = hi[0u][0u];
        }
    }
}
