// gemm<Q4_0, 16, 4, 4> | features:
struct GemmParams {
    n: u32,
    first_row: u32,
    rows: u32,
    k: u32,
    y_stride: u32,
    y_at: u32,
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
    params: GemmParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> w: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
var<workgroup> x_tile: array<vec4<f32>, 512>;
var<workgroup> w_tile: array<vec4<f32>, 512>;

fn row_bytes_Q4_0(k: u32) -> u32 {
    return ((k / 32u) * 18u);
}

fn block_byte_Q4_0(chunk: u32) -> u32 {
    return ((chunk / 4u) * 18u);
}

fn word_at_w(byte: u32) -> u32 {
    let at = (byte / 4u);
    let shift = ((byte & 2u) * 8u);
    return ((w[at] >> shift) | ((w[(at + 1u)] << 1u) << (31u - shift)));
}

fn Q4_0_codes_w(byte: u32, chunk: u32) -> Eight {
    let nibbles = word_at_w(((byte + 2u) + (chunk * 4u)));
    return Eight((vec4f(unpack4xU8((nibbles & 252645135u))) - vec4<f32>(8.0f)), (vec4f(unpack4xU8(((nibbles >> 4u) & 252645135u))) - vec4<f32>(8.0f)));
}

fn half_at_w(byte: u32) -> f32 {
    let halves = unpack2x16float((w[(byte / 4u)] >> ((byte & 2u) * 8u)));
    return halves.x;
}

fn one_scale(d: f32) -> Scales {
    return Scales(d, d, 0.0f, 0.0f);
}

fn Q4_0_scales_w(byte: u32, chunk: u32) -> Scales {
    return one_scale(half_at_w(byte));
}

fn load_Q4_0_w(byte: u32, chunk: u32) -> Eight {
    let codes = Q4_0_codes_w(byte, chunk);
    let scales = Q4_0_scales_w(byte, chunk);
    return Eight((codes.lo * scales.lo), (codes.hi * scales.hi));
}

fn staged(row: u32, quad: u32) -> u32 {
    return ((row * 8u) + (quad ^ (row & 7u)));
}

fn Q4_0_lo_at(chunk: u32) -> u32 {
    return (chunk * 4u);
}

fn lo_in_row_Q4_0(chunk: u32) -> u32 {
    return (((chunk / 4u) * 32u) + Q4_0_lo_at((chunk % 4u)));
}

fn Q4_0_hi_at(chunk: u32) -> u32 {
    return ((chunk * 4u) + 16u);
}

fn hi_in_row_Q4_0(chunk: u32) -> u32 {
    return (((chunk / 4u) * 32u) + Q4_0_hi_at((chunk % 4u)));
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let x_tiles = (((uniforms.params.n + 64u) - 1u) / 64u);
    let first_x = ((group % x_tiles) * 64u);
    let first_w = ((group / x_tiles) * 64u);
    let column = (local_invocation_index % 16u);
    let line = (local_invocation_index / 16u);
    var acc: array<array<f32, 4>, 4> = array<array<f32, 4>, 4>();
    let end = (uniforms.params.k / 32u);
    for (var v_step: u32 = 0u; v_step < end; v_step++) {
        for (var item: u32 = local_invocation_index; item < 256u; item += 256u) {
            let row = (item / 4u);
            let chunk = ((v_step * 4u) + (item % 4u));
            let start = ((uniforms.params.first_row + min((first_w + row), (uniforms.params.rows - 1u))) * row_bytes_Q4_0(uniforms.params.k));
            let weights = load_Q4_0_w((start + block_byte_Q4_0(chunk)), (chunk % 4u));
            w_tile[staged(row, (2u * (item % 4u)))] = weights.lo;
            w_tile[staged(row, ((2u * (item % 4u)) + 1u))] = weights.hi;
        }
        for (var item_1: u32 = local_invocation_index; item_1 < 256u; item_1 += 256u) {
            let row_1 = (item_1 / 4u);
            let chunk_1 = ((v_step * 4u) + (item_1 % 4u));
            let start_1 = (min((first_x + row_1), (uniforms.params.n - 1u)) * uniforms.params.k);
            x_tile[staged(row_1, (2u * (item_1 % 4u)))] = x[((start_1 + lo_in_row_Q4_0(chunk_1)) / 4u)];
            x_tile[staged(row_1, ((2u * (item_1 % 4u)) + 1u))] = x[((start_1 + hi_in_row_Q4_0(chunk_1)) / 4u)];
        }
        workgroupBarrier();
        for (var quad: u32 = 0u; quad < 8u; quad++) {
            var activations: array<vec4<f32>, 4> = array<vec4<f32>, 4>(vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f), vec4<f32>(0.0f));
            activations[0u] = x_tile[staged((line + 0u), quad)];
            activations[1u] = x_tile[staged((line + 16u), quad)];
            activations[2u] = x_tile[staged((line + 32u), quad)];
            activations[3u] = x_tile[staged((line + 48u), quad)];
            let weights_1 = w_tile[staged((column + 0u), quad)];
            acc[0u][0u] = fma(activations[0u].x, weights_1.x, fma(activations[0u].y, weights_1.y, fma(activations[0u].z, weights_1.z, fma(activations[0u].w, weights_1.w, acc[0u][0u]))));
            acc[1u][0u] = fma(activations[1u].x, weights_1.x, fma(activations[1u].y, weights_1.y, fma(activations[1u].z, weights_1.z, fma(activations[1u].w, weights_1.w, acc[1u][0u]))));
            acc[2u][0u] = fma(activations[2u].x, weights_1.x, fma(activations[2u].y, weights_1.y, fma(activations[2u].z, weights_1.z, fma(activations[2u].w, weights_1.w, acc[2u][0u]))));
            acc[3u][0u] = fma(activations[3u].x, weights_1.x, fma(activations[3u].y, weights_1.y, fma(activations[3u].z, weights_1.z, fma(activations[3u].w, weights_1.w, acc[3u][0u]))));
            let weights_2 = w_tile[staged((column + 16u), quad)];
            acc[0u][1u] = fma(activations[0u].x, weights_2.x, fma(activations[0u].y, weights_2.y, fma(activations[0u].z, weights_2.z, fma(activations[0u].w, weights_2.w, acc[0u][1u]))));
            acc[1u][1u] = fma(activations[1u].x, weights_2.x, fma(activations[1u].y, weights_2.y, fma(activations[1u].z, weights_2.z, fma(activations[1u].w, weights_2.w, acc[1u][1u]))));
            acc[2u][1u] = fma(activations[2u].x, weights_2.x, fma(activations[2u].y, weights_2.y, fma(activations[2u].z, weights_2.z, fma(activations[2u].w, weights_2.w, acc[2u][1u]))));
            acc[3u][1u] = fma(activations[3u].x, weights_2.x, fma(activations[3u].y, weights_2.y, fma(activations[3u].z, weights_2.z, fma(activations[3u].w, weights_2.w, acc[3u][1u]))));
            let weights_3 = w_tile[staged((column + 32u), quad)];
            acc[0u][2u] = fma(activations[0u].x, weights_3.x, fma(activations[0u].y, weights_3.y, fma(activations[0u].z, weights_3.z, fma(activations[0u].w, weights_3.w, acc[0u][2u]))));
            acc[1u][2u] = fma(activations[1u].x, weights_3.x, fma(activations[1u].y, weights_3.y, fma(activations[1u].z, weights_3.z, fma(activations[1u].w, weights_3.w, acc[1u][2u]))));
            acc[2u][2u] = fma(activations[2u].x, weights_3.x, fma(activations[2u].y, weights_3.y, fma(activations[2u].z, weights_3.z, fma(activations[2u].w, weights_3.w, acc[2u][2u]))));
            acc[3u][2u] = fma(activations[3u].x, weights_3.x, fma(activations[3u].y, weights_3.y, fma(activations[3u].z, weights_3.z, fma(activations[3u].w, weights_3.w, acc[3u][2u]))));
            let weights_4 = w_tile[staged((column + 48u), quad)];
            acc[0u][3u] = fma(activations[0u].x, weights_4.x, fma(activations[0u].y, weights_4.y, fma(activations[0u].z, weights_4.z, fma(activations[0u].w, weights_4.w, acc[0u][3u]))));
            acc[1u][3u] = fma(activations[1u].x, weights_4.x, fma(activations[1u].y, weights_4.y, fma(activations[1u].z, weights_4.z, fma(activations[1u].w, weights_4.w, acc[1u][3u]))));
            acc[2u][3u] = fma(activations[2u].x, weights_4.x, fma(activations[2u].y, weights_4.y, fma(activations[2u].z, weights_4.z, fma(activations[2u].w, weights_4.w, acc[2u][3u]))));
            acc[3u][3u] = fma(activations[3u].x, weights_4.x, fma(activations[3u].y, weights_4.y, fma(activations[3u].z, weights_4.z, fma(activations[3u].w, weights_4.w, acc[3u][3u]))));
        }
        workgroupBarrier();
    }
    let t = ((first_x + line) + 0u);
    let row_2 = ((first_w + column) + 0u);
    if ((t < uniforms.params.n) && (row_2 < uniforms.params.rows)) {
        y[(((t * uniforms.params.y_stride) + uniforms.params.y_at) + row_2)] = acc[0u][0u];
    }
    let row_3 = ((first_w + column) + 16u);
    if ((t < uniforms.params.n) && (row_3 < uniforms.params.rows)) {
        y[(((t * uniforms.params.y_stride) + uniforms.params.y_at) + row_3)] = acc[0u][1u];
    }
    let row_4 = ((first_w + column) + 32u);
    if ((t < uniforms.params.n) && (row_4 < uniforms.params.rows)) {
        y[(((t * uniforms.params.y_stride) + uniforms.params.y_at) + row_4)] = acc[0u][2u];
    }
    let row_5 = ((first_w + column) + 48u);
    if ((t < uniforms.params.n) && (row_5 < uniforms.params.rows)) {
        y[(((t * uniforms.params.y_stride) + uniforms.params.y_at) + row_5)] = acc[0u][3u];
    }
    let t_1 = ((first_x + line) + 16u);
    let row_6 = ((first_w + column) + 0u);
    if ((t_1 < uniforms.params.n) && (row_6 < uniforms.params.rows)) {
        y[(((t_1 * uniforms.params.y_stride) + uniforms.params.y_at) + row_6)] = acc[1u][0u];
    }
    let row_7 = ((first_w + column) + 16u);
    if ((t_1 < uniforms.params.n) && (row_7 < uniforms.params.rows)) {
        y[(((t_1 * uniforms.params.y_stride) + uniforms.params.y_at) + row_7)] = acc[1u][1u];
    }
    let row_8 = ((first_w + column) + 32u);
    if ((t_1 < uniforms.params.n) && (row_8 < uniforms.params.rows)) {
        y[(((t_1 * uniforms.params.y_stride) + uniforms.params.y_at) + row_8)] = acc[1u][2u];
    }
    let row_9 = ((first_w + column) + 48u);
    if ((t_1 < uniforms.params.n) && (row_9 < uniforms.params.rows)) {
        y[(((t_1 * uniforms.params.y_stride) + uniforms.params.y_at) + row_9)] = acc[1u][3u];
    }
    let t_2 = ((first_x + line) + 32u);
    let row_10 = ((first_w + column) + 0u);
    if ((t_2 < uniforms.params.n) && (row_10 < uniforms.params.rows)) {
        y[(((t_2 * uniforms.params.y_stride) + uniforms.params.y_at) + row_10)] = acc[2u][0u];
    }
    let row_11 = ((first_w + column) + 16u);
    if ((t_2 < uniforms.params.n) && (row_11 < uniforms.params.rows)) {
        y[(((t_2 * uniforms.params.y_stride) + uniforms.params.y_at) + row_11)] = acc[2u][1u];
    }
    let row_12 = ((first_w + column) + 32u);
    if ((t_2 < uniforms.params.n) && (row_12 < uniforms.params.rows)) {
        y[(((t_2 * uniforms.params.y_stride) + uniforms.params.y_at) + row_12)] = acc[2u][2u];
    }
    let row_13 = ((first_w + column) + 48u);
    if ((t_2 < uniforms.params.n) && (row_13 < uniforms.params.rows)) {
        y[(((t_2 * uniforms.params.y_stride) + uniforms.params.y_at) + row_13)] = acc[2u][3u];
    }
    let t_3 = ((first_x + line) + 48u);
    let row_14 = ((first_w + column) + 0u);
    if ((t_3 < uniforms.params.n) && (row_14 < uniforms.params.rows)) {
        y[(((t_3 * uniforms.params.y_stride) + uniforms.params.y_at) + row_14)] = acc[3u][0u];
    }
    let row_15 = ((first_w + column) + 16u);
    if ((t_3 < uniforms.params.n) && (row_15 < uniforms.params.rows)) {
        y[(((t_3 * uniforms.params.y_stride) + uniforms.params.y_at) + row_15)] = acc[3u][1u];
    }
    let row_16 = ((first_w + column) + 32u);
    if ((t_3 < uniforms.params.n) && (row_16 < uniforms.params.rows)) {
        y[(((t_3 * uniforms.params.y_stride) + uniforms.params.y_at) + row_16)] = acc[3u][2u];
    }
    let row_17 = ((first_w + column) + 48u);
    if ((t_3 < uniforms.params.n) && (row_17 < uniforms.params.rows)) {
        y[(((t_3 * uniforms.params.y_stride) + uniforms.params.y_at) + row_17)] = acc[3u][3u];
    }
}
