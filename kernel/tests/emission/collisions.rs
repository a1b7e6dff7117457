//! Names that mean something else in WGSL, in the module, or in the macros.
#![allow(clippy::redundant_locals)]

use kernel::prelude::*;

use super::{assert_wgsl, body, functions, validated};

#[device]
fn sum(a: u32, b: u32) -> u32 {
    a + b
}

#[device]
fn scale(scale: u32) -> u32 {
    scale * 2
}

#[kernel(workgroup = 1, groups = 1)]
fn locals_like_functions(x: &Storage<u32>, y: &mut Storage<u32>) {
    let first = {
        let sum = x[0];
        sum
    };
    let second = sum(first, x[1]);
    {
        let scale = scale(second);
        y[1] = scale;
    }
    y[0] = scale(sum(second, 1));
}

#[test]
fn a_local_named_like_a_function_does_not_hide_it() {
    assert_wgsl(
        &body(locals_like_functions::emit()),
        "
        let sum = x[0i];
        let first = sum;
        let second = sum_1(first, x[1i]);
        {
            let scale_1 = scale(second);
            y[1i] = scale_1;
        }
        y[0i] = scale(sum_1(second, 1u));
        ",
    );
    assert_wgsl(
        &functions(locals_like_functions::emit()),
        "
        fn sum_1(a: u32, b: u32) -> u32 {
            return (a + b);
        }

        fn scale(scale: u32) -> u32 {
            return (scale * 2u);
        }
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn locals_like_builtins(x: &Storage<u32>, y: &mut Storage<u32>) {
    let first = {
        let max = x[0];
        let vec2 = max + 1;
        vec2
    };
    y[0] = max(first, vec2(1, 2u32).y);
}

#[test]
fn a_local_named_like_a_builtin_does_not_hide_it() {
    assert_wgsl(
        &body(locals_like_builtins::emit()),
        "
        let v_max = x[0i];
        let v_vec2 = (v_max + 1u);
        let first = v_vec2;
        y[0i] = max(first, vec2(1u, 2u).y);
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn keywords(var: &Storage<u32>, storage: &mut Storage<u32>, group: &Storage<u32>) {
    let target = var[0];
    let r#fn = target;
    let _hidden = r#fn;
    let switch = _hidden;
    storage[0] = switch + group[0];
}

#[test]
fn a_keyword_of_wgsl_may_be_a_name() {
    let wgsl = validated(keywords::emit());
    assert!(wgsl.contains("var<storage, read> v_var: array<u32>;"), "{wgsl}");
    assert!(wgsl.contains("var<storage, read_write> v_storage: array<u32>;"), "{wgsl}");
    assert_wgsl(
        &body(keywords::emit()),
        "
        let v_target = v_var[0i];
        let v_fn = v_target;
        let hidden = v_fn;
        let v_switch = hidden;
        v_storage[0i] = (v_switch + group_1[0i]);
        ",
    );
}

#[device]
fn shadows_a_binding(x: u32) -> u32 {
    let y = x + 1;
    y
}

#[kernel(workgroup = 1, groups = 1)]
fn locals_like_bindings(x: &Storage<u32>, y: &mut Storage<u32>) {
    let inner = {
        let x = x[0];
        x
    };
    y[0] = shadows_a_binding(inner) + x[1];
}

#[test]
fn a_local_named_like_a_binding_does_not_hide_it() {
    assert_wgsl(
        &body(locals_like_bindings::emit()),
        "
        let x_1 = x[0i];
        let inner = x_1;
        y[0i] = (shadows_a_binding(inner) + x[1i]);
        ",
    );
}

#[params]
struct Uniforms {
    memory: u32,
    id: u32,
}

// Every name that the macros use in what they generate.
#[kernel(workgroup = 1, groups = uniform.memory)]
fn hygiene(
    uniform: &Uniforms,
    memory: &Storage<u32>,
    recorder: &Storage<u32>,
    args: &Storage<u32>,
    key: &mut Storage<u32>,
) {
    let value = memory[0];
    let branch = if value > 0 { recorder[0] } else { args[0] };
    let condition = branch == value;
    let mut place = if condition && (if value > 1 { true } else { false }) { 1 } else { value };
    let kernel = 1u32;
    place += kernel;
    let body = place;
    let __value = body;
    let __place = [__value; 2];
    key[__place[0]] += __value + uniform.id;
}

#[test]
fn the_macros_names_are_not_the_authors() {
    let wgsl = validated(hygiene::emit());
    assert!(wgsl.contains("struct v_Uniforms {\n    memory: u32,\n    id: u32,\n}"), "{wgsl}");
    assert!(wgsl.ends_with("    key[place_1[0i]] += (value_1 + uniforms.params.id);\n}\n"), "{wgsl}");
}

#[kernel(workgroup = 64, groups = 1)]
async fn subgroups(subgroup_size: &Storage<u32>, y: &mut Storage<u32>) {
    let total = subgroup_add(subgroup_size[0]).await;
    y[0] = total + subgroup_invocation_id();
}

#[test]
fn a_binding_named_like_a_builtin_value_does_not_hide_it() {
    assert_wgsl(
        &body(subgroups::emit()),
        "
        subgroup_size = subgroup_size_in;
        subgroup_invocation_id = subgroup_invocation_id_in;
        let total = subgroupAdd(v_subgroup_size[0i]);
        y[0i] = (total + subgroup_invocation_id);
        ",
    );
}
