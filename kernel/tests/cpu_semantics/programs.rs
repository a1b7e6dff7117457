//! Random programs of a little machine, itself a kernel: a GPU and the CPU executor must leave the same registers.

use kernel::dispatch::{Device, Recorder};
use kernel::emit::EmittedVariant;
use kernel::prelude::*;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};

use super::{cpu, devices, name, read, upload};

pub fn variants() -> Vec<EmittedVariant> {
    vec![machine::emit()]
}

#[params]
struct Program {
    /// Instructions.
    len: u32,
}

const REGISTERS: usize = 8;
const OPERATIONS: u32 = 24;

#[device]
fn unsigned(op: u32, a: u32, b: u32) -> u32 {
    if op == 0 {
        a + b
    } else if op == 1 {
        a - b
    } else if op == 2 {
        a * b
    } else if op == 3 {
        a / b
    } else if op == 4 {
        a % b
    } else if op == 5 {
        a << b
    } else if op == 6 {
        a >> b
    } else if op == 7 {
        a & b | !a ^ b
    } else if op == 8 {
        min(a, b) + clamp(b, 3, 300)
    } else if op == 9 {
        extract_bits(a, b & 31, a & 7)
    } else if op == 10 {
        select(a, b, a < b && b != 7)
    } else {
        dot(unpack4x_u8(a), unpack4x_u8(b))
    }
}

#[device]
fn signed(op: u32, a: i32, b: i32) -> i32 {
    if op == 12 {
        a - b
    } else if op == 13 {
        a * b
    } else if op == 14 {
        a / b
    } else if op == 15 {
        a % b
    } else if op == 16 {
        a >> (u32(b) & 31)
    } else if op == 17 {
        max(-a, b)
    } else if op == 18 {
        dot4_i8_packed(u32(a), u32(b))
    } else {
        i32(a <= b) - i32(a == b)
    }
}

#[device]
fn float(op: u32, a: f32, b: f32) -> f32 {
    if op == 20 {
        a + b
    } else if op == 21 {
        a * b
    } else if op == 22 {
        max(abs(a), floor(b * 0.5))
    } else {
        vec4(a, b, a - b, 1.0)[u32(a > b) + u32(b > 0.0)]
    }
}

#[kernel(workgroup = 1, groups = 1)]
fn machine(params: &Program, code: &Storage<Vec4<u32>>, registers: &mut Storage<u32>) {
    let mut r = [0u32; REGISTERS];
    for i in 0..8u32 {
        r[i] = registers[i];
    }
    for i in 0..params.len {
        let step = code[i];
        let op = step.x;
        let a = r[step.y];
        let b = r[step.z];
        if op < 12 {
            r[step.w] = unsigned(op, a, b);
        } else if op < 20 {
            r[step.w] = u32(signed(op, i32(a), i32(b)));
        } else {
            // Past the range of i32, a GPU may stop at the last float inside.
            let result = float(op, f32(i32(a) >> 8), f32(i32(b) >> 8));
            r[step.w] = u32(i32(clamp(result, -2e9, 2e9)));
        }
    }
    for i in 0..8u32 {
        registers[i] = r[i];
    }
}

fn run(device: &Device, code: &[Vec4<u32>], registers: [u32; REGISTERS]) -> Vec<u32> {
    let code_buffer = upload(device, code);
    let mut registers = upload(device, &registers);
    let mut recorder = Recorder::new(device, "program");
    let args = machine::Args { code: &code_buffer, registers: &mut registers };
    machine::Kernel::dispatch(&mut recorder, Program { len: code.len() as u32 }, args).unwrap();
    recorder.run().unwrap();
    read(device, &registers)
}

/// Edges of the types and small numbers more often than chance gives them.
fn word() -> impl Strategy<Value = u32> {
    prop_oneof![any::<u32>(), 0..40u32, Just(u32::MAX), Just(1 << 31), Just(i32::MAX as u32), Just(0)]
}

fn step() -> impl Strategy<Value = Vec4<u32>> {
    (0..OPERATIONS, 0..8u32, 0..8u32, 0..8u32).prop_map(|(op, a, b, to)| vec4(op, a, b, to))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_gpu_and_the_cpu_run_a_random_program_alike(
        code in prop::collection::vec(step(), 1..24),
        registers in prop::array::uniform8(word()),
    ) {
        let expected = run(&cpu(), &code, registers);
        for device in devices() {
            prop_assert_eq!(&run(&device, &code, registers), &expected, "on {}", name(&device));
        }
    }

    #[test]
    fn every_operation_agrees_on_edges(op in 0..OPERATIONS, a in word(), b in word()) {
        let code = [vec4(op, 0, 1, 2)];
        let registers = [a, b, 0, 0, 0, 0, 0, 0];
        let expected = run(&cpu(), &code, registers);
        for device in devices() {
            prop_assert_eq!(&run(&device, &code, registers), &expected, "{} {} {} on {}", op, a, b, name(&device));
        }
    }
}
