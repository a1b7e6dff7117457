//! The engine's build script: emits every kernel variant, validates it with naga, compares it with its golden file and
//! writes the static table, so that neither the emitter nor naga's front end is needed at run time to have the WGSL.

fn main() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    println!("cargo::rerun-if-changed=../build.rs");
    kernel::build::Builder::new(kernels_src::variants())
        .golden(root.join("kernels-src").join("golden"))
        .workspace(root)
        .write();
}
