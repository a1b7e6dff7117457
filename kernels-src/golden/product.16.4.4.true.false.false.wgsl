// product<16, 4, 4, true, false, false> | features:
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

struct Lines {
    at: u32,
    stride: u32,
    first: u32,
    count: u32,
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
var<workgroup> b_tile: array<f32, 1040>;

fn depth_of_16_4_true(item: u32) -> u32 {
    return (item / 64u);
}

fn line_of_16_4_true(item: u32) -> u32 {
    return (item % 64u);
}

fn value_true_a(lines: Lines, line: u32, depth: u32, to: u32) -> f32 {
    let i = min((lines.first + line), (lines.count - 1u));
    let l = min(depth, (to - 1u));
    var source: u32 = ((lines.at + (i * lines.stride)) + l);
    source = ((lines.at + (l * lines.stride)) + i);
    return select(0.0f, a[source], (depth < to));
}

fn fetch_16_4_true_a(lines: Lines, v_from: u32, to: u32, lane: u32, next: ptr<function, array<f32, 4>>) {
    let item = (lane + 0u);
    let depth = (v_from + depth_of_16_4_true(item));
    (*next)[0u] = value_true_a(lines, line_of_16_4_true(item), depth, to);
    let item_1 = (lane + 256u);
    let depth_1 = (v_from + depth_of_16_4_true(item_1));
    (*next)[1u] = value_true_a(lines, line_of_16_4_true(item_1), depth_1, to);
    let item_2 = (lane + 512u);
    let depth_2 = (v_from + depth_of_16_4_true(item_2));
    (*next)[2u] = value_true_a(lines, line_of_16_4_true(item_2), depth_2, to);
    let item_3 = (lane + 768u);
    let depth_3 = (v_from + depth_of_16_4_true(item_3));
    (*next)[3u] = value_true_a(lines, line_of_16_4_true(item_3), depth_3, to);
}

fn depth_of_16_4_false(item: u32) -> u32 {
    return (item % 16u);
}

fn line_of_16_4_false(item: u32) -> u32 {
    return (item / 16u);
}

fn value_false_b(lines: Lines, line: u32, depth: u32, to: u32) -> f32 {
    let i = min((lines.first + line), (lines.count - 1u));
    let l = min(depth, (to - 1u));
    var source: u32 = ((lines.at + (i * lines.stride)) + l);
    return select(0.0f, b[source], (depth < to));
}

fn fetch_16_4_false_b(lines: Lines, v_from: u32, to: u32, lane: u32, next: ptr<function, array<f32, 4>>) {
    let item = (lane + 0u);
    let depth = (v_from + depth_of_16_4_false(item));
    (*next)[0u] = value_false_b(lines, line_of_16_4_false(item), depth, to);
    let item_1 = (lane + 256u);
    let depth_1 = (v_from + depth_of_16_4_false(item_1));
    (*next)[1u] = value_false_b(lines, line_of_16_4_false(item_1), depth_1, to);
    let item_2 = (lane + 512u);
    let depth_2 = (v_from + depth_of_16_4_false(item_2));
    (*next)[2u] = value_false_b(lines, line_of_16_4_false(item_2), depth_2, to);
    let item_3 = (lane + 768u);
    let depth_3 = (v_from + depth_of_16_4_false(item_3));
    (*next)[3u] = value_false_b(lines, line_of_16_4_false(item_3), depth_3, to);
}

fn stage_16_4_true_a_tile(next: ptr<function, array<f32, 4>>, lane: u32) {
    let item = (lane + 0u);
    let depth = depth_of_16_4_true(item);
    a_tile[((depth * 65u) + line_of_16_4_true(item))] = (*next)[0u];
    let item_1 = (lane + 256u);
    let depth_1 = depth_of_16_4_true(item_1);
    a_tile[((depth_1 * 65u) + line_of_16_4_true(item_1))] = (*next)[1u];
    let item_2 = (lane + 512u);
    let depth_2 = depth_of_16_4_true(item_2);
    a_tile[((depth_2 * 65u) + line_of_16_4_true(item_2))] = (*next)[2u];
    let item_3 = (lane + 768u);
    let depth_3 = depth_of_16_4_true(item_3);
    a_tile[((depth_3 * 65u) + line_of_16_4_true(item_3))] = (*next)[3u];
}

fn stage_16_4_false_b_tile(next: ptr<function, array<f32, 4>>, lane: u32) {
    let item = (lane + 0u);
    let depth = depth_of_16_4_false(item);
    b_tile[((depth * 65u) + line_of_16_4_false(item))] = (*next)[0u];
    let item_1 = (lane + 256u);
    let depth_1 = depth_of_16_4_false(item_1);
    b_tile[((depth_1 * 65u) + line_of_16_4_false(item_1))] = (*next)[1u];
    let item_2 = (lane + 512u);
    let depth_2 = depth_of_16_4_false(item_2);
    b_tile[((depth_2 * 65u) + line_of_16_4_false(item_2))] = (*next)[2u];
    let item_3 = (lane + 768u);
    let depth_3 = depth_of_16_4_false(item_3);
    b_tile[((depth_3 * 65u) + line_of_16_4_false(item_3))] = (*next)[3u];
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    let a_tiles = (((uniforms.params.m + 64u) - 1u) / 64u);
    let b_tiles = (((uniforms.params.n + 64u) - 1u) / 64u);
    let first_a = ((group % a_tiles) * 64u);
    let first_b = (((group / a_tiles) % b_tiles) * 64u);
    let split = ((group / a_tiles) / b_tiles);
    let per_split = (((uniforms.params.k + uniforms.params.splits) - 1u) / uniforms.params.splits);
    let end = min(((split + 1u) * per_split), uniforms.params.k);
    let column = (local_invocation_index % 16u);
    let line = (local_invocation_index / 16u);
    let a_lines = Lines(uniforms.params.a_at, uniforms.params.a_stride, first_a, uniforms.params.m);
    let b_lines = Lines(uniforms.params.b_at, uniforms.params.b_stride, first_b, uniforms.params.n);
    let whole = ((true && ((first_a + 64u) <= uniforms.params.m)) && ((first_b + 64u) <= uniforms.params.n));
    var before: array<array<f32, 4>, 4> = array<array<f32, 4>, 4>();
    if (false && whole) {
        let row = (uniforms.params.y_at + (((first_a + line) + 0u) * uniforms.params.y_stride));
        before[0u][0u] = y[(((row + first_b) + column) + 0u)];
        before[0u][1u] = y[(((row + first_b) + column) + 16u)];
        before[0u][2u] = y[(((row + first_b) + column) + 32u)];
        before[0u][3u] = y[(((row + first_b) + column) + 48u)];
        let row_1 = (uniforms.params.y_at + (((first_a + line) + 16u) * uniforms.params.y_stride));
        before[1u][0u] = y[(((row_1 + first_b) + column) + 0u)];
        before[1u][1u] = y[(((row_1 + first_b) + column) + 16u)];
        before[1u][2u] = y[(((row_1 + first_b) + column) + 32u)];
        before[1u][3u] = y[(((row_1 + first_b) + column) + 48u)];
        let row_2 = (uniforms.params.y_at + (((first_a + line) + 32u) * uniforms.params.y_stride));
        before[2u][0u] = y[(((row_2 + first_b) + column) + 0u)];
        before[2u][1u] = y[(((row_2 + first_b) + column) + 16u)];
        before[2u][2u] = y[(((row_2 + first_b) + column) + 32u)];
        before[2u][3u] = y[(((row_2 + first_b) + column) + 48u)];
        let row_3 = (uniforms.params.y_at + (((first_a + line) + 48u) * uniforms.params.y_stride));
        before[3u][0u] = y[(((row_3 + first_b) + column) + 0u)];
        before[3u][1u] = y[(((row_3 + first_b) + column) + 16u)];
        before[3u][2u] = y[(((row_3 + first_b) + column) + 32u)];
        before[3u][3u] = y[(((row_3 + first_b) + column) + 48u)];
    }
    let begin = min((split * per_split), uniforms.params.k);
    var a_next: array<f32, 4> = array<f32, 4>();
    var b_next: array<f32, 4> = array<f32, 4>();
    fetch_16_4_true_a(a_lines, begin, end, local_invocation_index, &a_next);
    fetch_16_4_false_b(b_lines, begin, end, local_invocation_index, &b_next);
    var acc: array<array<f32, 4>, 4> = array<array<f32, 4>, 4>();
    for (var v_from: u32 = begin; v_from < end; v_from += 16u) {
        stage_16_4_true_a_tile(&a_next, local_invocation_index);
        stage_16_4_false_b_tile(&b_next, local_invocation_index);
        workgroupBarrier();
        fetch_16_4_true_a(a_lines, (v_from + 16u), end, local_invocation_index, &a_next);
        fetch_16_4_false_b(b_lines, (v_from + 16u), end, local_invocation_index, &b_next);
        for (var depth: u32 = 0u; depth < 16u; depth++) {
            var left: array<f32, 4> = array<f32, 4>();
            left[0u] = a_tile[(((depth * 65u) + line) + 0u)];
            left[1u] = a_tile[(((depth * 65u) + line) + 16u)];
            left[2u] = a_tile[(((depth * 65u) + line) + 32u)];
            left[3u] = a_tile[(((depth * 65u) + line) + 48u)];
            let right = b_tile[(((depth * 65u) + column) + 0u)];
            acc[0u][0u] = fma(left[0u], right, acc[0u][0u]);
            acc[0u][1u] = fma(left[1u], right, acc[0u][1u]);
            acc[0u][2u] = fma(left[2u], right, acc[0u][2u]);
            acc[0u][3u] = fma(left[3u], right, acc[0u][3u]);
            let right_1 = b_tile[(((depth * 65u) + column) + 16u)];
            acc[1u][0u] = fma(left[0u], right_1, acc[1u][0u]);
            acc[1u][1u] = fma(left[1u], right_1, acc[1u][1u]);
            acc[1u][2u] = fma(left[2u], right_1, acc[1u][2u]);
            acc[1u][3u] = fma(left[3u], right_1, acc[1u][3u]);
            let right_2 = b_tile[(((depth * 65u) + column) + 32u)];
            acc[2u][0u] = fma(left[0u], right_2, acc[2u][0u]);
            acc[2u][1u] = fma(left[1u], right_2, acc[2u][1u]);
            acc[2u][2u] = fma(left[2u], right_2, acc[2u][2u]);
            acc[2u][3u] = fma(left[3u], right_2, acc[2u][3u]);
            let right_3 = b_tile[(((depth * 65u) + column) + 48u)];
            acc[3u][0u] = fma(left[0u], right_3, acc[3u][0u]);
            acc[3u][1u] = fma(left[1u], right_3, acc[3u][1u]);
            acc[3u][2u] = fma(left[2u], right_3, acc[3u][2u]);
            acc[3u][3u] = fma(left[3u], right_3, acc[3u][3u]);
        }
        workgroupBarrier();
    }
    let row_4 = ((first_a + line) + 0u);
    let at = ((first_b + column) + 0u);
    if ((row_4 < uniforms.params.m) && (at < uniforms.params.n)) {
        let v_target = ((uniforms.params.y_at + (((split * uniforms.params.m) + row_4) * uniforms.params.y_stride)) + at);
        var value: f32 = (uniforms.params.scale * acc[0u][0u]);
        if (false && whole) {
            value += before[0u][0u];
        } else {
        }
        y[v_target] = value;
    }
    let at_1 = ((first_b + column) + 16u);
    if ((row_4 < uniforms.params.m) && (at_1 < uniforms.params.n)) {
        let v_target_1 = ((uniforms.params.y_at + (((split * uniforms.params.m) + row_4) * uniforms.params.y_stride)) + at_1);
        var value_1: f32 = (uniforms.params.scale * acc[1u][0u]);
        if (false && whole) {
            value_1 += before[0u][1u];
        } else {
        }
        y[v_target_1] = value_1;
    }
    let at_2 = ((first_b + column) + 32u);
    if ((row_4 < uniforms.params.m) && (at_2 < uniforms.params.n)) {
        let v_target_2 = ((uniforms.params.y_at + (((split * uniforms.params.m) + row_4) * uniforms.params.y_stride)) + at_2);
        var value_2: f32 = (uniforms.params.scale * acc[2u][0u]);
        if (false && whole) {
            value_2 += before[0u][2u];
        } else {
        }
        y[v_target_2] = value_2;
    }
    let at_3 = ((first_b + column) + 48u);
    if ((row_4 < uniforms.params.m) && (at_3 < uniforms.params.n)) {
        let v_target_3 = ((uniforms.params.y_at + (((split * uniforms.params.m) + row_4) * uniforms.params.y_stride)) + at_3);
        var value_3: f32 = (uniforms.params.scale * acc[3u][0u]);
        if (false && whole) {
            value_3 += before[0u][3u];
        } else {
        }
        y[v_target_3] = value_3;
    }
    let row_5 = ((first_a + line) + 16u);
    let at_4 = ((first_b + column) + 0u);
    if ((row_5 < uniforms.params.m) && (at_4 < uniforms.params.n)) {
        let v_target_4 = ((uniforms.params.y_at + (((split * uniforms.params.m) + row_5) * uniforms.params.y_stride)) + at_4);
        var value_4: f32 = (uniforms.params.scale * acc[0u][1u]);
        if (false && whole) {
            value_4 += before[1u][0u];
        } else {
        }
        y[v_target_4] = value_4;
    }
    let at_5 = ((first_b + column) + 16u);
    if ((row_5 < uniforms.params.m) && (at_5 < uniforms.params.n)) {
        let v_target_5 = ((uniforms.params.y_at + (((split * uniforms.params.m) + row_5) * uniforms.params.y_stride)) + at_5);
        var value_5: f32 = (uniforms.params.scale * acc[1u][1u]);
        if (false && whole) {
            value_5 += before[1u][1u];
        } else {
        }
        y[v_target_5] = value_5;
    }
    let at_6 = ((first_b + column) + 32u);
    if ((row_5 < uniforms.params.m) && (at_6 < uniforms.params.n)) {
        let v_target_6 = ((uniforms.params.y_at + (((split * uniforms.params.m) + row_5) * uniforms.params.y_stride)) + at_6);
        var value_6: f32 = (uniforms.params.scale * acc[2u][1u]);
        if (false && whole) {
            value_6 += before[1u][2u];
        } else {
        }
        y[v_target_6] = value_6;
    }
    let at_7 = ((first_b + column) + 48u);
    if ((row_5 < uniforms.params.m) && (at_7 < uniforms.params.n)) {
        let v_target_7 = ((uniforms.params.y_at + (((split * uniforms.params.m) + row_5) * uniforms.params.y_stride)) + at_7);
        var value_7: f32 = (uniforms.params.scale * acc[3u][1u]);
        if (false && whole) {
            value_7 += before[1u][3u];
        } else {
        }
        y[v_target_7] = value_7;
    }
    let row_6 = ((first_a + line) + 32u);
    let at_8 = ((first_b + column) + 0u);
    if ((row_6 < uniforms.params.m) && (at_8 < uniforms.params.n)) {
        let v_target_8 = ((uniforms.params.y_at + (((split * uniforms.params.m) + row_6) * uniforms.params.y_stride)) + at_8);
        var value_8: f32 = (uniforms.params.scale * acc[0u][2u]);
        if (false && whole) {
            value_8 += before[2u][0u];
        } else {
        }
        y[v_target_8] = value_8;
    }
    let at_9 = ((first_b + column) + 16u);
    if ((row_6 < uniforms.params.m) && (at_9 < uniforms.params.n)) {
        let v_target_9 = ((uniforms.params.y_at + (((split * uniforms.params.m) + row_6) * uniforms.params.y_stride)) + at_9);
        var value_9: f32 = (uniforms.params.scale * acc[1u][2u]);
        if (false && whole) {
            value_9 += before[2u][1u];
        } else {
        }
        y[v_target_9] = value_9;
    }
    let at_10 = ((first_b + column) + 32u);
    if ((row_6 < uniforms.params.m) && (at_10 < uniforms.params.n)) {
        let v_target_10 = ((uniforms.params.y_at + (((split * uniforms.params.m) + row_6) * uniforms.params.y_stride)) + at_10);
        var value_10: f32 = (uniforms.params.scale * acc[2u][2u]);
        if (false && whole) {
            value_10 += before[2u][2u];
        } else {
        }
        y[v_target_10] = value_10;
    }
    let at_11 = ((first_b + column) + 48u);
    if ((row_6 < uniforms.params.m) && (at_11 < uniforms.params.n)) {
        let v_target_11 = ((uniforms.params.y_at + (((split * uniforms.params.m) + row_6) * uniforms.params.y_stride)) + at_11);
        var value_11: f32 = (uniforms.params.scale * acc[3u][2u]);
        if (false && whole) {
            value_11 += before[2u][3u];
        } else {
        }
        y[v_target_11] = value_11;
    }
    let row_7 = ((first_a + line) + 48u);
    let at_12 = ((first_b + column) + 0u);
    if ((row_7 < uniforms.params.m) && (at_12 < uniforms.params.n)) {
        let v_target_12 = ((uniforms.params.y_at + (((split * uniforms.params.m) + row_7) * uniforms.params.y_stride)) + at_12);
        var value_12: f32 = (uniforms.params.scale * acc[0u][3u]);
        if (false && whole) {
            value_12 += before[3u][0u];
        } else {
        }
        y[v_target_12] = value_12;
    }
    let at_13 = ((first_b + column) + 16u);
    if ((row_7 < uniforms.params.m) && (at_13 < uniforms.params.n)) {
        let v_target_13 = ((uniforms.params.y_at + (((split * uniforms.params.m) + row_7) * uniforms.params.y_stride)) + at_13);
        var value_13: f32 = (uniforms.params.scale * acc[1u][3u]);
        if (false && whole) {
            value_13 += before[3u][1u];
        } else {
        }
        y[v_target_13] = value_13;
    }
    let at_14 = ((first_b + column) + 32u);
    if ((row_7 < uniforms.params.m) && (at_14 < uniforms.params.n)) {
        let v_target_14 = ((uniforms.params.y_at + (((split * uniforms.params.m) + row_7) * uniforms.params.y_stride)) + at_14);
        var value_14: f32 = (uniforms.params.scale * acc[2u][3u]);
        if (false && whole) {
            value_14 += before[3u][2u];
        } else {
        }
        y[v_target_14] = value_14;
    }
    let at_15 = ((first_b + column) + 48u);
    if ((row_7 < uniforms.params.m) && (at_15 < uniforms.params.n)) {
        let v_target_15 = ((uniforms.params.y_at + (((split * uniforms.params.m) + row_7) * uniforms.params.y_stride)) + at_15);
        var value_15: f32 = (uniforms.params.scale * acc[3u][3u]);
        if (false && whole) {
            value_15 += before[3u][3u];
        } else {
        }
        y[v_target_15] = value_15;
    }
}
