// matvec_transposed<F16, 64, 1, 1> | features:
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
    let chunks = (uniforms.params.k / 8u);
    let columns = ((chunks + 63u) / 64u);
    let tiles = ((uniforms.params.n + 0u) / 1u);
    let first_chunk = (((group % columns) * 64u) + local_invocation_index);
    let first_token = (((group / columns) % tiles) * 1u);
    let split = ((group / columns) / tiles);
    let per_split = (((uniforms.params.rows + uniforms.params.splits) - 1u) / uniforms.params.splits);
    let bytes = row_bytes_F16(uniforms.params.k);
    var lo: array<array<vec4<f32>, 1>, 1> = array<array<vec4<f32>, 1>, 1>(array<vec4<f32>, 1>(vec4<f32>(0.0f)));
    var hi: array<array<vec4<f32>, 1>, 1> = array<array<vec4<f32>, 1>, 1>(array<vec4<f32>, 1>(vec4<f32>(0.0f)));
    let end = min(((split + 1u) * per_split), uniforms.params.rows);
    for (var row: u32 = min((split * per_split), uniforms.params.rows); row < end; row++) {
        let start = ((uniforms.params.first_row + row) * bytes);
        var gradients: array<f32, 1> = array<f32, 1>();
        gradients[0u] = dy[(((min((first_token + 0u), (uniforms.params.n - 1u)) * uniforms.params.dy_stride) + uniforms.params.dy_at) + row)];
        let chunk = min((first_chunk + 0u), (chunks - 1u));
        let weights = load_F16_w((start + block_byte_F16(chunk)), (chunk % 1u));
        lo[0u][0u] = fma(weights.lo, vec4<f32>(gradients[0u]), lo[0u][0u]);
        hi[0u][0u] = fma(weights.hi, vec4<f32>(gradients[0u]), hi[0u][0u]);
    }
    let chunk_1 = (first_chunk + 0u);
    if (chunk_1 < chunks) {
        if ((first_token + 0u) < uniforms.params.n) {
            let v_target = ((((split * uniforms.params.n) + first_token) + 0u) * uniforms.params.k);
            partials[((v_target + lo_in_row_F16(chunk_1)) / 4u)] = lo[0u][0u];
            partials[((v_target + hi_in_row_F16(chunk_1)) / 4u)] = hi[0u][0u];
        }
    }
}
