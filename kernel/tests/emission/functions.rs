//! Device functions, traits and generics.

use kernel::prelude::*;

use super::{assert_wgsl, body, functions, validated};

#[device]
fn read_pair(x: &Storage<f32>, i: u32) -> f32 {
    x[i] + x[i + 1]
}

#[kernel(workgroup = 1, groups = 1)]
fn two_bindings(a: &Storage<f32>, b: &Storage<f32>, y: &mut Storage<f32>) {
    y[0] = read_pair(a, 0) + read_pair(b, 1) + read_pair(a, 2);
}

#[test]
fn a_function_is_written_once_for_each_binding() {
    assert_wgsl(
        &functions(two_bindings::emit()),
        "
        fn read_pair_a(i: u32) -> f32 {
            return (a[i] + a[(i + 1u)]);
        }

        fn read_pair_b(i: u32) -> f32 {
            return (b[i] + b[(i + 1u)]);
        }
        ",
    );
    assert_wgsl(&body(two_bindings::emit()), "y[0i] = ((read_pair_a(0u) + read_pair_b(1u)) + read_pair_a(2u));");
}

#[device]
fn times<const N: u32>(x: u32) -> u32 {
    x * N
}

#[kernel(workgroup = 1, groups = 1)]
fn two_constants(y: &mut Storage<u32>) {
    y[0] = times::<2>(times::<3>(y[1]));
}

#[test]
fn a_function_is_written_once_for_each_const() {
    assert_wgsl(
        &functions(two_constants::emit()),
        "
        fn times_3(x: u32) -> u32 {
            return (x * 3u);
        }

        fn times_2(x: u32) -> u32 {
            return (x * 2u);
        }
        ",
    );
}

#[device]
fn accumulate(sum: &mut f32, values: &mut [f32; 2], value: f32) {
    *sum += value;
    values[1] = *sum;
    bump(sum);
}

#[device]
fn bump(value: &mut f32) {
    *value = *value + 1.0;
}

#[kernel(workgroup = 1, groups = 1)]
fn pointers(x: &Storage<f32>, y: &mut Storage<f32>) {
    let mut sum = 0.0f32;
    let mut values = [0.0f32; 2];
    accumulate(&mut sum, &mut values, x[0]);
    y[0] = sum + values[1];
}

#[test]
fn a_mutable_reference_is_a_pointer() {
    assert_wgsl(
        &functions(pointers::emit()),
        "
        fn bump(value: ptr<function, f32>) {
            (*value) = ((*value) + 1.0f);
        }

        fn accumulate(sum: ptr<function, f32>, values: ptr<function, array<f32, 2>>, value: f32) {
            (*sum) += value;
            (*values)[1i] = (*sum);
            bump(sum);
        }
        ",
    );
    assert_wgsl(
        &body(pointers::emit()),
        "
        var sum: f32 = 0.0f;
        var values: array<f32, 2> = array<f32, 2>();
        accumulate(&sum, &values, x[0i]);
        y[0i] = (sum + values[1i]);
        ",
    );
}

#[params]
struct P {
    n: u32,
    scale: f32,
}

#[device]
struct Pair {
    first: f32,
    second: f32,
}

#[device]
fn scaled(params: &P, pair: &Pair) -> f32 {
    (pair.first + pair.second) * params.scale
}

#[kernel(workgroup = 1, groups = params.n)]
fn references(params: &P, x: &Storage<f32>, y: &mut Storage<f32>) {
    let pair = Pair { first: x[0], second: x[1] };
    y[0] = scaled(params, &pair);
}

#[test]
fn a_reference_to_the_params_is_the_params_and_one_to_a_value_the_value() {
    assert_wgsl(
        &functions(references::emit()),
        "
        fn scaled_uniforms_params(pair: Pair) -> f32 {
            return ((pair.first + pair.second) * uniforms.params.scale);
        }
        ",
    );
    assert_wgsl(
        &body(references::emit()),
        "
        let pair = Pair(x[0i], x[1i]);
        y[0i] = scaled_uniforms_params(pair);
        ",
    );
}

