//! Atomics in storage and workgroup memory.

use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 2)]
fn histogram(id: GlobalId, x: &Storage<u32>, y: &mut Storage<Atomic<u32>>) {
    atomic_add(&y[x[id % 4]], 1);
}

#[kernel(workgroup = 1, groups = 1)]
fn read_modify_write(x: &Storage<i32>, y: &mut Storage<Atomic<i32>>) {
    atomic_store(&y[0], 12);
    let before = atomic_sub(&y[0], x[0]);
    atomic_max(&y[1], before);
    atomic_min(&y[2], -before);
    atomic_or(&y[3], 6);
    atomic_and(&y[3], 3);
    atomic_xor(&y[3], 1);
    let old = atomic_exchange(&y[4], 7) + atomic_load(&y[4]);
    atomic_add(&y[5], old);
}

#[kernel(workgroup = 1, groups = 1)]
fn compare_exchange(x: &Storage<u32>, y: &mut Storage<Atomic<u32>>) {
    let fails = atomic_compare_exchange_weak(&y[0], 1, 9);
    atomic_add(&y[1], fails.old_value + u32(fails.exchanged));
    let mut tries = 0u32;
    for i in 0..x[0] {
        let result = atomic_compare_exchange_weak(&y[0], i, i + 1);
        tries += result.old_value;
    }
    atomic_store(&y[2], tries);
}

#[device]
fn tally(counts: &mut Workgroup<Atomic<u32>>, slot: u32) -> u32 {
    atomic_add(&counts[slot], 2)
}

#[kernel(workgroup = 32, groups = 1)]
async fn workgroup_atomics(
    lane: LocalIndex,
    x: &Storage<u32>,
    y: &mut Storage<u32>,
    #[len = 2] counts: &mut Workgroup<Atomic<u32>>,
) {
    if lane < 2 {
        atomic_store(&counts[lane], x[lane]);
    }
    workgroup_barrier().await;
    tally(counts, lane % 2);
    workgroup_barrier().await;
    if lane < 2 {
        y[lane] = atomic_load(&counts[lane]);
    }
}

crate::rows! { "atomics.rs":
    histogram "atomics in storage", [2u32, 0, 2, 1] => [32u32, 32, 64],
        "A real atomic: workgroups run on several threads. Integers wrap.";
    read_modify_write "atomic functions", [5i32] => [7i32, 12, -12, 3, 7, 7],
        "Each gives the value before. WGSL orders a sum's operands from left to right, as Rust does.";
    compare_exchange "compare and exchange", [3u32] => [3u32, 0, 3],
        "Never fails without reason, which a GPU may.";
    workgroup_atomics "atomics in workgroup memory", [10u32, 20] => [42u32, 52],
        "As in storage; not zero at the start, so store first.";
}
