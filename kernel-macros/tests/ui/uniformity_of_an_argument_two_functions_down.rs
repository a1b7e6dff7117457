use kernel::prelude::*;

mod inner {
    use kernel::prelude::*;

    #[device]
    pub async fn rounds(n: u32) {
        for _ in 0..n {
            workgroup_barrier().await;
        }
    }
}

#[device]
pub async fn twice(lane: u32, n: u32, y: &mut Storage<u32>) {
    y[lane] = n;
    inner::rounds(2 * n).await;
}

#[kernel(workgroup = 64, groups = 1)]
pub async fn wrong(lane: LocalIndex, y: &mut Storage<u32>) {
    twice(1, lane, y).await;
}

fn main() {}
