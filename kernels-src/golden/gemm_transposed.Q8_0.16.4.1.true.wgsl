// gemm_transposed<Q8_0, 16, 4, 1, true> | features:
struct GemmTransposedParams {
    n: u32,
    first_row: u32,
    rows: u32,
    k: u32,
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
    params: GemmTransposedParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<u32>;
@group(0) @binding(3) var<storage, read_write> dx: array<vec4<f32>>;
var<workgroup> dy_tile: array<vec4<f32>, 512>;
var<workgroup> w_tile: array<vec4<f32>, 512>;

fn row_bytes_Q8_0(k: u32) -> u32 {
    return ((k / 32u) * 34u);
}

fn block_byte_Q8_0(chunk: u32) -> u32 {
    return ((chunk / 4u) * 34u);
}

fn word_at_w(byte: u32) -> u32 {
    let at = (byte / 4u);
    let shift = ((byte & 2u) * 8u);
    return ((w[at] >> shift) | ((w[(at + 1u)] << 1u) << (31u - shift)));
}

fn Q8_0_codes_w(byte: u32, chunk: u32) -> Eight {
    let first = ((byte + 2u) + (chunk * 8u));
    return Eight(vec4f(unpack4xI8(word_at_w(first))), vec4f(unpack4xI8(word_at_w((first + 4u)))));
}

fn half_at_w(byte: u32) -> f32 {
    let halves = unpack2x16float((w[(byte / 4u)] >> ((byte & 2u) * 8u)));
    return halves.x;
}

fn one_scale(d: f32) -> Scales {
    return Scales(d, d, 0.0f, 0.0f);
}

fn Q8_0_scales_w(byte: u32, chunk: u32) -> Scales {
    return one_scale(half_at_w(byte));
}

fn load_Q8_0_w(byte: u32, chunk: u32) -> Eight {
    let codes = Q8_0_codes_w(byte, chunk);
    let scales = Q8_0_scales_w(byte, chunk);
    return Eight((codes.lo * scales.lo), (codes.hi * scales.hi));
}

fn Q8_0_hi_at(chunk: u32) -> u32 {
    return ((chunk * 8u) + 4u);
}

fn hi_in_row_Q8_0(chunk: u32) -> u32 {
    return (((chunk / 4u) * 32u) + Q8_0_hi_at((chunk % 4u)));
}

fn Q8_0_lo_at(chunk: u32) -> u32 {
    return (chunk * 8u);
}

fn lo_in_row_Q8_0(chunk: u32) -> u32 {
    return (((chunk / 4u) * 32u) + Q8_0_lo_at((chunk % 4u)));
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let chunks = (uniforms.params.k / 8u);
    let tiles = (((uniforms.params.n + 64u) - 1u) / 64u);
    let first_token = ((group % tiles) * 64u);
    let first_chunk = ((group / tiles) * 8u);
    let bytes = row_bytes_Q8_0(uniforms.params.k);
    let column = (local_invocation_index % 16u);
    let line = (local_invocation_index / 16u);
    var acc: array<array<vec4<f32>, 4>, 1> = array<array<vec4<f32>, 4>, 1>(array<vec4<f32>, 4>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f)));
    for (var first: u32 = 0u; first < uniforms.params.rows; first += 32u) {
        for (var item: u32 = local_invocation_index; item < 256u; item += 256u) {
            let j = (item / 8u);
            let at = (item % 8u);
            let chunk = min((first_chunk + at), (chunks - 1u));
            let start = ((uniforms.params.first_row + min((first + j), (uniforms.params.rows - 1u))) * bytes);
            let weights = load_Q8_0_w((start + block_byte_Q8_0(chunk)), (chunk % 4u));
            w_tile[((j * 16u) + (2u * at))] = weights.lo;
            w_tile[(((j * 16u) + (2u * at)) + 1u)] = weights.hi;
        }
        for (var item_1: u32 = local_invocation_index; item_1 < 512u; item_1 += 256u) {
            let t = (item_1 / 8u);
            let start_1 = ((min((first_token + t), (uniforms.params.n - 1u)) * uniforms.params.dy_stride) + uniforms.params.dy_at);
            var gradients: vec4<f32> = vec4<f32>(0.0f);
            let j_1 = ((first + (4u * (item_1 % 8u))) + 0u);
            gradients[0i] = select(0.0f, dy[(start_1 + min(j_1, (uniforms.params.rows - 1u)))], (j_1 < uniforms.params.rows));
            let j_2 = ((first + (4u * (item_1 % 8u))) + 1u);
            gradients[1i] = select(0.0f, dy[(start_1 + min(j_2, (uniforms.params.rows - 1u)))], (j_2 < uniforms.params.rows));
            let j_3 = ((first + (4u * (item_1 % 8u))) + 2u);
            gradients[2i] = select(0.0f, dy[(start_1 + min(j_3, (uniforms.params.rows - 1u)))], (j_3 < uniforms.params.rows));
            let j_4 = ((first + (4u * (item_1 % 8u))) + 3u);
            gradients[3i] = select(0.0f, dy[(start_1 + min(j_4, (uniforms.params.rows - 1u)))], (j_4 < uniforms.params.rows));
            dy_tile[((t * 8u) + (item_1 % 8u))] = gradients;
        }
        workgroupBarrier();
        var sums: array<vec4<f32>, 4> = array<vec4<f32>, 4>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
        sums[0u] = acc[0u][0u];
        sums[1u] = acc[0u][1u];
        sums[2u] = acc[0u][2u];
        sums[3u] = acc[0u][3u];
        for (var quad: u32 = 0u; quad < 8u; quad++) {
            var gradients_1: array<vec4<f32>, 4> = array<vec4<f32>, 4>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
            gradients_1[0u] = dy_tile[(((line + 0u) * 8u) + quad)];
            gradients_1[1u] = dy_tile[(((line + 16u) * 8u) + quad)];
            gradients_1[2u] = dy_tile[(((line + 32u) * 8u) + quad)];
            gradients_1[3u] = dy_tile[(((line + 48u) * 8u) + quad)];
            let weights_1 = w_tile[(((((4u * quad) + 0u) * 16u) + column) + 0u)];
            sums[0u] = fma(vec4<f32>(gradients_1[0u][0i]), weights_1, sums[0u]);
            sums[1u] = fma(vec4<f32>(gradients_1[1u][0i]), weights_1, sums[1u]);
            sums[2u] = fma(vec4<f32>(gradients_1[2u][0i]), weights_1, sums[2u]);
            sums[3u] = fma(vec4<f32>(gradients_1[3u][0i]), weights_1, sums[3u]);
            let weights_2 = w_tile[(((((4u * quad) + 1u) * 16u) + column) + 0u)];
            sums[0u] = fma(vec4<f32>(gradients_1[0u][1i]), weights_2, sums[0u]);
            sums[1u] = fma(vec4<f32>(gradients_1[1u][1i]), weights_2, sums[1u]);
            sums[2u] = fma(vec4<f32>(gradients_1[2u][1i]), weights_2, sums[2u]);
            sums[3u] = fma(vec4<f32>(gradients_1[3u][1i]), weights_2, sums[3u]);
            let weights_3 = w_tile[(((((4u * quad) + 2u) * 16u) + column) + 0u)];
            sums[0u] = fma(vec4<f32>(gradients_1[0u][2i]), weights_3, sums[0u]);
            sums[1u] = fma(vec4<f32>(gradients_1[1u][2i]), weights_3, sums[1u]);
            sums[2u] = fma(vec4<f32>(gradients_1[2u][2i]), weights_3, sums[2u]);
            sums[3u] = fma(vec4<f32>(gradients_1[3u][2i]), weights_3, sums[3u]);
            let weights_4 = w_tile[(((((4u * quad) + 3u) * 16u) + column) + 0u)];
            sums[0u] = fma(vec4<f32>(gradients_1[0u][3i]), weights_4, sums[0u]);
            sums[1u] = fma(vec4<f32>(gradients_1[1u][3i]), weights_4, sums[1u]);
            sums[2u] = fma(vec4<f32>(gradients_1[2u][3i]), weights_4, sums[2u]);
            sums[3u] = fma(vec4<f32>(gradients_1[3u][3i]), weights_4, sums[3u]);
        }
        acc[0u][0u] = sums[0u];
        acc[0u][1u] = sums[1u];
        acc[0u][2u] = sums[2u];
        acc[0u][3u] = sums[3u];
        workgroupBarrier();
    }
    let quad_1 = (column + 0u);
    let chunk_1 = (first_chunk + (quad_1 / 2u));
    if (chunk_1 < chunks) {
        let at_1 = select(hi_in_row_Q8_0(chunk_1), lo_in_row_Q8_0(chunk_1), ((quad_1 % 2u) == 0u));
        let token = ((first_token + line) + 0u);
        if (token < uniforms.params.n) {
            let v_target = (((token * uniforms.params.k) + at_1) / 4u);
            dx[v_target] += acc[0u][0u];
        }
        let token_1 = ((first_token + line) + 16u);
        if (token_1 < uniforms.params.n) {
            let v_target_1 = (((token_1 * uniforms.params.k) + at_1) / 4u);
            dx[v_target_1] += acc[0u][1u];
        }
        let token_2 = ((first_token + line) + 32u);
        if (token_2 < uniforms.params.n) {
            let v_target_2 = (((token_2 * uniforms.params.k) + at_1) / 4u);
            dx[v_target_2] += acc[0u][2u];
        }
        let token_3 = ((first_token + line) + 48u);
        if (token_3 < uniforms.params.n) {
            let v_target_3 = (((token_3 * uniforms.params.k) + at_1) / 4u);
            dx[v_target_3] += acc[0u][3u];
        }
    }
}
