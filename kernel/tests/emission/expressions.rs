//! Literals, operators, casts, arrays, vectors and structs.

use kernel::prelude::*;

use super::{assert_wgsl, body, validated};

#[kernel(workgroup = 1, groups = 1)]
fn literals(f: &mut Storage<f32>, u: &mut Storage<u32>, i: &mut Storage<i32>) {
    f[0] = 1.0;
    f[1] = -1.5e-7;
    f[2] = 3.402_823_5e38;
    f[3] = f32::INFINITY;
    f[4] = -0.0;
    u[0] = 4_294_967_295;
    u[1] = 0xff;
    i[0] = i32::MIN;
    i[1] = -1;
    let yes = true;
    if yes {
        i[2] = i[1] - -5;
    }
}

#[test]
fn a_literal_carries_its_type() {
    assert_wgsl(
        &body(literals::emit()),
        "
        f[0i] = 1.0f;
        f[1i] = (-1.5e-7f);
        f[2i] = 3.4028234663852886e38f;
        f[3i] = nonfinite(0x7f800000u);
        f[4i] = (-0.0f);
        u[0i] = 4294967295u;
        u[1i] = 255u;
        i[0i] = i32(-2147483647 - 1);
        i[1i] = (-1i);
        let yes = true;
        if yes {
            i[2i] = (i[1i] - (-5i));
        }
        ",
    );
}

#[test]
fn infinity_comes_from_its_bits_which_no_compiler_folds() {
    assert!(
        validated(literals::emit()).contains("fn nonfinite(bits: u32) -> f32 {\n    return bitcast<f32>(bits);\n}")
    );
}

#[kernel(workgroup = W, groups = 1)]
fn constants<const W: u32, const N: usize>(x: &Storage<f32>, y: &mut Storage<f32>) {
    y[W] = x[N as u32] * (W as f32) + f32(W / 2 + 1);
    y[0] = x[u32(x[1])];
}

