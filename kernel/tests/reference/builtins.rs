//! WGSL's builtin functions.
#![allow(clippy::approx_constant, reason = "the expected results are what they are")]

use kernel::prelude::*;

#[kernel(workgroup = 1, groups = 1)]
fn rounding(x: &Storage<f32>, y: &mut Storage<f32>) {
    y[0] = floor(x[0]);
    y[1] = ceil(x[0]);
    y[2] = round(x[0]);
    y[3] = trunc(x[0]);
    y[4] = fract(x[0]);
    y[5] = abs(x[0]) + sign(x[0]);
    y[6] = saturate(x[1]) + step(x[0], x[1]);
    y[7] = quantize_to_f16(x[1]);
}

#[kernel(workgroup = 1, groups = 1)]
fn exponents(x: &Storage<f32>, y: &mut Storage<f32>) {
    y[0] = exp(x[0]);
    y[1] = exp2(x[0]);
    y[2] = log(x[0]);
    y[3] = log2(x[0]);
    y[4] = pow(x[0], x[1]);
    y[5] = sqrt(x[0]);
    y[6] = inverse_sqrt(x[0]);
    y[7] = ldexp(x[0], -3);
}

#[kernel(workgroup = 1, groups = 1)]
fn trigonometry(x: &Storage<f32>, y: &mut Storage<f32>) {
    y[0] = sin(x[0]) + cos(x[0]) + tan(x[0]);
    y[1] = asin(x[0]) + acos(x[0]) + atan(x[0]);
    y[2] = atan2(x[0], x[1]);
    y[3] = sinh(x[0]) + cosh(x[0]) + tanh(x[0]);
    y[4] = asinh(x[0]) + acosh(x[1]) + atanh(x[0]);
    y[5] = degrees(x[0]) + radians(x[0]);
}

#[kernel(workgroup = 1, groups = 1)]
fn arithmetic(x: &Storage<f32>, y: &mut Storage<f32>) {
    y[0] = fma(x[0], x[1], 1.0);
    y[1] = mix(x[0], x[1], 0.25);
    y[2] = clamp(x[0], 2.0, 3.0) + min(x[0], x[1]) * max(x[0], x[1]);
    y[3] = select(x[0], x[1], x[0] < x[1]);
}

#[kernel(workgroup = 1, groups = 1)]
fn geometry(x: &Storage<f32>, y: &mut Storage<f32>) {
    let a = vec3(x[0], x[1], x[2]);
    let b = vec3(x[3], x[4], x[5]);
    let c = cross(a, b);
    y[0] = c.x + 10.0 * c.y + 100.0 * c.z;
    y[1] = length(a) + distance(a, b);
    y[2] = dot(normalize(a), b);
    y[3] = dot(reflect(a, b), face_forward(a, b, c));
}

#[kernel(workgroup = 1, groups = 1)]
fn unsigned_bits(x: &Storage<u32>, y: &mut Storage<u32>) {
    y[0] = count_leading_zeros(x[0]);
    y[1] = count_one_bits(x[0]);
    y[2] = count_trailing_zeros(x[0]);
    y[3] = first_leading_bit(x[0]);
    y[4] = first_trailing_bit(x[0]);
    y[5] = reverse_bits(x[0]);
    y[6] = extract_bits(x[0], 4, 8);
    y[7] = insert_bits(x[0], x[1], 8, 4);
    y[8] = first_leading_bit(x[2]) & first_trailing_bit(x[2]);
}

#[kernel(workgroup = 1, groups = 1)]
fn signed_bits(x: &Storage<i32>, y: &mut Storage<i32>) {
    y[0] = extract_bits(x[0], 4, 4);
    y[1] = first_leading_bit(x[0]);
    y[2] = insert_bits(x[0], x[1], 30, u32(x[1]) * 3);
    y[3] = abs(x[0]) + sign(x[0]);
    y[4] = first_leading_bit(x[1]) + count_one_bits(x[1]);
    y[5] = abs(x[2]);
}

#[kernel(workgroup = 1, groups = 1)]
fn packed_dot(x: &Storage<u32>, y: &mut Storage<i32>) {
    y[0] = dot4_i8_packed(x[0], x[1]);
    y[1] = i32(dot4_u8_packed(x[0], x[1]));
}

#[kernel(workgroup = 1, groups = 1)]
fn packed_bytes(x: &Storage<u32>, y: &mut Storage<u32>) {
    let signed = unpack4x_i8(x[0]);
    let unsigned = unpack4x_u8(x[0]);
    y[0] = pack4x_i8(signed + signed);
    y[1] = pack4x_u8(unsigned * 3);
    y[2] = pack4x_i8_clamp(signed * 2);
    y[3] = pack4x_u8_clamp(unsigned * 3);
}