/// A weight format.
#[device]
trait Format: 'static {
    const BLOCK: u32;
    fn scale(w: &Storage<f32>, block: u32) -> f32;
    fn value(w: &Storage<f32>, i: u32) -> f32 {
        w[i] * Self::scale(w, i / Self::BLOCK)
    }
}

struct Wide;
struct Plain<const B: u32>;

#[device]
impl Format for Wide {
    const BLOCK: u32 = 32;
    fn scale(w: &Storage<f32>, block: u32) -> f32 {
        w[block * Self::BLOCK]
    }
}

#[device]
impl<const B: u32> Format for Plain<B> {
    const BLOCK: u32 = B;
    fn scale(_w: &Storage<f32>, _block: u32) -> f32 {
        1.0
    }
    fn value(w: &Storage<f32>, i: u32) -> f32 {
        w[i + B]
    }
}

#[kernel(workgroup = 1, groups = 1)]
fn formats<Q: Format>(w: &Storage<f32>, y: &mut Storage<f32>) {
    y[0] = Q::value(w, Q::BLOCK - 1);
}

#[test]
fn a_traits_default_function_calls_the_implementations() {
    assert_wgsl(
        &functions(formats::emit::<Wide>()),
        "
        fn Wide_scale_w(block: u32) -> f32 {
            return w[(block * 32u)];
        }

        fn Wide_value_w(i: u32) -> f32 {
            return (w[i] * Wide_scale_w((i / 32u)));
        }
        ",
    );
    assert_wgsl(&body(formats::emit::<Wide>()), "y[0i] = Wide_value_w(31u);");
    assert_wgsl(&body(formats::emit::<Plain<4>>()), "y[0i] = Plain_4_value_w(3u);");
}

#[device]
fn twice<T: Value + kernel::ops::Add<Output = T>>(value: T) -> T {
    value + value
}

#[kernel(workgroup = 1, groups = 1)]
fn generic_values(x: &Storage<f32>, u: &Storage<u32>, y: &mut Storage<f32>) {
    y[0] = twice(x[0]) + f32(twice(u[0]));
}

#[test]
fn a_generic_value_is_inferred() {
    assert_wgsl(
        &functions(generic_values::emit()),
        "
        fn twice_f32(value: f32) -> f32 {
            return (value + value);
        }

        fn twice_u32(value: u32) -> u32 {
            return (value + value);
        }
        ",
    );
}

#[device]
fn clamped(x: f32) -> f32 {
    if x < 0.0 {
        return 0.0;
    }
    if x > 1.0 { return 1.0 } else { x }
}

#[device]
fn signs(x: f32) -> f32 {
    if x < 0.0 {
        return -1.0;
    } else {
        return 1.0;
    };
}

#[kernel(workgroup = 1, groups = 1)]
fn early_returns(x: &Storage<f32>, y: &mut Storage<f32>) {
    y[0] = clamped(x[0]) * signs(x[1]);
}

#[test]
fn a_function_may_return_early() {
    assert_wgsl(
        &functions(early_returns::emit()),
        "
        fn clamped(x_1: f32) -> f32 {
            if (x_1 < 0.0f) {
                return 0.0f;
            }
            var branch: f32;
            if (x_1 > 1.0f) {
                branch = 1.0f;
            } else {
                branch = x_1;
            }
            return branch;
        }

        fn signs(x_1: f32) -> f32 {
            var branch: f32;
            if (x_1 < 0.0f) {
                branch = (-1.0f);
            } else {
                branch = 1.0f;
            }
            return branch;
        }
        ",
    );
}

mod one {
    use kernel::prelude::*;

    #[device]
    pub fn load(x: &Storage<f32>) -> f32 {
        x[1]
    }

    #[device]
    pub struct Item {
        pub one: f32,
    }

    pub struct Kind;
}

mod two {
    use kernel::prelude::*;

    #[device]
    pub fn load(x: &Storage<f32>) -> f32 {
        x[2]
    }

    #[device]
    pub struct Item {
        pub one: f32,
        pub two: f32,
    }

    pub struct Kind;
}

#[kernel(workgroup = 1, groups = 1)]
fn two_modules(x: &Storage<f32>, y: &mut Storage<f32>) {
    let first = one::Item { one: one::load(x) };
    let second = two::Item { one: first.one, two: two::load(x) };
    y[0] = second.two;
}

