// matvec_transposed<BF16, 64, 1, 8> | features:
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

fn row_bytes_BF16(k: u32) -> u32 {
    return ((k / 8u) * 16u);
}

fn block_byte_BF16(chunk: u32) -> u32 {
    return ((chunk / 1u) * 16u);
}

fn four_brains(first: u32, second: u32) -> vec4<f32> {
    return vec4(bitcast<f32>((first << 16u)), bitcast<f32>((first & 4294901760u)), bitcast<f32>((second << 16u)), bitcast<f32>((second & 4294901760u)));
}

fn BF16_codes_w(byte: u32, chunk: u32) -> Eight {
    let at = ((byte / 4u) + (chunk * 4u));
    return Eight(four_brains(w[at], w[(at + 1u)]), four_brains(w[(at + 2u)], w[(at + 3u)]));
}

fn load_BF16_w(byte: u32, chunk: u32) -> Eight {
    let codes = BF16_codes_w(byte, chunk);
    return codes;
}

fn BF16_lo_at(chunk: u32) -> u32 {
    return (chunk * 8u);
}

fn lo_in_row_BF16(chunk: u32) -> u32 {
    return (((chunk / 1u) * 8u) + BF16_lo_at((chunk % 1u)));
}

fn BF16_hi_at(chunk: u32) -> u32 {
    return ((chunk * 8u) + 4u);
}

fn hi_in_row_BF16(chunk: u32) -> u32 {
    return (((chunk / 1u) * 8u) + BF16_hi_at((chunk % 1u)));
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
    let bytes = row_bytes_BF16(uniforms.params.k);
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
        let weights = load_BF16_w((start + block_byte_BF16(chunk)), (chunk % 1u));
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
            partials[((v_target + lo_in_row_BF16(chunk_1)) / 4u)] = lo[0u][0u];
            partials[((v_target + hi_in_row_BF16(chunk_1)) / 4u)] = hi[0u][0u];
        }
        if ((first_token + 1u) < uniforms.params.n) {
            let v_target_1 = ((((split * uniforms.params.n) + first_token) + 1u) * uniforms.params.k);
            partials[((v_target_1 + lo_in_row_BF16(chunk_1)) / 4u)] = lo[0u][1u];
            partials[((v_target_1 + hi_in_row_BF16(chunk_1)) / 4u)] = hi[0u][1u];
        }
        if ((first_token + 2u) < uniforms.params.n) {
            let v_target_2 = ((((split * uniforms.params.n) + first_token) + 2u) * uniforms.params.k);
            partials[((v_target_2 + lo_in_row_BF16(chunk_1)) / 4u)] = lo[0u][2u];
            partials[((v_target_2 + hi_in_row_BF16(chunk_1)) / 4u)] = hi[0u][2u];
        }
        if ((first_token + 3u) < uniforms.params.n) {
            let v_target_3 = ((((split * uniforms.params.n) + first_token) + 3u) * uniforms.params.k);
            partials[((v_target_3 + lo_in_row_BF16(chunk_1)) / 4u)] = lo[0u][3u];
            partials[((v_target_3 + hi_in_row_BF16(chunk_1)) / 4u)] = hi[0u][3u];
        }
        if ((first_token + 4u) < uniforms.params.n) {
            let v_target_4 = ((((split * uniforms.params.n) + first_token) + 4u) * uniforms.params.k);
            partials[((v_target_4 + lo_in_row_BF16(chunk_1)) / 4u)] = lo[0u][4u];
            partials[((v_target_4 + hi_in_row_BF16(chunk_1)) / 4u)] = hi[0u][4u];
        }
        if ((first_token + 5u) < uniforms.params.n) {
            let v_target_5 = ((((split * uniforms.params.n) + first_token) + 5u) * uniforms.params.k);
            partials[((v_target_5 + lo_in_row_BF16(chunk_1)) / 4u)] = lo[0u][5u];
            partials[((v_target_5 + hi_in_row_BF16(chunk_1)) / 4u)] = hi[0u][5u];
        }
        if ((first_token + 6u) < uniforms.params.n) {
            let v_target_6 = ((((split * uniforms.params.n) + first_token) + 6u) * uniforms.params.k);
            partials[((v_target_6 + lo_in_row_BF16(chunk_1)) / 4u)] = lo[0u][6u];
            partials[((v_target_6 + hi_in_row_BF16(chunk_1)) / 4u)] = hi[0u][6u];
        }
        if ((first_token + 7u) < uniforms.params.n) {
            let v_target_7 = ((((split * uniforms.params.n) + first_token) + 7u) * uniforms.params.k);
            partials[((v_target_7 + lo_in_row_BF16(chunk_1)) / 4u)] = lo[0u][7u];
            partials[((v_target_7 + hi_in_row_BF16(chunk_1)) / 4u)] = hi[0u][7u];
        }
    }
}
