// matvec_transposed<Q6_K, 64, 1, 8> | features:
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

fn row_bytes_Q6_K(k: u32) -> u32 {
    return ((k / 256u) * 210u);
}

fn block_byte_Q6_K(chunk: u32) -> u32 {
    return ((chunk / 32u) * 210u);
}

fn word_at_w(byte: u32) -> u32 {
    let at = (byte / 4u);
    let shift = ((byte & 2u) * 8u);
    return ((w[at] >> shift) | ((w[(at + 1u)] << 1u) << (31u - shift)));
}

fn Q6_K_codes_w(byte: u32, chunk: u32) -> Eight {
    let nibbles = word_at_w((byte + (chunk * 4u)));
    let pairs = (word_at_w((((byte + 128u) + ((chunk / 16u) * 32u)) + ((chunk % 8u) * 4u))) >> (((chunk % 16u) / 8u) * 2u));
    return Eight((vec4f(unpack4xU8(((nibbles & 252645135u) | ((pairs & 50529027u) << 4u)))) - vec4<f32>(32.0f)), (vec4f(unpack4xU8((((nibbles >> 4u) & 252645135u) | (pairs & 808464432u)))) - vec4<f32>(32.0f)));
}

fn half_at_w(byte: u32) -> f32 {
    let halves = unpack2x16float((w[(byte / 4u)] >> ((byte & 2u) * 8u)));
    return halves.x;
}

fn Q6_K_scales_w(byte: u32, chunk: u32) -> Scales {
    let at = ((byte + 192u) + ((chunk / 16u) * 8u));
    let shift = (((chunk % 16u) / 4u) * 8u);
    let d = half_at_w((byte + 208u));
    let lo = (bitcast<i32>((word_at_w(at) << (24u - shift))) >> 24u);
    let hi = (bitcast<i32>((word_at_w((at + 4u)) << (24u - shift))) >> 24u);
    return Scales((d * f32(lo)), (d * f32(hi)), 0.0f, 0.0f);
}

fn load_Q6_K_w(byte: u32, chunk: u32) -> Eight {
    let codes = Q6_K_codes_w(byte, chunk);
    let scales = Q6_K_scales_w(byte, chunk);
    return Eight((codes.lo * scales.lo), (codes.hi * scales.hi));
}

fn Q6_K_lo_at(chunk: u32) -> u32 {
    return (((chunk / 16u) * 128u) + ((chunk % 16u) * 4u));
}

fn lo_in_row_Q6_K(chunk: u32) -> u32 {
    return (((chunk / 32u) * 256u) + Q6_K_lo_at((chunk % 32u)));
}

fn Q6_K_hi_at(chunk: u32) -> u32 {
    return ((((chunk / 16u) * 128u) + ((chunk % 16u) * 4u)) + 64u);
}

