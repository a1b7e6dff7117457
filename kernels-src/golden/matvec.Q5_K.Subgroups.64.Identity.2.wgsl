// matvec<Q5_K, Subgroups<64>, Identity, 2> | features: subgroups
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
var<workgroup> scratch: array<f32, 32>;
var<private> subgroup_size: u32;
var<private> subgroup_invocation_id: u32;

fn row_bytes_Q5_K(k: u32) -> u32 {
    return ((k / 256u) * 176u);
}

fn block_byte_Q5_K(chunk: u32) -> u32 {
    return ((chunk / 32u) * 176u);
}

fn Q5_K_lo_at(chunk: u32) -> u32 {
    return (((chunk / 8u) * 64u) + ((chunk % 8u) * 4u));
}

fn lo_in_row_Q5_K(chunk: u32) -> u32 {
    return (((chunk / 32u) * 256u) + Q5_K_lo_at((chunk % 32u)));
}

fn stream_false_x_x_x(i: u32, prologue: Prologue) -> vec4<f32> {
    return (x[i] * prologue.scale);
}

fn input_false_false_x_x_x_x(i: u32, prologue: Prologue) -> vec4<f32> {
    return stream_false_x_x_x(i, prologue);
}

fn Q5_K_hi_at(chunk: u32) -> u32 {
    return ((((chunk / 8u) * 64u) + ((chunk % 8u) * 4u)) + 32u);
}