#[kernel(workgroup = 1, groups = 1)]
fn packed_floats(x: &Storage<f32>, y: &mut Storage<f32>) {
    let v = vec4(x[0], x[1], x[2], x[3]);
    y[0] = unpack4x8snorm(pack4x8snorm(v)).y;
    y[1] = unpack4x8unorm(pack4x8unorm(v)).x;
    y[2] = unpack2x16snorm(pack2x16snorm(vec2(v.x, v.y))).y;
    y[3] = unpack2x16unorm(pack2x16unorm(vec2(v.x, v.y))).x;
    y[4] = unpack2x16float(pack2x16float(vec2(v.z, v.w))).x;
    y[5] = unpack4x8snorm(pack4x8snorm(v)).w;
}

#[kernel(workgroup = 1, groups = 1)]
fn bits_as_another_type(x: &Storage<f32>, y: &mut Storage<u32>) {
    y[0] = bitcast::<u32, _>(x[0]);
    y[1] = bitcast(bitcast::<i32, _>(x[0]) + 1);
}

#[kernel(workgroup = 1, groups = 1)]
fn parts_of_numbers(x: &Storage<f32>, y: &mut Storage<f32>) {
    let parts = modf(x[0]);
    y[0] = parts.fract;
    y[1] = parts.whole;
    let numbers = frexp(vec3(x[0], x[1], x[2]));
    y[2] = numbers.fract.x;
    y[3] = f32(numbers.exp.x);
    y[4] = numbers.fract.y;
    y[5] = f32(numbers.exp.y);
    y[6] = ldexp(numbers.fract.z, numbers.exp.z);
}

crate::rows! { "builtins.rs":
    rounding "rounding", [-2.5f32, 0.3] => [-3.0f32, -2.0, -2.0, -2.0, 0.5, 1.5, 1.3, 0.300_048_83],
        "`round` takes halves to the even number. A browser may round `quantize_to_f16` toward zero.";
    exponents "exponents and roots", [2.0f32, 3.0]
            => [7.389_056f32, 4.0, 0.693_147_2, 1.0, 8.0, 1.414_213_5, 0.707_106_77, 0.25],
        "Rust's, which are at least as exact as WGSL asks. NaN where there is no result; a GPU may give anything.";
    trigonometry "trigonometry", [0.5f32, 2.0]
            => [1.903_310_5f32, 2.034_443_9, 0.244_978_66, 2.110_838_4, 2.347_475_7, 28.656_616],
        "Rust's. WGSL promises `sin` and `cos` to 2^-11 for |x| ≤ π only: keep angles small.";
    arithmetic "`fma`, `mix`, `clamp`, `min`, `max`, `select`", [1.0f32, 5.0] => [6.0f32, 2.0, 7.0, 5.0],
        "`fma` is rounded twice. Of a NaN and a number, `min` and `max` give the number. `select` evaluates both.";
    geometry "geometry", [1.0f32, 2.0, 2.0, 0.0, 3.0, 4.0] => [262.0f32, 5.449_489_6, 4.666_666_5, 383.0],
        "By their definitions.";
    unsigned_bits "bits of `u32`", [0x0000_0af0u32, 0x5, 0]
            => [20u32, 6, 4, 11, 4, 0x0f50_0000, 0xaf, 0x0000_05f0, u32::MAX],
        "All ones where there is no bit. Offsets and counts are clamped to 32.";
    signed_bits "bits of `i32`", [-0x60i32, 3, i32::MIN] => [-6i32, 6, -0x60, 95, 3, i32::MIN],
        "The highest bit taken is the sign; `abs(i32::MIN)` is `i32::MIN`.";
    packed_dot "packed dot products", [0x01ff_0280u32, 0x0203_0405] => [2 - 3 + 8 - 640i32, 2 + 765 + 8 + 640],
        "Four products of bytes, summed in 32 bits.";
    packed_bytes "packing bytes", [0xff01_7f80u32] => [0xfe02_fe00u32, 0xfd03_7d80, 0xfe02_7f80, 0xff03_ffff],
        "The lowest byte first. `pack4x_i8` and `pack4x_u8` drop high bits, those with `_clamp` saturate.";
    packed_floats "packing floats", [1.0f32, -1.0, 0.333_25, -2.0] => [-1.0f32, 1.0, -1.0, 1.0, 0.333_25, -1.0],
        "To the nearest step; `pack2x16float` to the nearest `f16`.";
    parts_of_numbers "`modf`, `frexp`", [-2.75f32, 12.0, 0.15625] => [-0.75f32, -2.0, -0.6875, 2.0, 0.75, 4.0, 0.15625],
        "Exact. Of an infinity or NaN `frexp` gives the number and 0, a GPU anything.";
    bits_as_another_type "`bitcast`", [1.0f32] => [0x3f80_0000u32, 0x3f80_0001],
        "The same 32 bits. naga has no `bitcast` between `f16` vectors and words: use `pack2x16float`.";
}
