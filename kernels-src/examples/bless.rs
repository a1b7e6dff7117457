//! Writes the golden WGSL of every variant anew: `cargo run -p kernels-src --example bless`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let builder = kernel::build::Builder::new(kernels_src::variants())
        .bless(crate_root.join("golden"))
        .workspace(crate_root.join(".."));
    match builder.table() {
        Ok(_) => ExitCode::SUCCESS,
        Err(errors) => {
            for error in errors {
                eprintln!("error: {error}");
            }
            ExitCode::FAILURE
        }
    }
}
