//! Rotations against f64 angles.

mod common;

use common::{assert_close, cpu, devices, random, read, upload};
use kernel::dispatch::{Device, Recorder};
use kernels_src::rope::{Direction, Forward, Inverse, RopeParams, RopeTable, rope};

fn turned<D: Direction, const W: u32>(
    device: &Device,
    table: &RopeTable,
    x: &[f32],
    shape: RopeParams,
    first: u32,
) -> Vec<f32> {
    let (state, entries, mut x) = (upload(device, &[first]), upload(device, &table.entries), upload(device, x));
    let mut recorder = Recorder::new(device, "rope");
    let args = rope::Args { state: &state, table: &entries, x: &mut x };
    rope::Kernel::<D, W>::dispatch(&mut recorder, shape, args).unwrap();
    recorder.run().unwrap();
    read(device, &x)
}

fn shape(rows: u32, heads: u32, head_dim: u32, pairs: u32) -> RopeParams {
    RopeParams { rows, heads, head_dim, pairs, stride: heads * head_dim, at: 0 }
}

/// Cosine and sine of the pair's angle, f64.
fn angle(base: f64, head_dim: u32, position: u32, pair: u32) -> (f64, f64) {
    let (sin, cos) = (f64::from(position) * base.powf(-2.0 * f64::from(pair) / f64::from(head_dim))).sin_cos();
    (cos, sin)
}

#[test]
fn angles_of_any_position_are_accurate_to_a_millionth() {
    for device in devices() {
        for (base, head_dim) in [(1e4, 256), (1e6, 512)] {
            let half = head_dim as usize / 2;
            let table = RopeTable::new(base, head_dim, None, 262_144);
            // Pairs (1, 0) become (cos, sin).
            let x: Vec<f32> = (0..2 * head_dim as usize).map(|i| f32::from(u8::from(i % (2 * half) < half))).collect();
            for first in [0, 255, 511, 65_535, 131_071, 262_142] {
                let actual = turned::<Forward, 64>(&device, &table, &x, shape(2, 1, head_dim, table.pairs), first);
                for row in 0..2 {
                    for pair in 0..half {
                        let (cos, sin) = angle(base, head_dim, first + row as u32, pair as u32);
                        let at = row * 2 * half + pair;
                        let error = (f64::from(actual[at]) - cos).abs().max((f64::from(actual[at + half]) - sin).abs());
                        assert!(error <= 1e-6, "position {first}+{row}, pair {pair}: {error:.1e}");
                    }
                }
            }
        }
    }
}

#[test]
fn pairs_that_do_not_rotate_stay_as_they_are() {
    let factors: Vec<f32> = (0..32).map(|pair| if pair < 8 { 1.0 } else { 1e30 }).collect();
    let table = RopeTable::new(1e6, 64, Some(&factors), 1000);
    assert_eq!(table.pairs, 8);
    let x = random(3, 64);
    for device in devices() {
        let actual = turned::<Forward, 64>(&device, &table, &x, shape(1, 1, 64, 8), 777);
        assert_eq!((&actual[8..32], &actual[40..64]), (&x[8..32], &x[40..64]));
        let (cos, sin) = angle(1e6, 64, 777, 7);
        let expected = f64::from(x[7]) * cos - f64::from(x[39]) * sin;
        assert!((f64::from(actual[7]) - expected).abs() < 1e-6);
    }
}

#[test]
fn factors_divide_the_frequencies() {
    let table = RopeTable::new(1e4, 8, Some(&[2.0, 1.0, 1.0, 1.0]), 16);
    let actual = turned::<Forward, 1>(&cpu(), &table, &[1.0, 0., 0., 0., 0., 0., 0., 0.], shape(1, 1, 8, 4), 3);
    assert_close("half the angle", &[actual[0], actual[4]], &[1.5f64.cos(), 1.5f64.sin()], 1e-6);
}

#[test]
fn the_inverse_rotation_undoes_the_rotation() {
    for device in devices() {
        let table = RopeTable::new(1e4, 64, None, 5000);
        let x = random(4, 5 * 3 * 64);
        let there = turned::<Forward, 64>(&device, &table, &x, shape(5, 3, 64, 32), 4990);
        let back = turned::<Inverse, 64>(&device, &table, &there, shape(5, 3, 64, 32), 4990);
        let expected: Vec<f64> = x.iter().map(|v| f64::from(*v)).collect();
        assert_close("back", &back, &expected, 1e-6);
    }
}
