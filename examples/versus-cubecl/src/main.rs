//! 4096³ matrix products, ours and CubeCL's, on one GPU in one run: `cargo run --release -p versus-cubecl`.

mod cube;
mod ours;
mod problem;

use std::error::Error;

use problem::Problem;

fn main() -> Result<(), Box<dyn Error>> {
    let problem = Problem::new(4096);
    ours::run(&problem)?;
    cube::run(&problem)?;
    Ok(())
}
