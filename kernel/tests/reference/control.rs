//! Control flow: `if`, `match`, loops, early return.

use kernel::prelude::*;

#[kernel(workgroup = 4, groups = 1)]
fn if_statement(lane: LocalIndex, x: &Storage<u32>, y: &mut Storage<u32>) {
    if x[lane] > 5 {
        y[lane] = 1;
    } else if x[lane] == 5 {
        y[lane] = 2;
    } else {
        y[lane] = 3;
    }
}

#[kernel(workgroup = 4, groups = 1)]
fn if_value(lane: LocalIndex, x: &Storage<u32>, y: &mut Storage<u32>) {
    y[lane] = 10 + if x[lane] > 0 { 100 / x[lane] } else { 0 };
}

const FIVE: u32 = 5;

#[kernel(workgroup = 6, groups = 1)]
fn match_statement(lane: LocalIndex, x: &Storage<u32>, y: &mut Storage<u32>) {
    match x[lane] {
        0 => y[lane] = 10,
        1 | 2 => {
            let twice = x[lane] * 2;
            y[lane] = twice;
        }
        FIVE => return,
        _ => {}
    }
    y[lane] += 1;
}

#[kernel(workgroup = 4, groups = 1)]
fn match_value(lane: LocalIndex, x: &Storage<i32>, y: &mut Storage<i32>) {
    let named = match x[lane] {
        -1 => 7,
        i32::MIN => x[0],
        _ => {
            let square = x[lane] * x[lane];
            square
        }
    };
    y[lane] = named;
}

#[device]
fn shape(kind: u32, x: f32) -> f32 {
    match kind {
        0 => x,
        1 => {
            if x < 0.0 {
                return 0.0;
            }
            x
        }
        _ => max(x, -1.0),
    }
}

#[kernel(workgroup = 3, groups = 1)]
fn match_in_a_function(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>) {
    y[lane] = shape(lane, x[lane]);
}

#[device]
fn tile<const KIND: u32>(x: u32) -> u32 {
    match KIND {
        0 => x + 1,
        1..=3 => x * KIND,
        _ => x,
    }
}

#[kernel(workgroup = 1, groups = 1)]
fn match_on_a_constant(x: &Storage<u32>, y: &mut Storage<u32>) {
    y[0] = tile::<0>(x[0]);
    y[1] = tile::<2>(x[0]);
}

#[device]
fn first_above(x: &Storage<u32>, limit: u32) -> u32 {
    for i in 0..4u32 {
        if x[i] > limit {
            return i;
        }
    }
    9
}

#[kernel(workgroup = 1, groups = 1)]
fn early_return(x: &Storage<u32>, y: &mut Storage<u32>) {
    y[0] = first_above(x, 3);
    y[1] = first_above(x, 99);
}

#[kernel(workgroup = 1, groups = 1)]
fn counted_loop(x: &Storage<u32>, y: &mut Storage<u32>) {
    let mut sum = 0u32;
    for i in 1..x[0] {
        if i == 3 {
            continue;
        }
        if i > 6 {
            break;
        }
        sum += i;
    }
    y[0] = sum;
}

#[kernel(workgroup = 4, groups = 1)]
fn strided_loop(lane: LocalIndex, x: &Storage<u32>, y: &mut Storage<u32>) {
    let mut sum = 0u32;
    for i in strided(lane, 10, 4) {
        sum += x[i];
    }
    y[lane] = sum;
}

const STEPS: u32 = 3;

#[kernel(workgroup = 1, groups = 1)]
fn unrolled_loop(x: &Storage<u32>, y: &mut Storage<u32>) {
    #[unroll]
    for step in 0..STEPS {
        y[step] = x[STEPS - 1 - step] << step;
    }
}

#[kernel(workgroup = 1, groups = 1)]
fn block_value(x: &Storage<u32>, y: &mut Storage<u32>) {
    let a = {
        let b = x[0] + 1;
        b * b
    };
    y[0] = a;
}

#[kernel(workgroup = 1, groups = 1)]
fn traces(x: &Storage<u32>, y: &mut Storage<u32>) {
    let double = x[0] * 2;
    trace!(x[0], double);
    if double > 100 {
        trace!();
    }
    y[0] = double;
}

#[device]
pub enum Mode {
    Linear,
    Square,
    Cube,
}

#[params]
pub struct PowerParams {
    pub mode: Mode,
}

#[device]
fn next(mode: Mode) -> Mode {
    match mode {
        Mode::Linear => Mode::Square,
        Mode::Square => Mode::Cube,
        Mode::Cube => Mode::Linear,
    }
}

#[kernel(workgroup = 1, groups = 1)]
fn enums(params: &PowerParams, x: &Storage<f32>, y: &mut Storage<f32>) {
    let mut mode = params.mode;
    for i in 0..3u32 {
        y[i] = match mode {
            Mode::Linear => x[0],
            Mode::Square => x[0] * x[0],
            Mode::Cube => x[0] * x[0] * x[0],
        };
        mode = next(mode);
    }
    y[3] = f32(u32(mode)) + f32(mode == params.mode);
}

crate::rows! { "control.rs":
    if_statement "`if`", [7u32, 5, 0, 6] => [1u32, 2, 3, 1], "As in Rust.";
    if_value "`if` as a value", [0u32, 1, 7, 200] => [10u32, 110, 24, 10],
        "One side is evaluated. WGSL gets a variable and never `select`, which would evaluate both.";
    match_statement "`match`", [0u32, 1, 2, 5, 7, 0] => [11u32, 3, 5, 0, 1, 11],
        "As in Rust; `break` in an arm is refused, because WGSL's would leave the `switch`.";
    match_value "`match` as a value", [3i32, -1, i32::MIN, 9] => [9i32, 7, 3, 81], "As in Rust.";
    match_in_a_function "`match` as a function's value", [-2.0f32, -3.0, -4.0] => [-2.0f32, 0.0, -1.0],
        "An arm may return.";
    match_on_a_constant "`match` on a constant", [5u32] => [6u32, 10],
        "Chosen when the variant is emitted, so any pattern of Rust's is a case; WGSL sees one arm.";
    early_return "early return", [1u32, 3, 4, 9] => [2u32, 9], "As in Rust.";
    counted_loop "counted loop", [10u32] => [1u32 + 2 + 4 + 5 + 6], "The end is evaluated once.";
    strided_loop "strided loop", [1u32, 2, 3, 4, 5, 6, 7, 8, 9, 10] => [15u32, 18, 10, 12],
        "`start, start + step, …` below `end`. A sum past `u32::MAX` ends the loop on the CPU.";
    unrolled_loop "`#[unroll]`", [1u32, 2, 3] => [3u32, 4, 4], "A loop over constants; the counter is a literal in WGSL.";
    block_value "a block as a value", [2u32] => [9u32], "As in Rust.";
    traces "`trace!`", [21u32] => [42u32],
        "Shows the values with kernel, invocation and line, through `tracing` or to `kernel::trace::collect`. WGSL has nothing of it.";
    enums(PowerParams { mode: Mode::Square }) "enums", [2.0f32] => [4.0f32, 8.0, 2.0, 2.0],
        "A `#[device]` enum is a number that no host gets wrong; rustc sees to it that a `match` has every variant.";
}
