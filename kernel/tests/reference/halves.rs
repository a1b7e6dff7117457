//! `f16`: scalars, vectors, conversions, constants.

use kernel::prelude::*;

#[kernel(workgroup = 1, groups = 1)]
fn half_arithmetic(x: &Storage<f16>, y: &mut Storage<f16>) {
    let a = x[0];
    let b = x[1];
    y[0] = a + b * a - b / a;
    y[1] = -a % b;
    y[2] = max(a, b) + abs(-a);
    y[3] = fma(a, b, f16(1.5));
    if a > b {
        y[3] = f16(0);
    }
}

#[kernel(workgroup = 1, groups = 1)]
fn half_conversions(x: &Storage<f32>, y: &mut Storage<f32>) {
    let half = f16(x[0]);
    y[0] = f32(half);
    y[1] = f32(f16(x[1]) + half);
    y[2] = f32(u32(half)) + f32(i32(-half)) + f32(f16(3u32));
    y[3] = f32(f16(x[1] * 1e6)) - f32(half);
}

const STEPS: Vec4<f16> = Vec4::new(f16::ONE, f16::ZERO, f16::NEG_ONE, f16::EPSILON);

#[kernel(workgroup = 1, groups = 1)]
fn half_vectors(x: &Storage<Vec4<f16>>, y: &mut Storage<Vec4<f16>>) {
    let mut v = x[0] * x[1] + STEPS;
    v.w = dot(x[0], x[1]);
    y[0] = f16(2.0) * v;
    y[1] = vec4(v.x, v.y, f16(1), f16(0));
}

#[kernel(workgroup = 4, groups = 1)]
async fn half_workgroup(
    lane: LocalIndex,
    x: &Storage<f16>,
    y: &mut Storage<f16>,
    #[len = 4] tile: &mut Workgroup<f16>,
) {
    let zeros = [f16(0.0); 2];
    tile[lane] = x[lane] + zeros[1];
    workgroup_barrier().await;
    y[lane] = tile[3 - lane];
}

const fn h(value: f32) -> f16 {
    f16::from_f32_const(value)
}

crate::rows! { "halves.rs":
    half_arithmetic "`f16`", [h(2.0), h(3.0)] => [h(6.5), h(-2.0), h(5.0), h(7.5)],
        "Rounded to `f16` after every operation. Needs the device feature `f16`.";
    half_conversions "conversions of `f16`", [1.0009f32, 4096.0] => [1.000_976_6f32, 4096.0, 3.0, f32::INFINITY],
        "To the nearest `f16`, ties to even; past 65504 to infinity.";
    half_vectors "vectors of `f16`",
        [Vec4::splat(h(2.0)), vec4(h(1.0), h(2.0), h(3.0), h(4.0))]
            => [vec4(h(6.0), h(8.0), h(10.0), h(40.0)), vec4(h(3.0), h(4.0), h(1.0), h(0.0))],
        "As of `f32`. A `dot` rounds every product and sum.";
    half_workgroup "`f16` in workgroup memory", [h(1.0), h(2.0), h(3.0), h(4.0)] => [h(4.0), h(3.0), h(2.0), h(1.0)],
        "2 bytes an element; NaN at the start.";
}
