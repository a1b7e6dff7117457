//! A kernel as a WGSL module: its bindings, the folded grid's guard, and the entry point.

use std::cell::RefCell;
use std::fmt::Write;

use super::cost;
use super::expr::{Expr, StorageRef, WorkgroupRef};
use super::module::{self, Body, Line, Loc};
use super::types::{Struct, WgslType};
use crate::contract::Contract;
use crate::limits::Limit;
use crate::tolerance::Tolerance;
use crate::variant::{Access, CooperativeProduct, Unproven};

/// A variant's WGSL and everything that the static table says of it.
#[derive(Clone, Debug)]
pub struct EmittedVariant {
    /// The variant's name, such as `rms_norm<f32, 256>`.
    pub key: String,
    /// The WGSL, without `enable` lines.
    pub wgsl: String,
    /// Uses subgroup operations.
    pub subgroups: bool,
    /// Uses the type `f16`.
    pub f16: bool,
    /// Uses cooperative matrices: the products that it asks for.
    pub cooperative_matrix: Option<Vec<CooperativeProduct>>,
    /// Invocations in a workgroup.
    pub workgroup_size: u32,
    /// Bytes of workgroup memory.
    pub workgroup_bytes: u32,
    /// Bytes of the uniform block, header included.
    pub uniform_bytes: u32,
    /// The storage bindings in order.
    pub bindings: Vec<EmittedBinding>,
    /// Bytes read from storage by one invocation, a formula.
    pub bytes_read: String,
    /// Bytes written to storage by one invocation, a formula.
    pub bytes_written: String,
    /// Operations of one invocation, a formula.
    pub operations: String,
    /// What a dispatch of it requires.
    pub contract: Contract,
    /// Indices and divisors that the contract does not cover; none where nobody looked for them.
    pub unproven: Option<Vec<Unproven>>,
    /// How far its outputs may lie from its f64 reference.
    pub tolerance: Option<Tolerance>,
    /// Byte offset in `wgsl` at which each line starts, with the author's place it comes from.
    pub source_map: Vec<(usize, Loc)>,
}

/// A storage binding of a variant; its lasting form is [`Binding`](crate::variant::Binding).
#[derive(Clone, Debug)]
pub struct EmittedBinding {
    /// Its name in the WGSL.
    pub name: String,
    /// `read` or `read_write`.
    pub access: Access,
    /// WGSL's name of the element type.
    pub element: String,
    /// From one element to the next, bytes.
    pub stride: u32,
    /// Whether the kernel reads elements.
    pub is_read: bool,
}

impl EmittedVariant {
    /// How much of each limit it uses.
    pub fn uses(&self) -> [(Limit, u64); 4] {
        Limit::used(self.workgroup_size, self.workgroup_bytes, self.bindings.len(), self.uniform_bytes)
    }
}

