// cross_entropy_piece<Scale, Subgroups<256>, true> | features: subgroups
struct CrossEntropyPieceParams {
    rows: u32,
    n: u32,
    first: u32,
    factor: f32,
}

struct MapValueGradient {
    x: f32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: CrossEntropyPieceParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> targets: array<u32>;
@group(0) @binding(2) var<storage, read_write> logits: array<f32>;
@group(0) @binding(3) var<storage, read_write> running: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> faded: array<f32>;
@group(0) @binding(5) var<storage, read_write> target_products: array<f32>;
var<workgroup> scratch: array<f32, 64>;
var<private> subgroup_size: u32;
var<private> subgroup_invocation_id: u32;

fn Scale_value(x: f32, factor: f32) -> f32 {
    return (x * factor);
}

fn Subgroups_256_max_scratch(value: f32, lane: u32) -> f32 {
    let own = subgroupMax(value);
    if (subgroup_invocation_id == 0u) {
        scratch[(lane / subgroup_size)] = own;
    }
    workgroupBarrier();
    var greatest: f32 = scratch[0i];
    let end = ((256u / subgroup_size) + u32(((256u % subgroup_size) != 0u)));
    for (var subgroup: u32 = 1u; subgroup < end; subgroup++) {
        greatest = max(greatest, scratch[subgroup]);
    }
    workgroupBarrier();
    return greatest;
}

fn Scale_value_gradient(x: f32, factor: f32, dy: f32) -> MapValueGradient {
    return MapValueGradient((dy * factor));
}

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

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32, @builtin(subgroup_size) subgroup_size_in: u32, @builtin(subgroup_invocation_id) subgroup_invocation_id_in: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    subgroup_size = subgroup_size_in;
    subgroup_invocation_id = subgroup_invocation_id_in;
    let start = (group * uniforms.params.n);
    let v_target = targets[group];
    var highest: f32 = (-1e30f);
    var before: vec2<f32> = vec2((-1e30f), 0.0f);
    if ((local_invocation_index == 0u) && (uniforms.params.first > 0u)) {
        before = running[group];
        highest = before.x;
    }
    for (var i: u32 = local_invocation_index; i < uniforms.params.n; i += 256u) {
        let product = logits[(start + i)];
        highest = max(highest, Scale_value(product, uniforms.params.factor));
        if ((uniforms.params.first + i) == v_target) {
            target_products[group] = product;
        }
    }
    let greatest = Subgroups_256_max_scratch(highest, local_invocation_index);
    var own: f32 = 0.0f;
    for (var i_1: u32 = local_invocation_index; i_1 < uniforms.params.n; i_1 += 256u) {
        let product_1 = logits[(start + i_1)];
        let weight = exp((Scale_value(product_1, uniforms.params.factor) - greatest));
        own += weight;
        logits[(start + i_1)] = Scale_value_gradient(product_1, uniforms.params.factor, weight).x;
    }
    let sum = Subgroups_256_sum_scratch(own, local_invocation_index);
    if (local_invocation_index == 0u) {
        let fade = exp((before.x - greatest));
        faded[group] = fade;
        running[group] = vec2(greatest, ((before.y * fade) + sum));
    }
}
