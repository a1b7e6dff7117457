//! Subgroup operations. A workgroup of four invocations lies in one subgroup everywhere.

use kernel::prelude::*;

#[kernel(workgroup = 4, groups = 1)]
async fn subgroup_folds(lane: LocalIndex, x: &Storage<u32>, y: &mut Storage<u32>) {
    let sum = subgroup_add(x[lane]).await;
    let product = subgroup_mul(x[lane]).await;
    let greatest = subgroup_max(x[lane]).await;
    let least = subgroup_min(x[lane]).await;
    let and = subgroup_and(x[lane] | 8).await;
    let or = subgroup_or(x[lane]).await;
    let xor = subgroup_xor(x[lane]).await;
    y[lane] = sum + product * 100 + greatest * 10_000 + least * 100_000 + (and + or + xor) * 1_000_000;
}

#[kernel(workgroup = 4, groups = 1)]
async fn subgroup_scans(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>) {
    let inclusive = subgroup_inclusive_add(x[lane]).await;
    let exclusive = subgroup_exclusive_add(x[lane]).await;
    let products = subgroup_inclusive_mul(x[lane]).await - subgroup_exclusive_mul(x[lane]).await;
    y[lane] = inclusive + 100.0 * exclusive + 10_000.0 * products;
}

#[kernel(workgroup = 4, groups = 1)]
async fn subgroup_votes(lane: LocalIndex, x: &Storage<u32>, y: &mut Storage<u32>) {
    let all = subgroup_all(x[lane] > 1).await;
    let any = subgroup_any(x[lane] > 3).await;
    let ballot = subgroup_ballot(x[lane] % 2 == 0).await;
    y[lane] = u32(all) + 10 * u32(any) + 100 * ballot.x;
}

#[kernel(workgroup = 4, groups = 1)]
async fn subgroup_exchanges(lane: LocalIndex, x: &Storage<i32>, y: &mut Storage<i32>) {
    let first = subgroup_broadcast_first(x[lane]).await;
    let third = subgroup_broadcast(x[lane], 2).await;
    let reversed = subgroup_shuffle(x[lane], 3 - lane).await;
    let neighbour = subgroup_shuffle_xor(x[lane], 1).await;
    let before = subgroup_shuffle_up(x[lane], 1).await;
    let after = subgroup_shuffle_down(x[lane], 1).await;
    let up = if lane > 0 { before } else { 0 };
    let down = if lane < 3 { after } else { 0 };
    y[lane] = first + third * 10 + reversed * 100 + neighbour * 1000 + up * 10_000 + down * 100_000;
}

#[kernel(workgroup = 4, groups = 1)]
async fn subgroup_values(lane: LocalIndex, x: &Storage<u32>, y: &mut Storage<u32>) {
    let count = subgroup_add(1u32).await;
    y[lane] = subgroup_invocation_id() * x[0] + u32(subgroup_size() >= count);
}

crate::rows! { "subgroups.rs":
    subgroup_folds "folding over a subgroup", [1u32, 2, 3, 4] => [19_142_410u32; 4],
        "Every invocation gets the result. The executor runs with any subgroup size; 32 by default.";
    subgroup_scans "scanning over a subgroup", [1.0f32, 2.0, 3.0, 4.0] => [1.0f32, 10_103.0, 40_306.0, 180_610.0],
        "In the order of the invocations.";
    subgroup_votes "voting in a subgroup", [1u32, 2, 3, 4] => [1010u32; 4], "One bit an invocation.";
    subgroup_exchanges "exchanging values in a subgroup", [1i32, 2, 3, 4]
            => [202_431i32, 311_331, 424_231, 33_131],
        "A value of an invocation that is not there is this one's own; a GPU's may be anything.";
    subgroup_values "a subgroup's builtin values", [2u32] => [1u32, 3, 5, 7],
        "Of the subgroup size that the run has. Never assume one: it is 4 to 128.";
}