fn hi_in_row_Q5_K(chunk: u32) -> u32 {
    return (((chunk / 32u) * 256u) + Q5_K_hi_at((chunk % 32u)));
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

fn row_dots_Q5_K_Subgroups_64_2_false_false_x_x_x_x_w(lane: u32, row: u32, last: u32, k: u32, prologue: Prologue, sums: ptr<function, array<f32, 2>>) {
    let bytes = row_bytes_Q5_K(k);
    let end = (k / 32u);
    for (var span: u32 = lane; span < end; span += 64u) {
        let first = (span * 4u);
        let block = block_byte_Q5_K(first);
        let inside = (first % 32u);
        var lo: array<vec4<f32>, 2> = array<vec4<f32>, 2>(vec4<f32>(0.0f), vec4<f32>(0.0f));
        var hi: array<vec4<f32>, 2> = array<vec4<f32>, 2>(vec4<f32>(0.0f), vec4<f32>(0.0f));
        var lo_input: vec4<f32> = vec4<f32>(0.0f);
        var hi_input: vec4<f32> = vec4<f32>(0.0f);
        let x_lo = input_false_false_x_x_x_x((lo_in_row_Q5_K((first + 0u)) / 4u), prologue);
        let x_hi = input_false_false_x_x_x_x((hi_in_row_Q5_K((first + 0u)) / 4u), prologue);
        lo_input += x_lo;
        hi_input += x_hi;
        let codes = Q5_K_codes_w(((min((row + 0u), last) * bytes) + block), (inside + 0u));
        lo[0u] = fma(codes.lo, x_lo, lo[0u]);
        hi[0u] = fma(codes.hi, x_hi, hi[0u]);
        let codes_1 = Q5_K_codes_w(((min((row + 1u), last) * bytes) + block), (inside + 0u));
        lo[1u] = fma(codes_1.lo, x_lo, lo[1u]);
        hi[1u] = fma(codes_1.hi, x_hi, hi[1u]);
        let x_lo_1 = input_false_false_x_x_x_x((lo_in_row_Q5_K((first + 1u)) / 4u), prologue);
        let x_hi_1 = input_false_false_x_x_x_x((hi_in_row_Q5_K((first + 1u)) / 4u), prologue);
        lo_input += x_lo_1;
        hi_input += x_hi_1;
        let codes_2 = Q5_K_codes_w(((min((row + 0u), last) * bytes) + block), (inside + 1u));
        lo[0u] = fma(codes_2.lo, x_lo_1, lo[0u]);
        hi[0u] = fma(codes_2.hi, x_hi_1, hi[0u]);
        let codes_3 = Q5_K_codes_w(((min((row + 1u), last) * bytes) + block), (inside + 1u));
        lo[1u] = fma(codes_3.lo, x_lo_1, lo[1u]);
        hi[1u] = fma(codes_3.hi, x_hi_1, hi[1u]);
        let x_lo_2 = input_false_false_x_x_x_x((lo_in_row_Q5_K((first + 2u)) / 4u), prologue);
        let x_hi_2 = input_false_false_x_x_x_x((hi_in_row_Q5_K((first + 2u)) / 4u), prologue);
        lo_input += x_lo_2;
        hi_input += x_hi_2;
        let codes_4 = Q5_K_codes_w(((min((row + 0u), last) * bytes) + block), (inside + 2u));
        lo[0u] = fma(codes_4.lo, x_lo_2, lo[0u]);
        hi[0u] = fma(codes_4.hi, x_hi_2, hi[0u]);
        let codes_5 = Q5_K_codes_w(((min((row + 1u), last) * bytes) + block), (inside + 2u));
        lo[1u] = fma(codes_5.lo, x_lo_2, lo[1u]);
        hi[1u] = fma(codes_5.hi, x_hi_2, hi[1u]);
        let x_lo_3 = input_false_false_x_x_x_x((lo_in_row_Q5_K((first + 3u)) / 4u), prologue);
        let x_hi_3 = input_false_false_x_x_x_x((hi_in_row_Q5_K((first + 3u)) / 4u), prologue);
        lo_input += x_lo_3;
        hi_input += x_hi_3;
        let codes_6 = Q5_K_codes_w(((min((row + 0u), last) * bytes) + block), (inside + 3u));
        lo[0u] = fma(codes_6.lo, x_lo_3, lo[0u]);
        hi[0u] = fma(codes_6.hi, x_hi_3, hi[0u]);
        let codes_7 = Q5_K_codes_w(((min((row + 1u), last) * bytes) + block), (inside + 3u));
        lo[1u] = fma(codes_7.lo, x_lo_3, lo[1u]);
        hi[1u] = fma(codes_7.hi, x_hi_3, hi[1u]);
        let ones = vec4<f32>(1.0f);
        let scales = Q5_K_scales_w(((min((row + 0u), last) * bytes) + block), inside);
        (*sums)[0u] += fma(dot(lo[0u], ones), scales.lo, (dot(hi[0u], ones) * scales.hi));
        (*sums)[0u] -= fma(dot(lo_input, ones), scales.lo_min, (dot(hi_input, ones) * scales.hi_min));
        let ones_1 = vec4<f32>(1.0f);
        let scales_1 = Q5_K_scales_w(((min((row + 1u), last) * bytes) + block), inside);
        (*sums)[1u] += fma(dot(lo[1u], ones_1), scales_1.lo, (dot(hi[1u], ones_1) * scales_1.hi));
        (*sums)[1u] -= fma(dot(lo_input, ones_1), scales_1.lo_min, (dot(hi_input, ones_1) * scales_1.hi_min));
    }
}

fn Subgroups_64_sums_2_scratch(values: ptr<function, array<f32, 2>>, lane: u32) {
    let own = subgroupAdd((*values)[0u]);
    if (subgroup_invocation_id == 0u) {
        scratch[(0u + (lane / subgroup_size))] = own;
    }
    let own_1 = subgroupAdd((*values)[1u]);
    if (subgroup_invocation_id == 0u) {
        scratch[(16u + (lane / subgroup_size))] = own_1;
    }
    workgroupBarrier();
    let subgroups = ((64u / subgroup_size) + u32(((64u % subgroup_size) != 0u)));
    var total: f32 = 0.0f;
    for (var subgroup: u32 = 0u; subgroup < subgroups; subgroup++) {
        total += scratch[(0u + subgroup)];
    }
    (*values)[0u] = total;
    var total_1: f32 = 0.0f;
    for (var subgroup_1: u32 = 0u; subgroup_1 < subgroups; subgroup_1++) {
        total_1 += scratch[(16u + subgroup_1)];
    }
    (*values)[1u] = total_1;
    workgroupBarrier();
}

fn Identity_finish(sum: f32, cap: f32) -> f32 {
    return sum;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32, @builtin(subgroup_size) subgroup_size_in: u32, @builtin(subgroup_invocation_id) subgroup_invocation_id_in: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    subgroup_size = subgroup_size_in;
    subgroup_invocation_id = subgroup_invocation_id_in;
    let row = (group * 2u);
    var sums: array<f32, 2> = array<f32, 2>();
    let plain = Prologue(0.0f, 1.0f);
    row_dots_Q5_K_Subgroups_64_2_false_false_x_x_x_x_w(local_invocation_index, row, (uniforms.params.rows - 1u), uniforms.params.k, plain, &sums);
    Subgroups_64_sums_2_scratch(&sums, local_invocation_index);
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
