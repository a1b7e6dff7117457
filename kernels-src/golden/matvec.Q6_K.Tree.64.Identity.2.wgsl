// matvec<Q6_K, Tree<64>, Identity, 2> | features:
struct MatvecParams {
    rows: u32,
    k: u32,
    y_at: u32,
    cap: f32,
}

struct Prologue {
    post: f32,
    scale: f32,
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
    params: MatvecParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> w: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
var<workgroup> scratch: array<f32, 128>;

fn row_bytes_Q6_K(k: u32) -> u32 {
    return ((k / 256u) * 210u);
}

fn block_byte_Q6_K(chunk: u32) -> u32 {
    return ((chunk / 32u) * 210u);
}

fn Q6_K_lo_at(chunk: u32) -> u32 {
    return (((chunk / 16u) * 128u) + ((chunk % 16u) * 4u));
}

fn lo_in_row_Q6_K(chunk: u32) -> u32 {
    return (((chunk / 32u) * 256u) + Q6_K_lo_at((chunk % 32u)));
}

fn stream_false_x_x_x(i: u32, prologue: Prologue) -> vec4<f32> {
    return (x[i] * prologue.scale);
}

fn input_false_false_x_x_x_x(i: u32, prologue: Prologue) -> vec4<f32> {
    return stream_false_x_x_x(i, prologue);
}

fn Q6_K_hi_at(chunk: u32) -> u32 {
    return ((((chunk / 16u) * 128u) + ((chunk % 16u) * 4u)) + 64u);
}

fn hi_in_row_Q6_K(chunk: u32) -> u32 {
    return (((chunk / 32u) * 256u) + Q6_K_hi_at((chunk % 32u)));
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

fn row_dots_Q6_K_Tree_64_2_false_false_x_x_x_x_w(lane: u32, row: u32, last: u32, k: u32, prologue: Prologue, sums: ptr<function, array<f32, 2>>) {
    let bytes = row_bytes_Q6_K(k);
    let end = (k / 32u);
    for (var span: u32 = lane; span < end; span += 64u) {
        let first = (span * 4u);
        let block = block_byte_Q6_K(first);
        let inside = (first % 32u);
        var lo: array<vec4<f32>, 2> = array<vec4<f32>, 2>(vec4<f32>(0.0f), vec4<f32>(0.0f));
        var hi: array<vec4<f32>, 2> = array<vec4<f32>, 2>(vec4<f32>(0.0f), vec4<f32>(0.0f));
        var lo_input: vec4<f32> = vec4<f32>(0.0f);
        var hi_input: vec4<f32> = vec4<f32>(0.0f);
        let x_lo = input_false_false_x_x_x_x((lo_in_row_Q6_K((first + 0u)) / 4u), prologue);
        let x_hi = input_false_false_x_x_x_x((hi_in_row_Q6_K((first + 0u)) / 4u), prologue);
        let codes = Q6_K_codes_w(((min((row + 0u), last) * bytes) + block), (inside + 0u));
        lo[0u] = fma(codes.lo, x_lo, lo[0u]);
        hi[0u] = fma(codes.hi, x_hi, hi[0u]);
        let codes_1 = Q6_K_codes_w(((min((row + 1u), last) * bytes) + block), (inside + 0u));
        lo[1u] = fma(codes_1.lo, x_lo, lo[1u]);
        hi[1u] = fma(codes_1.hi, x_hi, hi[1u]);
        let x_lo_1 = input_false_false_x_x_x_x((lo_in_row_Q6_K((first + 1u)) / 4u), prologue);
        let x_hi_1 = input_false_false_x_x_x_x((hi_in_row_Q6_K((first + 1u)) / 4u), prologue);
        let codes_2 = Q6_K_codes_w(((min((row + 0u), last) * bytes) + block), (inside + 1u));
        lo[0u] = fma(codes_2.lo, x_lo_1, lo[0u]);
        hi[0u] = fma(codes_2.hi, x_hi_1, hi[0u]);
        let codes_3 = Q6_K_codes_w(((min((row + 1u), last) * bytes) + block), (inside + 1u));
        lo[1u] = fma(codes_3.lo, x_lo_1, lo[1u]);
        hi[1u] = fma(codes_3.hi, x_hi_1, hi[1u]);
        let x_lo_2 = input_false_false_x_x_x_x((lo_in_row_Q6_K((first + 2u)) / 4u), prologue);
        let x_hi_2 = input_false_false_x_x_x_x((hi_in_row_Q6_K((first + 2u)) / 4u), prologue);
        let codes_4 = Q6_K_codes_w(((min((row + 0u), last) * bytes) + block), (inside + 2u));
        lo[0u] = fma(codes_4.lo, x_lo_2, lo[0u]);
        hi[0u] = fma(codes_4.hi, x_hi_2, hi[0u]);
        let codes_5 = Q6_K_codes_w(((min((row + 1u), last) * bytes) + block), (inside + 2u));
        lo[1u] = fma(codes_5.lo, x_lo_2, lo[1u]);
        hi[1u] = fma(codes_5.hi, x_hi_2, hi[1u]);
        let x_lo_3 = input_false_false_x_x_x_x((lo_in_row_Q6_K((first + 3u)) / 4u), prologue);
        let x_hi_3 = input_false_false_x_x_x_x((hi_in_row_Q6_K((first + 3u)) / 4u), prologue);
        let codes_6 = Q6_K_codes_w(((min((row + 0u), last) * bytes) + block), (inside + 3u));
        lo[0u] = fma(codes_6.lo, x_lo_3, lo[0u]);
        hi[0u] = fma(codes_6.hi, x_hi_3, hi[0u]);
        let codes_7 = Q6_K_codes_w(((min((row + 1u), last) * bytes) + block), (inside + 3u));
        lo[1u] = fma(codes_7.lo, x_lo_3, lo[1u]);
        hi[1u] = fma(codes_7.hi, x_hi_3, hi[1u]);
        let ones = vec4<f32>(1.0f);
        let scales = Q6_K_scales_w(((min((row + 0u), last) * bytes) + block), inside);
        (*sums)[0u] += fma(dot(lo[0u], ones), scales.lo, (dot(hi[0u], ones) * scales.hi));
        let ones_1 = vec4<f32>(1.0f);
        let scales_1 = Q6_K_scales_w(((min((row + 1u), last) * bytes) + block), inside);
        (*sums)[1u] += fma(dot(lo[1u], ones_1), scales_1.lo, (dot(hi[1u], ones_1) * scales_1.hi));
    }
}

fn Tree_64_sums_2_scratch(values: ptr<function, array<f32, 2>>, lane: u32) {
    scratch[(0u + lane)] = (*values)[0u];
    scratch[(64u + lane)] = (*values)[1u];
    workgroupBarrier();
    if (lane < 32u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 32u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 32u)];
    }
    workgroupBarrier();
    if (lane < 16u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 16u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 16u)];
    }
    workgroupBarrier();
    if (lane < 8u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 8u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 8u)];
    }
    workgroupBarrier();
    if (lane < 4u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 4u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 4u)];
    }
    workgroupBarrier();
    if (lane < 2u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 2u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 2u)];
    }
    workgroupBarrier();
    if (lane < 1u) {
        scratch[(0u + lane)] += scratch[((0u + lane) + 1u)];
        scratch[(64u + lane)] += scratch[((64u + lane) + 1u)];
    }
    workgroupBarrier();
    (*values)[0u] = scratch[0u];
    (*values)[1u] = scratch[64u];
    workgroupBarrier();
}

fn Identity_finish(sum: f32, cap: f32) -> f32 {
    return sum;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let row = (group * 2u);
    var sums: array<f32, 2> = array<f32, 2>();
    let plain = Prologue(0.0f, 1.0f);
    row_dots_Q6_K_Tree_64_2_false_false_x_x_x_x_w(local_invocation_index, row, (uniforms.params.rows - 1u), uniforms.params.k, plain, &sums);
    Tree_64_sums_2_scratch(&sums, local_invocation_index);
    if (local_invocation_index == 0u) {
        if ((row + 0u) < uniforms.params.rows) {
            let at = ((uniforms.params.y_at + row) + 0u);
            y[at] = Identity_finish(sums[0u], uniforms.params.cap);
        }
        if ((row + 1u) < uniforms.params.rows) {
            let at_1 = ((uniforms.params.y_at + row) + 1u);
            y[at_1] = Identity_finish(sums[1u], uniforms.params.cap);
        }
    }
}
