// matvec<BF16, Tree<64>, Identity, 2> | features:
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

fn row_bytes_BF16(k: u32) -> u32 {
    return ((k / 8u) * 16u);
}

fn block_byte_BF16(chunk: u32) -> u32 {
    return ((chunk / 1u) * 16u);
}

fn BF16_lo_at(chunk: u32) -> u32 {
    return (chunk * 8u);
}

fn lo_in_row_BF16(chunk: u32) -> u32 {
    return (((chunk / 1u) * 8u) + BF16_lo_at((chunk % 1u)));
}

fn stream_false_x_x_x(i: u32, prologue: Prologue) -> vec4<f32> {
    return (x[i] * prologue.scale);
}

fn input_false_false_x_x_x_x(i: u32, prologue: Prologue) -> vec4<f32> {
    return stream_false_x_x_x(i, prologue);
}

fn BF16_hi_at(chunk: u32) -> u32 {
    return ((chunk * 8u) + 4u);
}

fn hi_in_row_BF16(chunk: u32) -> u32 {
    return (((chunk / 1u) * 8u) + BF16_hi_at((chunk % 1u)));
}

fn four_brains(first: u32, second: u32) -> vec4<f32> {
    return vec4(bitcast<f32>((first << 16u)), bitcast<f32>((first & 4294901760u)), bitcast<f32>((second << 16u)), bitcast<f32>((second & 4294901760u)));
}

fn BF16_codes_w(byte: u32, chunk: u32) -> Eight {
    let at = ((byte / 4u) + (chunk * 4u));
    return Eight(four_brains(w[at], w[(at + 1u)]), four_brains(w[(at + 2u)], w[(at + 3u)]));
}

fn row_dots_BF16_Tree_64_2_false_false_x_x_x_x_w(lane: u32, row: u32, last: u32, k: u32, prologue: Prologue, sums: ptr<function, array<f32, 2>>) {
    let bytes = row_bytes_BF16(k);
    let end = (k / 8u);
    for (var span: u32 = lane; span < end; span += 64u) {
        let first = (span * 1u);
        let block = block_byte_BF16(first);
        let inside = (first % 1u);
        var lo: array<vec4<f32>, 2> = array<vec4<f32>, 2>(vec4<f32>(0.0f), vec4<f32>(0.0f));
        var hi: array<vec4<f32>, 2> = array<vec4<f32>, 2>(vec4<f32>(0.0f), vec4<f32>(0.0f));
        var lo_input: vec4<f32> = vec4<f32>(0.0f);
        var hi_input: vec4<f32> = vec4<f32>(0.0f);
        let x_lo = input_false_false_x_x_x_x((lo_in_row_BF16((first + 0u)) / 4u), prologue);
        let x_hi = input_false_false_x_x_x_x((hi_in_row_BF16((first + 0u)) / 4u), prologue);
        let codes = BF16_codes_w(((min((row + 0u), last) * bytes) + block), (inside + 0u));
        lo[0u] = fma(codes.lo, x_lo, lo[0u]);
        hi[0u] = fma(codes.hi, x_hi, hi[0u]);
        let codes_1 = BF16_codes_w(((min((row + 1u), last) * bytes) + block), (inside + 0u));
        lo[1u] = fma(codes_1.lo, x_lo, lo[1u]);
        hi[1u] = fma(codes_1.hi, x_hi, hi[1u]);
        let ones = vec4<f32>(1.0f);
        (*sums)[0u] += dot((lo[0u] + hi[0u]), ones);
        let ones_1 = vec4<f32>(1.0f);
        (*sums)[1u] += dot((lo[1u] + hi[1u]), ones_1);
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
    row_dots_BF16_Tree_64_2_false_false_x_x_x_x_w(local_invocation_index, row, (uniforms.params.rows - 1u), uniforms.params.k, plain, &sums);
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
