// sample<Tree<256>> | features:
struct SampleParams {
    vocab: u32,
    slot: u32,
    run: u32,
    seed: u32,
    top_k: u32,
    top_p: f32,
    top_p_reach: f32,
    min_p_reach: f32,
    inverse_temperature: f32,
}

struct Prefix {
    before: f32,
    total: f32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: SampleParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> state: array<u32>;
@group(0) @binding(2) var<storage, read> logits: array<f32>;
@group(0) @binding(3) var<storage, read> peaks: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> candidates: array<vec2<u32>>;
@group(0) @binding(5) var<storage, read_write> sampled: array<u32>;
var<workgroup> sums: array<f32, 256>;
var<workgroup> scratch: array<f32, 256>;

fn Tree_256_max_scratch(value: f32, lane: u32) -> f32 {
    scratch[lane] = value;
    workgroupBarrier();
    if (lane < 128u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 128u)]);
    }
    workgroupBarrier();
    if (lane < 64u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 64u)]);
    }
    workgroupBarrier();
    if (lane < 32u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 32u)]);
    }
    workgroupBarrier();
    if (lane < 16u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 16u)]);
    }
    workgroupBarrier();
    if (lane < 8u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 8u)]);
    }
    workgroupBarrier();
    if (lane < 4u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 4u)]);
    }
    workgroupBarrier();
    if (lane < 2u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 2u)]);
    }
    workgroupBarrier();
    if (lane < 1u) {
        scratch[lane] = max(scratch[lane], scratch[(lane + 1u)]);
    }
    workgroupBarrier();
    let greatest = scratch[0i];
    workgroupBarrier();
    return greatest;
}

fn order_key(value: f32) -> u32 {
    let bits = bitcast<u32>(value);
    return select((bits | 2147483648u), ~(bits), ((bits >> 31u) == 1u));
}

fn Tree_256_sum_scratch(value: f32, lane: u32) -> f32 {
    scratch[lane] = value;
    workgroupBarrier();
    if (lane < 128u) {
        scratch[lane] += scratch[(lane + 128u)];
    }
    workgroupBarrier();
    if (lane < 64u) {
        scratch[lane] += scratch[(lane + 64u)];
    }
    workgroupBarrier();
    if (lane < 32u) {
        scratch[lane] += scratch[(lane + 32u)];
    }
    workgroupBarrier();
    if (lane < 16u) {
        scratch[lane] += scratch[(lane + 16u)];
    }
    workgroupBarrier();
    if (lane < 8u) {
        scratch[lane] += scratch[(lane + 8u)];
    }
    workgroupBarrier();
    if (lane < 4u) {
        scratch[lane] += scratch[(lane + 4u)];
    }
    workgroupBarrier();
    if (lane < 2u) {
        scratch[lane] += scratch[(lane + 2u)];
    }
    workgroupBarrier();
    if (lane < 1u) {
        scratch[lane] += scratch[(lane + 1u)];
    }
    workgroupBarrier();
    let total = scratch[0i];
    workgroupBarrier();
    return total;
}

fn prefix_Tree_256_sums(own: f32, lane: u32) -> Prefix {
    sums[lane] = own;
    workgroupBarrier();
    var before: f32 = 0.0f;
    var total: f32 = 0.0f;
    for (var other: u32 = 0u; other < 256u; other++) {
        if (other == lane) {
            before = total;
        }
        total += sums[other];
    }
    workgroupBarrier();
    return Prefix(before, total);
}

fn pcg(input: u32) -> u32 {
    let state_1 = ((input * 747796405u) + 2891336453u);
    let word = (((state_1 >> ((state_1 >> 28u) + 4u)) ^ state_1) * 277803737u);
    return ((word >> 22u) ^ word);
}

