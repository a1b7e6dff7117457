//! Operators and conversions at their edges, against values written down from WGSL's rules.

use kernel::dispatch::Recorder;
use kernel::emit::EmittedVariant;
use kernel::prelude::*;

use super::{devices, name, read, upload};

pub fn variants() -> Vec<EmittedVariant> {
    vec![unsigned::emit(), signed::emit(), conversions::emit(), short_circuit::emit()]
}

#[kernel(workgroup = 1, groups = 1)]
fn unsigned(x: &Storage<u32>, y: &mut Storage<u32>) {
    let a = x[0];
    let b = x[1];
    y[0] = a + b;
    y[1] = a - b;
    y[2] = a * b;
    y[3] = a / b;
    y[4] = a % b;
    y[5] = a << b;
    y[6] = a >> b;
}

#[test]
fn unsigned_integers_wrap_mask_shifts_and_divide_by_zero() {
    let cases: [([u32; 2], [u32; 7]); 5] = [
        ([7, 3], [10, 4, 21, 2, 1, 56, 0]),
        ([u32::MAX, 2], [1, u32::MAX - 2, u32::MAX - 1, u32::MAX / 2, 1, u32::MAX - 3, u32::MAX / 4]),
        ([3, 5], [8, u32::MAX - 1, 15, 0, 3, 96, 0]),
        // e / 0 is e, e % 0 is 0.
        ([9, 0], [9, 9, 0, 9, 0, 9, 9]),
        // A shift by 33 is one by 1.
        ([6, 33], [39, u32::MAX - 26, 198, 0, 6, 12, 3]),
    ];
    for device in devices() {
        for (input, expected) in cases {
            let (x, mut y) = (upload(&device, &input), upload(&device, &[0; 7]));
            let mut recorder = Recorder::new(&device, "test");
            unsigned::Kernel::dispatch(&mut recorder, (), unsigned::Args { x: &x, y: &mut y }).unwrap();
            recorder.run().unwrap();
            assert_eq!(read(&device, &y), expected, "{input:?} on {}", name(&device));
        }
    }
}

#[kernel(workgroup = 1, groups = 1)]
fn signed(x: &Storage<i32>, y: &mut Storage<i32>) {
    let a = x[0];
    let b = x[1];
    y[0] = a + b;
    y[1] = a - b;
    y[2] = a * b;
    y[3] = a / b;
    y[4] = a % b;
    y[5] = -a;
    y[6] = a >> 1;
}

#[test]
fn signed_integers_wrap_and_divide_like_wgsl() {
    let cases: [([i32; 2], [i32; 7]); 4] = [
        ([-7, 2], [-5, -9, -14, -3, -1, 7, -4]),
        // The quotient overflows: it is the dividend.
        ([i32::MIN, -1], [i32::MAX, i32::MIN + 1, i32::MIN, i32::MIN, 0, i32::MIN, i32::MIN / 2]),
        ([i32::MAX, 1], [i32::MIN, i32::MAX - 1, i32::MAX, i32::MAX, 0, -i32::MAX, i32::MAX / 2]),
        ([-5, 0], [-5, -5, 0, -5, 0, 5, -3]),
    ];
    for device in devices() {
        for (input, expected) in cases {
            let (x, mut y) = (upload(&device, &input), upload(&device, &[0; 7]));
            let mut recorder = Recorder::new(&device, "test");
            signed::Kernel::dispatch(&mut recorder, (), signed::Args { x: &x, y: &mut y }).unwrap();
            recorder.run().unwrap();
            assert_eq!(read(&device, &y), expected, "{input:?} on {}", name(&device));
        }
    }
}

#[kernel(workgroup = 1, groups = 1)]
fn conversions(x: &Storage<f32>, u: &mut Storage<u32>, i: &mut Storage<i32>, f: &mut Storage<f32>) {
    u[0] = u32(x[0]);
    i[0] = i32(x[0]);
    u[1] = bitcast::<u32, _>(x[0]);
    i[1] = i[2] as u32 as i32;
    f[0] = f32(i[2]);
    f[1] = u[2] as f32;
    f[2] = f32(x[0] > 0.0);
}

#[test]
fn floats_become_integers_by_saturation() {
    let cases = [
        (2.9f32, 2u32, 2i32),
        (-2.9, 0, -2),
        (5e9, u32::MAX, i32::MAX),
        (-5e9, 0, i32::MIN),
        (f32::INFINITY, u32::MAX, i32::MAX),
        (3e9, 3_000_000_000, i32::MAX),
    ];
    for device in devices() {
        for (input, unsigned, signed) in cases {
            let x = upload(&device, &[input]);
            let mut u = upload(&device, &[0, 0, u32::MAX]);
            let mut i = upload(&device, &[0, 0, -7]);
            let mut f = upload(&device, &[0.0f32; 3]);
            let mut recorder = Recorder::new(&device, "test");
            let args = conversions::Args { x: &x, u: &mut u, i: &mut i, f: &mut f };
            conversions::Kernel::dispatch(&mut recorder, (), args).unwrap();
            recorder.run().unwrap();
            // A GPU may stop at the last float of the integer's range.
            let tolerance = if device.is_cpu() || input.abs() < 2e9 { 0 } else { 255 };
            let (u32_of, i32_of) = (read(&device, &u)[0], read(&device, &i)[0]);
            assert!(u32_of.abs_diff(unsigned) <= tolerance, "u32({input}) is {u32_of} on {}", name(&device));
            assert!(i32_of.abs_diff(signed) <= tolerance, "i32({input}) is {i32_of} on {}", name(&device));
            assert_eq!(read(&device, &u)[1], input.to_bits());
            assert_eq!(read(&device, &i)[1], -7);
            assert_eq!(read(&device, &f), [-7.0, 4_294_967_296.0, if input > 0.0 { 1.0 } else { 0.0 }]);
        }
    }
}

#[device]
fn count(calls: &mut u32, result: bool) -> bool {
    *calls += 1;
    result
}

#[kernel(workgroup = 1, groups = 1)]
fn short_circuit(x: &Storage<u32>, y: &mut Storage<u32>) {
    let mut calls = 0u32;
    let yes = x[0] > 0;
    let and = yes && count(&mut calls, true);
    y[0] = calls;
    let or = yes || count(&mut calls, true);
    y[1] = calls;
    y[2] = u32(and) + 2 * u32(or);
    // Left to right, and the value before the place.
    calls = calls * 10 + u32(count(&mut calls, true)) + calls;
    y[3] = calls;
    calls = 5;
    y[calls] = u32(count(&mut calls, true));
    calls += u32(count(&mut calls, true)) * 100;
    y[4] = calls;
}

#[test]
fn effects_happen_in_rusts_order() {
    for device in devices() {
        for (input, expected) in [(0, [0, 1, 2, 10 + 1 + 2, 107]), (1, [1, 1, 3, 10 + 1 + 2, 107])] {
            let (x, mut y) = (upload(&device, &[input]), upload(&device, &[0; 7]));
            let mut recorder = Recorder::new(&device, "test");
            short_circuit::Kernel::dispatch(&mut recorder, (), short_circuit::Args { x: &x, y: &mut y }).unwrap();
            recorder.run().unwrap();
            let y = read(&device, &y);
            assert_eq!(y[..5], expected, "{input} on {}", name(&device));
            assert_eq!(y[5..], [0, 1], "the place is evaluated after the value, on {}", name(&device));
        }
    }
}
