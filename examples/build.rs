//! Emits every kernel as WGSL, validates it, and writes the table that the program includes.

// The kernels themselves run in the program; the build script only asks for their WGSL.
#[allow(dead_code)]
#[path = "src/kernels/mod.rs"]
mod kernels;

fn main() {
    println!("cargo::rerun-if-changed=src/kernels");
    kernel::build::Builder::new(kernels::variants()).workspace(env!("CARGO_MANIFEST_DIR")).write();
}
