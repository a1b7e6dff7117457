// argmax<Subgroups<256>> | features: subgroups
struct ArgmaxParams {
    vocab: u32,
    slot: u32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: ArgmaxParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> peaks: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read_write> sampled: array<u32>;
var<workgroup> scratch: array<f32, 64>;
var<private> subgroup_size: u32;
var<private> subgroup_invocation_id: u32;

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

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32, @builtin(subgroup_size) subgroup_size_in: u32, @builtin(subgroup_invocation_id) subgroup_invocation_id_in: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    subgroup_size = subgroup_size_in;
    subgroup_invocation_id = subgroup_invocation_id_in;
    let chunks = (((uniforms.params.vocab + 256u) - 1u) / 256u);
    var own: f32 = (-3.4028234663852886e38f);
    for (var chunk: u32 = local_invocation_index; chunk < chunks; chunk += 256u) {
        own = max(own, peaks[chunk].x);
    }
    let greatest = Subgroups_256_max_scratch(own, local_invocation_index);
    var least: f32 = f32((chunks - 1u));
    for (var chunk_1: u32 = local_invocation_index; chunk_1 < chunks; chunk_1 += 256u) {
        if (peaks[chunk_1].x == greatest) {
            least = min(least, f32(chunk_1));
        }
    }
    let first = (u32((-Subgroups_256_max_scratch((-least), local_invocation_index))) * 256u);
    let end = min((first + 256u), uniforms.params.vocab);
    var token: f32 = f32((end - 1u));
    for (var i: u32 = (first + local_invocation_index); i < end; i += 256u) {
        if (logits[i] == greatest) {
            token = min(token, f32(i));
        }
    }
    let lowest = u32((-Subgroups_256_max_scratch((-token), local_invocation_index)));
    if (local_invocation_index == 0u) {
        sampled[uniforms.params.slot] = lowest;
    }
}
