//! `workgroup_uniform_load` on the CPU: two barriers with a read between.

use std::future::Future;

use super::barrier::workgroup_barrier;
use crate::storage::{Place, PlainMemory, Workgroup};

/// `workgroupUniformLoad(&s[i])`: waits for all invocations of the workgroup, then gives them the same element, which
/// none of them changes before all have it (WGSL §17.11.4). The result is uniform.
#[track_caller]
pub fn workgroup_uniform_load<T: Copy>(place: Place<Workgroup<T>>) -> impl Future<Output = T> {
    let (before, after) = (workgroup_barrier(), workgroup_barrier());
    async move {
        before.await;
        let value = place.memory.read(place.position, place.at);
        after.await;
        value
    }
}
