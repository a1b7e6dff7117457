// y = x / rms(x) * w, one workgroup a row.

struct Params {
    rows: u32,
    n: u32,
    eps: f32,
    _pad: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

const WIDTH: u32 = 256u;
var<workgroup> partial: array<f32, WIDTH>;

@compute @workgroup_size(WIDTH)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    // More than 65535 rows come in two dimensions.
    let row = group.y * groups.x + group.x;
    if row >= params.rows {
        return;
    }

    var sum = 0.0;
    for (var i = lane; i < params.n; i += WIDTH) {
        let v = x[row * params.n + i];
        sum += v * v;
    }
    partial[lane] = sum;
    workgroupBarrier();
    for (var reach = WIDTH / 2u; reach > 0u; reach >>= 1u) {
        if lane < reach {
            partial[lane] += partial[lane + reach];
        }
        workgroupBarrier();
    }

    let scale = inverseSqrt(partial[0] / f32(params.n) + params.eps);
    for (var i = lane; i < params.n; i += WIDTH) {
        let at = row * params.n + i;
        y[at] = x[at] * scale * w[i];
    }
}
