// attend_softmax<Subgroups<256>> | features: f16 subgroups
struct AttendTilesParams {
    rows: u32,
    heads: u32,
    kv_heads: u32,
    head_dim: u32,
    window: u32,
    first_row: u32,
    block: u32,
    first_key: u32,
    keys: u32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: AttendTilesParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> segments: array<u32>;
@group(0) @binding(2) var<storage, read> scores: array<f32>;
@group(0) @binding(3) var<storage, read_write> weights: array<vec4<f16>>;
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;
var<workgroup> scratch: array<f32, 64>;
var<private> subgroup_size: u32;
var<private> subgroup_invocation_id: u32;

fn first_seen(first_row: u32, window: u32, oldest: u32) -> u32 {
    var branch: u32;
    if (window > 0u) {
        branch = (max((first_row + 1u), window) - window);
    } else {
        branch = 0u;
    }
    let within = branch;
    return ((max(within, oldest) / 64u) * 64u);
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

fn sees(query: u32, key: u32, window: u32, oldest: u32) -> bool {
    return (((key <= query) && (key >= oldest)) && ((window == 0u) || ((key + window) > query)));
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32, @builtin(subgroup_size) subgroup_size_in: u32, @builtin(subgroup_invocation_id) subgroup_invocation_id_in: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    subgroup_size = subgroup_size_in;
    subgroup_invocation_id = subgroup_invocation_id_in;
    let row = (uniforms.params.first_row + (group / uniforms.params.heads));
    let head = (group % uniforms.params.heads);
    let first_row = ((row / 64u) * 64u);
    let first = first_seen(first_row, uniforms.params.window, segments[first_row]);
    let oldest = segments[row];
    var branch: u32;
    if (uniforms.params.window > 0u) {
        branch = (max((row + 1u), uniforms.params.window) - uniforms.params.window);
    } else {
        branch = 0u;
    }
    let start = max(branch, oldest);
    let at = ((((head * uniforms.params.block) + row) - uniforms.params.first_row) * uniforms.params.keys);
    var own: f32 = (-1e30f);
    let end = (row + 1u);
    for (var key: u32 = (start + local_invocation_index); key < end; key += 256u) {
        own = max(own, scores[((at + key) - uniforms.params.first_key)]);
    }
    let greatest = Subgroups_256_max_scratch(own, local_invocation_index);
    var terms: f32 = 0.0f;
    let end_1 = (row + 1u);
    for (var key_1: u32 = (start + local_invocation_index); key_1 < end_1; key_1 += 256u) {
        terms += exp((scores[((at + key_1) - uniforms.params.first_key)] - greatest));
    }
    let sum = Subgroups_256_sum_scratch(terms, local_invocation_index);
    let end_2 = ((first_row + 64u) / 4u);
    for (var quad: u32 = ((first / 4u) + local_invocation_index); quad < end_2; quad += 256u) {
        var values: vec4<f16> = vec4<f16>(f16(0.0f));
        let key_2 = ((4u * quad) + 0u);
        if sees(row, key_2, uniforms.params.window, oldest) {
            values[0u] = f16((exp((scores[((at + key_2) - uniforms.params.first_key)] - greatest)) / sum));
        }
        let key_3 = ((4u * quad) + 1u);
        if sees(row, key_3, uniforms.params.window, oldest) {
            values[1u] = f16((exp((scores[((at + key_3) - uniforms.params.first_key)] - greatest)) / sum));
        }
        let key_4 = ((4u * quad) + 2u);
        if sees(row, key_4, uniforms.params.window, oldest) {
            values[2u] = f16((exp((scores[((at + key_4) - uniforms.params.first_key)] - greatest)) / sum));
        }
        let key_5 = ((4u * quad) + 3u);
        if sees(row, key_5, uniforms.params.window, oldest) {
            values[3u] = f16((exp((scores[((at + key_5) - uniforms.params.first_key)] - greatest)) / sum));
        }
        weights[(((at + (4u * quad)) - uniforms.params.first_key) / 4u)] = values;
    }
    if (local_invocation_index == 0u) {
        lse[((row * uniforms.params.heads) + head)] = (greatest + log(sum));
    }
}
