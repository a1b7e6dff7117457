//! Emits every kernel as WGSL, checks it, and writes the table that the program includes.

#[path = "src/kernels/mod.rs"]
mod kernels;

fn main() {
    println!("cargo::rerun-if-changed=src/kernels");
    kernel::build::Builder::new(kernels::variants()).workspace(env!("CARGO_MANIFEST_DIR")).write();
}