#[test]
fn a_const_generic_is_evaluated_in_rust() {
    assert_wgsl(
        &body(constants::emit::<64, 3>()),
        "
        y[64u] = ((x[3u] * 64.0f) + f32(33u));
        y[0i] = x[u32(x[1i])];
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn shifts<const W: u32>(x: &Storage<u32>, i: &Storage<i32>, y: &mut Storage<u32>) {
    y[0] = x[0] >> 4;
    y[1] = x[0] << (W - 1) | x[1] & 0xf;
    y[2] = u32(i[0] >> 2);
    y[3] = !x[0] ^ x[1] >> x[2];
}

#[test]
fn a_shifts_amount_is_u32_and_brackets_follow_rusts_precedence() {
    assert_wgsl(
        &body(shifts::emit::<5>()),
        "
        y[0i] = (x[0i] >> 4u);
        y[1i] = ((x[0i] << 4u) | (x[1i] & 15u));
        y[2i] = u32((i[0i] >> 2u));
        y[3i] = (~(x[0i]) ^ (x[1i] >> x[2i]));
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn logic(x: &Storage<u32>, y: &mut Storage<u32>) {
    let low = x[0] < 3 && x[1] >= 4;
    y[0] = u32(!low || x[0] == x[1]);
    y[1] = select(1, 2, low);
}

#[test]
fn conditions_are_bools() {
    assert_wgsl(
        &body(logic::emit()),
        "
        let low = ((x[0i] < 3u) && (x[1i] >= 4u));
        y[0i] = u32((!(low) || (x[0i] == x[1i])));
        y[1i] = select(1u, 2u, low);
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn casts(x: &Storage<u32>, y: &mut Storage<f32>) {
    let signed = x[0] as i32;
    y[0] = signed as f32 + f32(x[1]) + f32(i32(x[2]));
    y[1] = bitcast::<f32, _>(x[3]);
}

#[test]
fn a_cast_converts_and_a_bitcast_reinterprets() {
    assert_wgsl(
        &body(casts::emit()),
        "
        let signed = i32(x[0i]);
        y[0i] = ((f32(signed) + f32(x[1i])) + f32(i32(x[2i])));
        y[1i] = bitcast<f32>(x[3i]);
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn arrays<const N: usize>(x: &Storage<f32>, y: &mut Storage<f32>) {
    let mut zeros = [0.0f32; N];
    let mut ones = [1.0f32; 2];
    #[unroll]
    for i in 0..N {
        zeros[i] = x[i as u32];
    }
    for i in 0..2u32 {
        ones[i] += zeros[i];
    }
    y[0] = ones[1];
}

#[test]
fn a_local_array_has_its_length_in_its_type() {
    assert_wgsl(
        &body(arrays::emit::<2>()),
        "
        var zeros: array<f32, 2> = array<f32, 2>();
        var ones: array<f32, 2> = array<f32, 2>(1.0f, 1.0f);
        zeros[0u] = x[0u];
        zeros[1u] = x[1u];
        for (var i: u32 = 0u; i < 2u; i++) {
            ones[i] += zeros[i];
        }
        y[0i] = ones[1i];
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn vectors(x: &Storage<Vec4<f32>>, y: &mut Storage<f32>) {
    let mut v = x[0] * 2.0 + vec4(1.0, 2.0, 3.0, 4.0);
    v.x = v.y + splat4(1.0f32).w;
    v[1] = 2.0;
    y[0] = dot(v, v) + x[1].z + vec2(1.0f32, 2.0).y;
    let word = unpack2x16float(pack2x16float(vec2(v.x, v.y)));
    y[1] = word.x;
}

#[test]
fn a_vector_has_components_and_componentwise_operators() {
    assert_wgsl(
        &body(vectors::emit()),
        "
        var v: vec4<f32> = ((x[0i] * 2.0f) + vec4(1.0f, 2.0f, 3.0f, 4.0f));
        v.x = (v.y + vec4<f32>(1.0f).w);
        v[1i] = 2.0f;
        y[0i] = ((dot(v, v) + x[1i].z) + vec2(1.0f, 2.0f).y);
        let word = unpack2x16float(pack2x16float(vec2(v.x, v.y)));
        y[1i] = word.x;
        ",
    );
}

const ORIGIN: Vec2<f32> = Vec2::new(0.5, -0.5);

#[kernel(workgroup = 1, groups = 1)]
fn constant_values(x: &Storage<Vec2<f32>>, y: &mut Storage<Vec2<f32>>) {
    y[0] = x[0] + ORIGIN;
}

#[test]
fn a_constant_may_be_a_vector() {
    assert_wgsl(&body(constant_values::emit()), "y[0i] = (x[0i] + vec2<f32>(0.5f, (-0.5f)));");
}

#[device]
struct Block {
    scale: f32,
    target: u32,
    value: Vec2<f32>,
}

#[kernel(workgroup = 1, groups = 1)]
fn structs(x: &Storage<f32>, y: &mut Storage<f32>) {
    let mut block = Block { value: vec2(x[0], x[1]), scale: x[2], target: 1 };
    block.scale += 1.0;
    block.value.x = block.scale;
    y[block.target] = block.value.x;
}

#[test]
fn a_struct_is_constructed_in_the_order_of_its_fields() {
    let wgsl = validated(structs::emit());
    assert!(wgsl.contains("struct Block {\n    scale: f32,\n    v_target: u32,\n    value: vec2<f32>,\n}\n"), "{wgsl}");
    assert_wgsl(
        &body(structs::emit()),
        "
        var block: Block = Block(x[2i], 1u, vec2(x[0i], x[1i]));
        block.scale += 1.0f;
        block.value.x = block.scale;
        y[block.v_target] = block.value.x;
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn masks(x: &Storage<Vec4<f32>>, u: &Storage<Vec2<u32>>, y: &mut Storage<Vec4<f32>>) {
    let low = x[0] < x[1];
    let mut mask = low & !(x[0] == splat4(0.0f32)) | vec4(true, false, false, u[0].x < 3);
    mask.x = all(u[0] <= u[1]) && any(mask);
    y[0] = select(x[0], x[1], mask);
    if mask.y || any(!(u[0] != u[1])) {
        y[1] = x[0];
    }
}

#[test]
fn vectors_are_compared_component_by_component() {
    assert_wgsl(
        &body(masks::emit()),
        "
        let low = (x[0i] < x[1i]);
        var mask: vec4<bool> = ((low & !((x[0i] == vec4<f32>(0.0f)))) | vec4(true, false, false, (u[0i].x < 3u)));
        mask.x = (all((u[0i] <= u[1i])) && any(mask));
        y[0i] = select(x[0i], x[1i], mask);
        if (mask.y || any(!((u[0i] != u[1i])))) {
            y[1i] = x[0i];
        }
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn split(x: &Storage<f32>, v: &Storage<Vec4<f32>>, y: &mut Storage<f32>) {
    let parts = modf(x[0]);
    y[0] = parts.fract * parts.whole;
    let mut number = frexp(v[0]);
    y[2] = number.fract.y;
    number = frexp(v[1]);
    y[1] = number.fract.x + f32(number.exp.y) + f32(frexp(x[1]).exp);
}

#[test]
fn a_number_is_split_into_a_struct_without_a_name() {
    assert_wgsl(
        &body(split::emit()),
        "
        let parts = modf(x[0i]);
        y[0i] = (parts.fract * parts.whole);
        var number = frexp(v[0i]);
        y[2i] = number.fract.y;
        number = frexp(v[1i]);
        y[1i] = ((number.fract.x + f32(number.exp.y)) + f32(frexp(x[1i]).exp));
        ",
    );
}