#[test]
fn functions_and_structs_of_one_name_in_two_modules_stay_two() {
    assert_wgsl(
        &functions(two_modules::emit()),
        "
        fn load_x() -> f32 {
            return x[1i];
        }

        fn load_x_1() -> f32 {
            return x[2i];
        }
        ",
    );
    assert_wgsl(
        &body(two_modules::emit()),
        "
        let first = Item(load_x());
        let second = Item_1(first.one, load_x_1());
        y[0i] = second.two;
        ",
    );
}

#[device]
trait Named: 'static {
    fn number() -> u32;
}

#[device]
trait AlsoNamed: 'static {
    fn number() -> u32;
}

#[device]
impl Named for one::Kind {
    fn number() -> u32 {
        1
    }
}

#[device]
impl Named for two::Kind {
    fn number() -> u32 {
        2
    }
}

#[device]
impl AlsoNamed for one::Kind {
    fn number() -> u32 {
        3
    }
}

#[device]
fn both<T: Named>() -> u32 {
    T::number()
}

#[kernel(workgroup = 1, groups = 1)]
fn numbers(y: &mut Storage<u32>) {
    y[0] = both::<one::Kind>() + both::<two::Kind>() + <one::Kind as AlsoNamed>::number();
}

#[test]
fn types_of_one_name_and_traits_with_one_function_stay_apart() {
    let wgsl = validated(numbers::emit());
    assert!(wgsl.contains("y[0i] = ((both_Kind() + both_Kind_1()) + Kind_number_2());"), "{wgsl}");
    for (function, value) in [("Kind_number()", "1u"), ("Kind_number_1()", "2u"), ("Kind_number_2()", "3u")] {
        assert!(wgsl.contains(&format!("fn {function} -> u32 {{\n    return {value};")), "{wgsl}");
    }
}

#[device]
async fn total(value: f32, lane: u32, scratch: &mut Workgroup<f32>) -> f32 {
    scratch[lane] = value;
    workgroup_barrier().await;
    scratch[0] + scratch[1]
}

#[kernel(workgroup = 2, groups = 1)]
async fn waits(lane: LocalIndex, y: &mut Storage<f32>, #[len = 2] scratch: &mut Workgroup<f32>) {
    y[lane] = total(1.0, lane, scratch).await;
}

#[test]
fn a_barrier_is_a_statement_of_the_function_that_waits() {
    assert_wgsl(
        &functions(waits::emit()),
        "
        fn total_scratch(value: f32, lane: u32) -> f32 {
            scratch[lane] = value;
            workgroupBarrier();
            return (scratch[0i] + scratch[1i]);
        }
        ",
    );
}

/// The other crate's format with another scale.
struct Halved;

#[device]
impl other_crate::Scaled for Halved {
    const BLOCK: u32 = 2;
    fn scale(_w: &Storage<f32>, _block: u32) -> f32 {
        0.5
    }
}

#[kernel(workgroup = 1, groups = 1)]
fn across_crates<Q: other_crate::Scaled>(w: &Storage<f32>, y: &mut Storage<f32>) {
    y[0] = other_crate::total::<Q>(w, Q::BLOCK * 2);
}

#[test]
fn functions_traits_and_constants_of_another_crate_are_emitted_here() {
    assert_wgsl(
        &functions(across_crates::emit::<other_crate::Blocks<32>>()),
        "
        fn Blocks_32_scale_w(block: u32) -> f32 {
            return w[(1024u + block)];
        }

        fn Blocks_32_value_w(i: u32) -> f32 {
            return (w[i] * Blocks_32_scale_w((i / 32u)));
        }

        fn add_to(sum: ptr<function, f32>, value: f32) {
            (*sum) += value;
        }

        fn total_Blocks_32_w(n: u32) -> f32 {
            var sum: f32 = 0.0f;
            for (var i: u32 = 0u; i < n; i++) {
                add_to(&sum, Blocks_32_value_w(i));
            }
            return sum;
        }
        ",
    );
    assert_wgsl(&body(across_crates::emit::<Halved>()), "y[0i] = total_Halved_w(4u);");
    assert!(validated(across_crates::emit::<Halved>()).contains("return (w[i] * Halved_scale_w((i / 2u)));"));
}
