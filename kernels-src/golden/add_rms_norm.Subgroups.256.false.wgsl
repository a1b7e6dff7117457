// add_rms_norm<Subgroups<256>, false> | features: subgroups
struct AddRmsNormParams {
    rows: u32,
    n: u32,
    eps: f32,
    scale: f32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: AddRmsNormParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> o: array<f32>;
@group(0) @binding(2) var<storage, read> w_post: array<f32>;
@group(0) @binding(3) var<storage, read> w_next: array<f32>;
@group(0) @binding(4) var<storage, read_write> h: array<f32>;
@group(0) @binding(5) var<storage, read_write> x: array<f32>;
var<workgroup> scratch: array<f32, 64>;
var<private> subgroup_size: u32;
var<private> subgroup_invocation_id: u32;

fn Subgroups_256_sum_scratch(value: f32, lane: u32) -> f32 {
    let own = subgroupAdd(value);
    if (subgroup_invocation_id == 0u) {
        scratch[(lane / subgroup_size)] = own;
    }
    workgroupBarrier();
    var total: f32 = 0.0f;
    let end = ((256u / subgroup_size) + u32(((256u % subgroup_size) != 0u)));
    for (var subgroup: u32 = 0u; subgroup < end; subgroup++) {
        total += scratch[subgroup];
    }
    workgroupBarrier();
    return total;
}

fn inverse_rms_Subgroups_256_o_scratch(first: u32, n: u32, eps: f32, lane: u32) -> f32 {
    var squares: f32 = 0.0f;
    for (var i: u32 = lane; i < n; i += 256u) {
        let value = o[(first + i)];
        squares = fma(value, value, squares);
    }
    let sum = Subgroups_256_sum_scratch(squares, lane);
    return inverseSqrt(((sum / f32(n)) + eps));
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32, @builtin(subgroup_size) subgroup_size_in: u32, @builtin(subgroup_invocation_id) subgroup_invocation_id_in: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    subgroup_size = subgroup_size_in;
    subgroup_invocation_id = subgroup_invocation_id_in;
    let first = (group * uniforms.params.n);
    let inverse = inverse_rms_Subgroups_256_o_scratch(first, uniforms.params.n, uniforms.params.eps, local_invocation_index);
    var squares: f32 = 0.0f;
    for (var i: u32 = local_invocation_index; i < uniforms.params.n; i += 256u) {
        let value = ((h[(first + i)] + ((o[(first + i)] * inverse) * w_post[i])) * uniforms.params.scale);
        h[(first + i)] = value;
        squares = fma(value, value, squares);
    }
}
