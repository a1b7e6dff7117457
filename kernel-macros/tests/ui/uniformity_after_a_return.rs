use kernel::prelude::*;

#[params]
pub struct Shape {
    /// Elements.
    pub n: u32,
}

#[kernel(workgroup = 64, groups = 1)]
pub async fn wrong(at: GlobalId, params: &Shape, y: &mut Storage<f32>) {
    if at >= params.n {
        return;
    }
    y[at] = 1.0;
    workgroup_barrier().await;
}

fn main() {}
