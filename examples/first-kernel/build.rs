#[path = "src/kernels.rs"]
#[allow(dead_code)]
mod kernels;

fn main() {
    println!("cargo::rerun-if-changed=src/kernels.rs");
    kernel::build::Builder::new(kernels::variants()).workspace(env!("CARGO_MANIFEST_DIR")).write();
}