thread_local! {
    /// Storage bindings, and how often each is read so far.
    static STORAGE: RefCell<Vec<(String, u32)>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn is_storage(name: &str) -> bool {
    STORAGE.with_borrow(|names| names.iter().any(|(known, _)| known == name))
}

fn with_reads(place: &str, change: impl FnOnce(&mut u32)) {
    let name = place.split('[').next().unwrap_or_default();
    STORAGE.with_borrow_mut(|names| {
        if let Some((_, reads)) = names.iter_mut().find(|(known, _)| known == name) {
            change(reads);
        }
    });
}

/// An element is read, as far as its index tells.
pub(super) fn note_read(place: &str) {
    with_reads(place, |reads| *reads += 1);
}

/// The element that was noted as read is written instead.
pub(super) fn note_only_written(place: &str) {
    with_reads(place, |reads| *reads = reads.saturating_sub(1));
}

/// Declares a kernel's bindings while its twin runs.
#[derive(Default)]
pub struct KernelBuilder {
    workgroup_size: u32,
    workgroup_bytes: u32,
    params_bytes: u32,
    params_type: Option<String>,
    bindings: Vec<EmittedBinding>,
    tolerance: Option<Tolerance>,
}

impl KernelBuilder {
    /// How far the kernel's outputs may lie from its f64 reference.
    pub fn tolerance(&mut self, tolerance: Option<Tolerance>) {
        self.tolerance = tolerance;
    }

    /// The params struct, a field of the uniform block.
    pub fn params<P: Struct>(&mut self, bytes: usize) -> Expr<P> {
        self.params_type = Some(P::wgsl());
        self.params_bytes = bytes as u32;
        Expr::new("uniforms.params".to_owned())
    }

    /// The next storage binding.
    pub fn storage<T: WgslType>(&mut self, name: &str, access: Access) -> StorageRef<T> {
        let name = module::declare_global(name);
        if access == Access::ReadWrite {
            module::with(|module| module.written.insert(name.clone()));
        }
        STORAGE.with_borrow_mut(|names| names.push((name.clone(), 0)));
        let stride = size_of::<T>() as u32;
        self.bindings.push(EmittedBinding { name: name.clone(), access, element: T::wgsl(), stride, is_read: false });
        let binding = self.bindings.len();
        let text =
            format!("@group(0) @binding({binding}) var<storage, {}> {name}: array<{}>;", access.wgsl(), T::wgsl());
        module::with(|module| module.globals.push(text));
        StorageRef::named(&name)
    }

    /// Workgroup memory of `len` elements.
    pub fn workgroup<T: WgslType>(&mut self, name: &str, len: u32) -> WorkgroupRef<T> {
        let name = module::declare_global(name);
        module::with(|module| module.written.insert(name.clone()));
        self.workgroup_bytes += size_of::<T>() as u32 * len;
        let text = format!("var<workgroup> {name}: array<{}, {len}>;", T::wgsl());
        module::with(|module| module.globals.push(text));
        WorkgroupRef::named(&name)
    }

    /// `workgroup_id`, folded to one dimension.
    pub fn workgroup_id(&self) -> Expr<u32> {
        Expr::new("group".to_owned())
    }

    /// `local_invocation_index`.
    pub fn local_invocation_index(&self) -> Expr<u32> {
        Expr::new("local_invocation_index".to_owned())
    }

    /// The invocation's index in the dispatch.
    pub fn global_id(&self) -> Expr<u32> {
        Expr::new(format!("(group * {}u + local_invocation_index)", self.workgroup_size))
    }
}

/// Runs a kernel's twin and gives its variant.
pub fn kernel(
    key: String,
    workgroup_size: u32,
    contract: Contract,
    body: impl FnOnce(&mut KernelBuilder),
) -> EmittedVariant {
    module::take();
    STORAGE.with_borrow_mut(Vec::clear);
    let mut builder = KernelBuilder { workgroup_size, ..KernelBuilder::default() };
    let mut entry = Body::new();
    entry.fresh("group");
    module::with(|module| module.stack.push(entry));
    cost::start();
    cost::push_function(std::iter::empty());
    body(&mut builder);
    let cost = cost::pop_function();
    STORAGE.with_borrow(|names| {
        for (binding, (_, reads)) in builder.bindings.iter_mut().zip(names) {
            binding.is_read = *reads > 0;
        }
    });
    let mut module = module::take();
    let entry = module.stack.pop();
    let mut writer = Writer::default();
    for (_, _, text) in &module.structs {
        writer.raw(text);
        writer.raw("\n");
    }
    for (.., name, value) in &module.enumerators {
        writer.raw(&format!("const {name}: u32 = {value}u;\n"));
    }
    if !module.enumerators.is_empty() {
        writer.raw("\n");
    }
    let params = builder.params_type.as_ref().map_or(String::new(), |ty| format!("    params: {ty},\n"));
    writer.raw(&format!(
        "struct Uniforms {{\n    groups: u32,\n    row: u32,\n    unused0: u32,\n    unused1: u32,\n{params}}}\n\n"
    ));
    writer.raw("@group(0) @binding(0) var<uniform> uniforms: Uniforms;\n");
    for global in &module.globals {
        writer.raw(global);
        writer.raw("\n");
    }
    if module.subgroup_builtins {
        writer.raw("var<private> subgroup_size: u32;\nvar<private> subgroup_invocation_id: u32;\n");
    }
    if module.nonfinite {
        writer.raw("\nfn nonfinite(bits: u32) -> f32 {\n    return bitcast<f32>(bits);\n}\n");
    }
    for (_, function) in &module.functions {
        writer.raw(&format!("\n{} {{\n", function.signature));
        writer.lines(&function.lines);
        writer.raw("}\n");
    }
    let mut inputs = "@builtin(workgroup_id) workgroup_id: vec3<u32>, \
                      @builtin(local_invocation_index) local_invocation_index: u32"
        .to_owned();
    if module.subgroup_builtins {
        inputs.push_str(
            ", @builtin(subgroup_size) subgroup_size_in: u32, \
             @builtin(subgroup_invocation_id) subgroup_invocation_id_in: u32",
        );
    }
    writer.raw(&format!("\n@compute @workgroup_size({workgroup_size})\nfn main({inputs}) {{\n"));
    // The grid folds into two dimensions past 65,535 workgroups; the last row may be too long.
    writer.raw("    let group = workgroup_id.y * uniforms.row + workgroup_id.x;\n");
    writer.raw("    if group >= uniforms.groups {\n        return;\n    }\n");
    if module.subgroup_builtins {
        writer.raw("    subgroup_size = subgroup_size_in;\n    subgroup_invocation_id = subgroup_invocation_id_in;\n");
    }
    if let Some(entry) = &entry {
        writer.lines(&entry.lines);
    }
    writer.raw("}\n");
    EmittedVariant {
        key,
        f16: module.f16,
        cooperative_matrix: module.cooperative_matrix,
        wgsl: writer.text,
        source_map: writer.map,
        subgroups: module.subgroups,
        workgroup_size,
        workgroup_bytes: builder.workgroup_bytes,
        uniform_bytes: crate::layout::HEADER_BYTES as u32 + builder.params_bytes,
        bindings: builder.bindings,
        contract,
        unproven: None,
        bytes_read: cost.read.to_string(),
        bytes_written: cost.written.to_string(),
        tolerance: builder.tolerance,
        operations: cost.operations.to_string(),
    }
}

#[derive(Default)]
struct Writer {
    text: String,
    map: Vec<(usize, Loc)>,
}

impl Writer {
    fn raw(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn lines(&mut self, lines: &[Line]) {
        for line in lines {
            if let Some(loc) = line.loc {
                self.map.push((self.text.len(), loc));
            }
            let _ = writeln!(self.text, "{}", line.text);
        }
    }
}

/// A table made at run time, for tests and for prototypes without a build script. It stays for the program's life.
pub fn table(mut variants: Vec<EmittedVariant>) -> crate::variant::KernelTable {
    use crate::variant::{Binding, CostCard, KernelTable, Proof, WgslVariant};
    fn keep(text: String) -> &'static str {
        Box::leak(text.into_boxed_str())
    }
    variants.sort_by(|a, b| a.key.cmp(&b.key));
    let lines: Vec<WgslVariant> = variants
        .into_iter()
        .map(|variant| WgslVariant {
            key: keep(variant.key),
            wgsl: keep(variant.wgsl),
            subgroups: variant.subgroups,
            f16: variant.f16,
            cooperative_matrix: variant.cooperative_matrix.map(|products| &*products.leak()),
            workgroup_size: variant.workgroup_size,
            workgroup_bytes: variant.workgroup_bytes,
            uniform_bytes: variant.uniform_bytes,
            bindings: variant
                .bindings
                .into_iter()
                .map(|EmittedBinding { name, access, element, stride, is_read }| {
                    let (name, element) = (keep(name), keep(element));
                    Binding { name, access, element, stride, is_read }
                })
                .collect::<Vec<_>>()
                .leak(),
            cost: CostCard {
                bytes_read: keep(variant.bytes_read),
                bytes_written: keep(variant.bytes_written),
                operations: keep(variant.operations),
            },
            requires: variant.contract.texts().into_iter().map(keep).collect::<Vec<_>>().leak(),
            proof: match variant.unproven {
                Some(unproven) if unproven.is_empty() => Proof::Proven,
                unproven => Proof::Unproven(unproven.unwrap_or_default().leak()),
            },
            tolerance: variant.tolerance,
        })
        .collect();
    KernelTable(lines.leak())
}