fn unit_random(seed: u32, counter: u32) -> f32 {
    return (f32((pcg((counter + pcg(seed))) >> 8u)) * 5.9604645e-8f);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let chunks = (((uniforms.params.vocab + 256u) - 1u) / 256u);
    var own_peak: f32 = (-3.4028234663852886e38f);
    for (var chunk: u32 = local_invocation_index; chunk < chunks; chunk += 256u) {
        own_peak = max(own_peak, peaks[chunk].x);
    }
    let greatest = Tree_256_max_scratch(own_peak, local_invocation_index);
    let top = order_key(greatest);
    var v_floor: u32 = 0u;
    if ((uniforms.params.top_k > 0u) && (uniforms.params.top_k <= chunks)) {
        var high: u32 = top;
        for (var counter: u32 = 0u; counter < 32u; counter++) {
            let middle = (high - ((high - v_floor) / 2u));
            var count: f32 = 0.0f;
            if (v_floor < high) {
                for (var chunk_1: u32 = local_invocation_index; chunk_1 < chunks; chunk_1 += 256u) {
                    count += f32((order_key(peaks[chunk_1].x) >= middle));
                }
            }
            let reached = Tree_256_sum_scratch(count, local_invocation_index);
            if (v_floor < high) {
                if (reached >= f32(uniforms.params.top_k)) {
                    v_floor = middle;
                } else {
                    high = (middle - 1u);
                }
            }
        }
    }
    if ((uniforms.params.top_k == 0u) && (uniforms.params.top_p < 1.0f)) {
        v_floor = order_key((greatest - uniforms.params.top_p_reach));
    }
    let min_p_floor = order_key(max((greatest - uniforms.params.min_p_reach), (-3.4028234663852886e38f)));
    if ((uniforms.params.top_p >= 1.0f) && (uniforms.params.top_k == 0u)) {
        v_floor = min_p_floor;
    }
    let chunks_a_lane = (((chunks + 256u) - 1u) / 256u);
    let first_chunk = min((local_invocation_index * chunks_a_lane), chunks);
    let last_chunk = min((first_chunk + chunks_a_lane), chunks);
    var found: u32 = 0u;
    for (var chunk_2: u32 = first_chunk; chunk_2 < last_chunk; chunk_2++) {
        if (order_key(peaks[chunk_2].x) >= v_floor) {
            let end = min(((chunk_2 * 256u) + 256u), uniforms.params.vocab);
            for (var i: u32 = (chunk_2 * 256u); i < end; i++) {
                found += u32((order_key(logits[i]) >= v_floor));
            }
        }
    }
    let place = prefix_Tree_256_sums(f32(found), local_invocation_index);
    var next: u32 = u32(place.before);
    let count_1 = u32(place.total);
    for (var chunk_3: u32 = first_chunk; chunk_3 < last_chunk; chunk_3++) {
        if (order_key(peaks[chunk_3].x) >= v_floor) {
            let end_1 = min(((chunk_3 * 256u) + 256u), uniforms.params.vocab);
            for (var i_1: u32 = (chunk_3 * 256u); i_1 < end_1; i_1++) {
                let logit = logits[i_1];
                if (order_key(logit) >= v_floor) {
                    candidates[next] = vec2(i_1, bitcast<u32>(logit));
                    next += 1u;
                }
            }
        }
    }
    storageBarrier();
    var threshold: u32 = v_floor;
    if (uniforms.params.top_k > 0u) {
        var high_1: u32 = top;
        for (var counter_1: u32 = 0u; counter_1 < 32u; counter_1++) {
            let middle_1 = (high_1 - ((high_1 - threshold) / 2u));
            var reaching: f32 = 0.0f;
            if (threshold < high_1) {
                for (var i_2: u32 = local_invocation_index; i_2 < count_1; i_2 += 256u) {
                    reaching += f32((order_key(bitcast<f32>(candidates[i_2].y)) >= middle_1));
                }
            }
            let reached_1 = Tree_256_sum_scratch(reaching, local_invocation_index);
            if (threshold < high_1) {
                if (reached_1 >= f32(uniforms.params.top_k)) {
                    threshold = middle_1;
                    if (reached_1 == f32(uniforms.params.top_k)) {
                        high_1 = middle_1;
                    }
                } else {
                    high_1 = (middle_1 - 1u);
                }
            }
        }
    }
    if (uniforms.params.top_p < 1.0f) {
        var own_mass: f32 = 0.0f;
        if (uniforms.params.top_k > 0u) {
            for (var i_3: u32 = local_invocation_index; i_3 < count_1; i_3 += 256u) {
                let logit_1 = bitcast<f32>(candidates[i_3].y);
                if (order_key(logit_1) >= threshold) {
                    own_mass += exp((logit_1 - greatest));
                }
            }
        } else {
            for (var chunk_4: u32 = local_invocation_index; chunk_4 < chunks; chunk_4 += 256u) {
                own_mass += (peaks[chunk_4].y * exp((peaks[chunk_4].x - greatest)));
            }
        }
        let needed = (Tree_256_sum_scratch(own_mass, local_invocation_index) * uniforms.params.top_p);
        var high_2: u32 = top;
        for (var counter_2: u32 = 0u; counter_2 < 32u; counter_2++) {
            let middle_2 = (high_2 - ((high_2 - threshold) / 2u));
            var reaching_1: f32 = 0.0f;
            if (threshold < high_2) {
                for (var i_4: u32 = local_invocation_index; i_4 < count_1; i_4 += 256u) {
                    let logit_2 = bitcast<f32>(candidates[i_4].y);
                    if (order_key(logit_2) >= middle_2) {
                        reaching_1 += exp((logit_2 - greatest));
                    }
                }
            }
            let reached_2 = Tree_256_sum_scratch(reaching_1, local_invocation_index);
            if (threshold < high_2) {
                if (reached_2 >= needed) {
                    threshold = middle_2;
                } else {
                    high_2 = (middle_2 - 1u);
                }
            }
        }
    }
    threshold = max(threshold, min_p_floor);
    let a_lane = (((count_1 + 256u) - 1u) / 256u);
    let first = min((local_invocation_index * a_lane), count_1);
    let last = min((first + a_lane), count_1);
    var own: f32 = 0.0f;
    for (var i_5: u32 = first; i_5 < last; i_5++) {
        let logit_3 = bitcast<f32>(candidates[i_5].y);
        if (order_key(logit_3) >= threshold) {
            own += exp(((logit_3 - greatest) * uniforms.params.inverse_temperature));
        }
    }
    let drawn = prefix_Tree_256_sums(own, local_invocation_index);
    let v_target = (unit_random(uniforms.params.seed, (state[0i] + uniforms.params.run)) * drawn.total);
    if ((drawn.before <= v_target) && (v_target < (drawn.before + own))) {
        var token: u32 = 0u;
        var sum: f32 = drawn.before;
        for (var i_6: u32 = first; i_6 < last; i_6++) {
            let logit_4 = bitcast<f32>(candidates[i_6].y);
            if (order_key(logit_4) >= threshold) {
                let mass = exp(((logit_4 - greatest) * uniforms.params.inverse_temperature));
                if ((mass > 0.0f) && (sum <= v_target)) {
                    token = candidates[i_6].x;
                }
                sum += mass;
            }
        }
        sampled[uniforms.params.slot] = token;
    }
}
