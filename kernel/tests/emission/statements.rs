//! Declarations, branches and loops.

use kernel::prelude::*;

use super::{assert_wgsl, body};

#[params]
struct P {
    n: u32,
    eps: f32,
}

#[kernel(workgroup = 1, groups = params.n)]
fn declares(params: &P, x: &Storage<f32>, y: &mut Storage<f32>) {
    let a = x[0];
    let mut b = a;
    b = b + params.eps;
    y[0] = b;
}

#[test]
fn a_let_is_a_let_and_a_let_mut_a_var_with_its_type() {
    assert_wgsl(
        &body(declares::emit()),
        "
        let a = x[0i];
        var b: f32 = a;
        b = (b + uniforms.params.eps);
        y[0i] = b;
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn shadows(x: &Storage<f32>, y: &mut Storage<f32>) {
    let a = x[0];
    let a = a * 2.0;
    if a > 0.0 {
        let a = 1.0f32;
        y[1] = a;
    }
    let a_1 = a;
    y[0] = a_1;
}

#[test]
fn a_shadowing_let_gets_a_name_that_nothing_else_has() {
    assert_wgsl(
        &body(shadows::emit()),
        "
        let a = x[0i];
        let a_1 = (a * 2.0f);
        if (a_1 > 0.0f) {
            let a_2 = 1.0f;
            y[1i] = a_2;
        }
        let a_1_1 = a_1;
        y[0i] = a_1_1;
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn branches(x: &Storage<f32>, y: &mut Storage<f32>) {
    if x[0] > 1.0 {
        y[0] = 1.0;
    } else if x[0] > 0.0 {
        y[0] = 2.0;
    } else {
        return;
    }
    y[1] = 3.0;
}

#[test]
fn an_else_if_nests() {
    assert_wgsl(
        &body(branches::emit()),
        "
        if (x[0i] > 1.0f) {
            y[0i] = 1.0f;
        } else {
            if (x[0i] > 0.0f) {
                y[0i] = 2.0f;
            } else {
                return;
            }
        }
        y[1i] = 3.0f;
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn value_if(x: &Storage<f32>, y: &mut Storage<f32>) {
    let a = if x[0] > 0.0 { x[1] } else { -1.0 };
    y[0] = a;
}

#[test]
fn a_value_if_is_a_variable_and_evaluates_one_side() {
    assert_wgsl(
        &body(value_if::emit()),
        "
        var branch: f32;
        if (x[0i] > 0.0f) {
            branch = x[1i];
        } else {
            branch = (-1.0f);
        }
        let a = branch;
        y[0i] = a;
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn nested_value_if(x: &Storage<u32>, y: &mut Storage<u32>) {
    y[0] = if x[0] > 0 {
        if x[1] > 0 { 1 } else { 2 }
    } else {
        let three = 3;
        three
    };
}

#[test]
fn value_ifs_nest() {
    assert_wgsl(
        &body(nested_value_if::emit()),
        "
        var branch: u32;
        if (x[0i] > 0u) {
            var branch_1: u32;
            if (x[1i] > 0u) {
                branch_1 = 1u;
            } else {
                branch_1 = 2u;
            }
            branch = branch_1;
        } else {
            let three = 3u;
            branch = three;
        }
        y[0i] = branch;
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn leaves_in_a_value(x: &Storage<u32>, y: &mut Storage<u32>) {
    for i in 0..4u32 {
        let value = if x[i] > 9 {
            continue;
        } else {
            x[i]
        };
        y[i] = value;
    }
}

#[test]
fn a_branch_that_leaves_gives_no_value() {
    assert_wgsl(
        &body(leaves_in_a_value::emit()),
        "
        for (var i: u32 = 0u; i < 4u; i++) {
            var branch: u32;
            if (x[i] > 9u) {
                continue;
            } else {
                branch = x[i];
            }
            let value = branch;
            y[i] = value;
        }
        ",
    );
}

#[kernel(workgroup = 64, groups = params.n)]
fn loops(lane: LocalIndex, params: &P, x: &Storage<u32>, y: &mut Storage<u32>) {
    for i in 0..params.n {
        if i == 3 {
            break;
        }
        y[i] = i;
    }
    for i in strided(lane, params.n * 2, 64) {
        y[i] += x[i];
    }
    let count = x[0];
    for i in 1..count {
        y[i] = 0;
    }
    let mut bound = x[1];
    for _ in 0..bound {
        bound += 1;
    }
}

#[test]
fn a_loop_counts_and_evaluates_its_end_once() {
    assert_wgsl(
        &body(loops::emit()),
        "
        for (var i: u32 = 0u; i < uniforms.params.n; i++) {
            if (i == 3u) {
                break;
            }
            y[i] = i;
        }
        let end = (uniforms.params.n * 2u);
        for (var i_1: u32 = local_invocation_index; i_1 < end; i_1 += 64u) {
            y[i_1] += x[i_1];
        }
        let count = x[0i];
        for (var i_2: u32 = 1u; i_2 < count; i_2++) {
            y[i_2] = 0u;
        }
        var bound: u32 = x[1i];
        let end_1 = bound;
        for (var counter: u32 = 0u; counter < end_1; counter++) {
            bound += 1u;
        }
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn unrolls<const N: u32>(x: &Storage<u32>, y: &mut Storage<u32>) {
    #[unroll]
    for i in 0..N {
        let twice = x[i] * 2;
        y[i] = twice << (i + 1);
    }
}

#[test]
fn an_unrolled_counter_is_a_constant() {
    assert_wgsl(
        &body(unrolls::emit::<2>()),
        "
        let twice = (x[0u] * 2u);
        y[0u] = (twice << 1u);
        let twice_1 = (x[1u] * 2u);
        y[1u] = (twice_1 << 2u);
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn chooses<const W: u32>(y: &mut Storage<u32>) {
    if W == 1 {
        y[0] = 1;
    } else if W == 2 {
        y[0] = 2;
    } else {
        y[0] = W * 10;
    }
    y[1] = if W > 1 { W } else { 0 };
}

#[test]
fn a_constant_condition_chooses_when_the_variant_is_emitted() {
    assert_wgsl(&body(chooses::emit::<1>()), "y[0i] = 1u;\ny[1i] = 0u;");
    assert_wgsl(&body(chooses::emit::<2>()), "y[0i] = 2u;\ny[1i] = 2u;");
    assert_wgsl(&body(chooses::emit::<7>()), "y[0i] = 70u;\ny[1i] = 7u;");
}

#[kernel(workgroup = 1, groups = 1)]
fn compound(x: &Storage<u32>, y: &mut Storage<u32>) {
    let mut a = x[0];
    a += 1;
    a -= 2;
    a *= 3;
    a /= 4;
    a %= 5;
    a &= 6;
    a |= 7;
    a ^= 8;
    a <<= 9;
    a >>= 10;
    y[0] += a;
}

#[test]
fn a_compound_assignment_stays_one() {
    assert_wgsl(
        &body(compound::emit()),
        "
        var a: u32 = x[0i];
        a += 1u;
        a -= 2u;
        a *= 3u;
        a /= 4u;
        a %= 5u;
        a &= 6u;
        a |= 7u;
        a ^= 8u;
        a <<= 9u;
        a >>= 10u;
        y[0i] += a;
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn blocks(x: &Storage<u32>, y: &mut Storage<u32>) {
    {
        let a = x[0];
        y[0] = a;
    }
    let b = {
        let a = x[1];
        a + 1
    };
    y[1] = b;
    let _ = x[2];
}

#[test]
fn a_block_is_a_scope_and_its_value_an_expression() {
    assert_wgsl(
        &body(blocks::emit()),
        "
        {
            let a = x[0i];
            y[0i] = a;
        }
        let a_1 = x[1i];
        let b = (a_1 + 1u);
        y[1i] = b;
        _ = x[2i];
        ",
    );
}

#[device]
enum Mode {
    Linear,
    Square,
    B,
}

#[params]
struct ModeParams {
    mode: Mode,
    n: u32,
}

#[device]
fn power(mode: Mode, x: f32) -> f32 {
    match mode {
        Mode::Linear => x,
        Mode::Square | Mode::B => x * x,
    }
}

#[device]
fn other(mode: Mode) -> Mode {
    if mode == Mode::Linear { Mode::Square } else { Mode::Linear }
}

#[kernel(workgroup = 1, groups = params.n)]
fn modes(params: &ModeParams, x: &Storage<f32>, y: &mut Storage<f32>) {
    let mut mode = params.mode;
    match mode {
        Mode::B => y[0] = x[0],
        Mode::Square => mode = other(mode),
        Mode::Linear => {}
    }
    y[1] = power(mode, x[1]) + power(Mode::Linear, f32(u32(mode)));
}

#[test]
fn an_enum_is_a_number_and_its_variants_are_constants() {
    let wgsl = crate::validated(modes::emit());
    let declared = wgsl.split_once("struct Uniforms").map(|(before, _)| before).unwrap_or_default();
    assert_wgsl(
        declared,
        "
        struct ModeParams {
            mode: u32,
            n: u32,
        }

        const Mode_B: u32 = 2u;
        const Mode_Square: u32 = 1u;
        const Mode_Linear: u32 = 0u;
        ",
    );
    assert_wgsl(
        &body(modes::emit()),
        "
        var mode: u32 = uniforms.params.mode;
        switch mode {
            case Mode_B: {
                y[0i] = x[0i];
            }
            case Mode_Square: {
                mode = other(mode);
            }
            case Mode_Linear, default: {
            }
        }
        y[1i] = (power(mode, x[1i]) + power(Mode_Linear, f32(u32(mode))));
        ",
    );
}
