// product<16, 4, 1, false, true, false> | features:
struct ProductParams {
    m: u32,
    n: u32,
    k: u32,
    scale: f32,
    a_at: u32,
    a_stride: u32,
    b_at: u32,
    b_stride: u32,
    y_at: u32,
    y_stride: u32,
    splits: u32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: ProductParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
var<workgroup> a_tile: array<f32, 1040>;
var<workgroup> b_tile: array<f32, 272>;

fn stage_16_4_false_a_a_tile(at: u32, stride: u32, first: u32, lines: u32, v_from: u32, to: u32, lane: u32) {
    for (var item: u32 = lane; item < 1024u; item += 256u) {
        var line: u32 = (item / 16u);
        var depth: u32 = (item % 16u);
        let i = min((first + line), (lines - 1u));
        let l = min((v_from + depth), (to - 1u));
        var source: u32 = ((at + (i * stride)) + l);
        a_tile[((depth * 65u) + line)] = select(0.0f, a[source], ((v_from + depth) < to));
    }
}

fn stage_16_1_true_b_b_tile(at: u32, stride: u32, first: u32, lines: u32, v_from: u32, to: u32, lane: u32) {
    for (var item: u32 = lane; item < 256u; item += 256u) {
        var line: u32 = (item / 16u);
        var depth: u32 = (item % 16u);
        line = (item % 16u);
        depth = (item / 16u);
        let i = min((first + line), (lines - 1u));
        let l = min((v_from + depth), (to - 1u));
        var source: u32 = ((at + (i * stride)) + l);
        source = ((at + (l * stride)) + i);
        b_tile[((depth * 17u) + line)] = select(0.0f, b[source], ((v_from + depth) < to));
    }
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let a_tiles = (((uniforms.params.m + 64u) - 1u) / 64u);
    let b_tiles = (((uniforms.params.n + 16u) - 1u) / 16u);
    let first_a = ((group % a_tiles) * 64u);
    let first_b = (((group / a_tiles) % b_tiles) * 16u);
    let split = ((group / a_tiles) / b_tiles);
    let per_split = (((uniforms.params.k + uniforms.params.splits) - 1u) / uniforms.params.splits);
    let end = min(((split + 1u) * per_split), uniforms.params.k);
    let column = (local_invocation_index % 16u);
    let line = (local_invocation_index / 16u);
    var acc: array<array<f32, 4>, 1> = array<array<f32, 4>, 1>();
    for (var v_from: u32 = min((split * per_split), uniforms.params.k); v_from < end; v_from += 16u) {
        stage_16_4_false_a_a_tile(uniforms.params.a_at, uniforms.params.a_stride, first_a, uniforms.params.m, v_from, end, local_invocation_index);
        stage_16_1_true_b_b_tile(uniforms.params.b_at, uniforms.params.b_stride, first_b, uniforms.params.n, v_from, end, local_invocation_index);
        workgroupBarrier();
        for (var depth: u32 = 0u; depth < 16u; depth++) {
            var left: array<f32, 4> = array<f32, 4>();
            left[0u] = a_tile[(((depth * 65u) + line) + 0u)];
            left[1u] = a_tile[(((depth * 65u) + line) + 16u)];
            left[2u] = a_tile[(((depth * 65u) + line) + 32u)];
            left[3u] = a_tile[(((depth * 65u) + line) + 48u)];
            let right = b_tile[(((depth * 17u) + column) + 0u)];
            acc[0u][0u] = fma(left[0u], right, acc[0u][0u]);
            acc[0u][1u] = fma(left[1u], right, acc[0u][1u]);
            acc[0u][2u] = fma(left[2u], right, acc[0u][2u]);
            acc[0u][3u] = fma(left[3u], right, acc[0u][3u]);
        }
        workgroupBarrier();
    }
    let row = ((first_a + line) + 0u);
    let at = ((first_b + column) + 0u);
    if ((row < uniforms.params.m) && (at < uniforms.params.n)) {
        let v_target = ((uniforms.params.y_at + (((split * uniforms.params.m) + row) * uniforms.params.y_stride)) + at);
        y[v_target] = (uniforms.params.scale * acc[0u][0u]);
    }
    let row_1 = ((first_a + line) + 16u);
    let at_1 = ((first_b + column) + 0u);
    if ((row_1 < uniforms.params.m) && (at_1 < uniforms.params.n)) {
        let v_target_1 = ((uniforms.params.y_at + (((split * uniforms.params.m) + row_1) * uniforms.params.y_stride)) + at_1);
        y[v_target_1] = (uniforms.params.scale * acc[0u][1u]);
    }
    let row_2 = ((first_a + line) + 32u);
    let at_2 = ((first_b + column) + 0u);
    if ((row_2 < uniforms.params.m) && (at_2 < uniforms.params.n)) {
        let v_target_2 = ((uniforms.params.y_at + (((split * uniforms.params.m) + row_2) * uniforms.params.y_stride)) + at_2);
        y[v_target_2] = (uniforms.params.scale * acc[0u][2u]);
    }
    let row_3 = ((first_a + line) + 48u);
    let at_3 = ((first_b + column) + 0u);
    if ((row_3 < uniforms.params.m) && (at_3 < uniforms.params.n)) {
        let v_target_3 = ((uniforms.params.y_at + (((split * uniforms.params.m) + row_3) * uniforms.params.y_stride)) + at_3);
        y[v_target_3] = (uniforms.params.scale * acc[0u][3u]);
    }
}