fn hi_in_row_Q6_K(chunk: u32) -> u32 {
    return (((chunk / 32u) * 256u) + Q6_K_hi_at((chunk % 32u)));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let chunks = (uniforms.params.k / 8u);
    let columns = ((chunks + 63u) / 64u);
    let tiles = ((uniforms.params.n + 7u) / 8u);
    let first_chunk = (((group % columns) * 64u) + local_invocation_index);
    let first_token = (((group / columns) % tiles) * 8u);
    let split = ((group / columns) / tiles);
    let per_split = (((uniforms.params.rows + uniforms.params.splits) - 1u) / uniforms.params.splits);
    let bytes = row_bytes_Q6_K(uniforms.params.k);
    var lo: array<array<vec4<f32>, 8>, 1> = array<array<vec4<f32>, 8>, 1>(array<vec4<f32>, 8>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f)));
    var hi: array<array<vec4<f32>, 8>, 1> = array<array<vec4<f32>, 8>, 1>(array<vec4<f32>, 8>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f)));
    let end = min(((split + 1u) * per_split), uniforms.params.rows);
    for (var row: u32 = min((split * per_split), uniforms.params.rows); row < end; row++) {
        let start = ((uniforms.params.first_row + row) * bytes);
        var gradients: array<f32, 8> = array<f32, 8>();
        gradients[0u] = dy[(((min((first_token + 0u), (uniforms.params.n - 1u)) * uniforms.params.dy_stride) + uniforms.params.dy_at) + row)];
        gradients[1u] = dy[(((min((first_token + 1u), (uniforms.params.n - 1u)) * uniforms.params.dy_stride) + uniforms.params.dy_at) + row)];
        gradients[2u] = dy[(((min((first_token + 2u), (uniforms.params.n - 1u)) * uniforms.params.dy_stride) + uniforms.params.dy_at) + row)];
        gradients[3u] = dy[(((min((first_token + 3u), (uniforms.params.n - 1u)) * uniforms.params.dy_stride) + uniforms.params.dy_at) + row)];
        gradients[4u] = dy[(((min((first_token + 4u), (uniforms.params.n - 1u)) * uniforms.params.dy_stride) + uniforms.params.dy_at) + row)];
        gradients[5u] = dy[(((min((first_token + 5u), (uniforms.params.n - 1u)) * uniforms.params.dy_stride) + uniforms.params.dy_at) + row)];
        gradients[6u] = dy[(((min((first_token + 6u), (uniforms.params.n - 1u)) * uniforms.params.dy_stride) + uniforms.params.dy_at) + row)];
        gradients[7u] = dy[(((min((first_token + 7u), (uniforms.params.n - 1u)) * uniforms.params.dy_stride) + uniforms.params.dy_at) + row)];
        let chunk = min((first_chunk + 0u), (chunks - 1u));
        let weights = load_Q6_K_w((start + block_byte_Q6_K(chunk)), (chunk % 32u));
        lo[0u][0u] = fma(weights.lo, vec4<f32>(gradients[0u]), lo[0u][0u]);
        hi[0u][0u] = fma(weights.hi, vec4<f32>(gradients[0u]), hi[0u][0u]);
        lo[0u][1u] = fma(weights.lo, vec4<f32>(gradients[1u]), lo[0u][1u]);
        hi[0u][1u] = fma(weights.hi, vec4<f32>(gradients[1u]), hi[0u][1u]);
        lo[0u][2u] = fma(weights.lo, vec4<f32>(gradients[2u]), lo[0u][2u]);
        hi[0u][2u] = fma(weights.hi, vec4<f32>(gradients[2u]), hi[0u][2u]);
        lo[0u][3u] = fma(weights.lo, vec4<f32>(gradients[3u]), lo[0u][3u]);
        hi[0u][3u] = fma(weights.hi, vec4<f32>(gradients[3u]), hi[0u][3u]);
        lo[0u][4u] = fma(weights.lo, vec4<f32>(gradients[4u]), lo[0u][4u]);
        hi[0u][4u] = fma(weights.hi, vec4<f32>(gradients[4u]), hi[0u][4u]);
        lo[0u][5u] = fma(weights.lo, vec4<f32>(gradients[5u]), lo[0u][5u]);
        hi[0u][5u] = fma(weights.hi, vec4<f32>(gradients[5u]), hi[0u][5u]);
        lo[0u][6u] = fma(weights.lo, vec4<f32>(gradients[6u]), lo[0u][6u]);
        hi[0u][6u] = fma(weights.hi, vec4<f32>(gradients[6u]), hi[0u][6u]);
        lo[0u][7u] = fma(weights.lo, vec4<f32>(gradients[7u]), lo[0u][7u]);
        hi[0u][7u] = fma(weights.hi, vec4<f32>(gradients[7u]), hi[0u][7u]);
    }
    let chunk_1 = (first_chunk + 0u);
    if (chunk_1 < chunks) {
        if ((first_token + 0u) < uniforms.params.n) {
            let v_target = ((((split * uniforms.params.n) + first_token) + 0u) * uniforms.params.k);
            partials[((v_target + lo_in_row_Q6_K(chunk_1)) / 4u)] = lo[0u][0u];
            partials[((v_target + hi_in_row_Q6_K(chunk_1)) / 4u)] = hi[0u][0u];
        }
        if ((first_token + 1u) < uniforms.params.n) {
            let v_target_1 = ((((split * uniforms.params.n) + first_token) + 1u) * uniforms.params.k);
            partials[((v_target_1 + lo_in_row_Q6_K(chunk_1)) / 4u)] = lo[0u][1u];
            partials[((v_target_1 + hi_in_row_Q6_K(chunk_1)) / 4u)] = hi[0u][1u];
        }
        if ((first_token + 2u) < uniforms.params.n) {
            let v_target_2 = ((((split * uniforms.params.n) + first_token) + 2u) * uniforms.params.k);
            partials[((v_target_2 + lo_in_row_Q6_K(chunk_1)) / 4u)] = lo[0u][2u];
            partials[((v_target_2 + hi_in_row_Q6_K(chunk_1)) / 4u)] = hi[0u][2u];
        }
        if ((first_token + 3u) < uniforms.params.n) {
            let v_target_3 = ((((split * uniforms.params.n) + first_token) + 3u) * uniforms.params.k);
            partials[((v_target_3 + lo_in_row_Q6_K(chunk_1)) / 4u)] = lo[0u][3u];
            partials[((v_target_3 + hi_in_row_Q6_K(chunk_1)) / 4u)] = hi[0u][3u];
        }
        if ((first_token + 4u) < uniforms.params.n) {
            let v_target_4 = ((((split * uniforms.params.n) + first_token) + 4u) * uniforms.params.k);
            partials[((v_target_4 + lo_in_row_Q6_K(chunk_1)) / 4u)] = lo[0u][4u];
            partials[((v_target_4 + hi_in_row_Q6_K(chunk_1)) / 4u)] = hi[0u][4u];
        }
        if ((first_token + 5u) < uniforms.params.n) {
            let v_target_5 = ((((split * uniforms.params.n) + first_token) + 5u) * uniforms.params.k);
            partials[((v_target_5 + lo_in_row_Q6_K(chunk_1)) / 4u)] = lo[0u][5u];
            partials[((v_target_5 + hi_in_row_Q6_K(chunk_1)) / 4u)] = hi[0u][5u];
        }
        if ((first_token + 6u) < uniforms.params.n) {
            let v_target_6 = ((((split * uniforms.params.n) + first_token) + 6u) * uniforms.params.k);
            partials[((v_target_6 + lo_in_row_Q6_K(chunk_1)) / 4u)] = lo[0u][6u];
            partials[((v_target_6 + hi_in_row_Q6_K(chunk_1)) / 4u)] = hi[0u][6u];
        }
        if ((first_token + 7u) < uniforms.params.n) {
            let v_target_7 = ((((split * uniforms.params.n) + first_token) + 7u) * uniforms.params.k);
            partials[((v_target_7 + lo_in_row_Q6_K(chunk_1)) / 4u)] = lo[0u][7u];
            partials[((v_target_7 + hi_in_row_Q6_K(chunk_1)) / 4u)] = hi[0u][7u];
        }
    }
}
