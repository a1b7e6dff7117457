//! `#[kernel]`: the function, and beside it the module with its dispatch, its typed buffers and its twin.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Ident, ItemFn, Token};

use crate::contract::{CLAUSES, Names};
use crate::cpu_body;
use crate::diagnostics::{Diagnostics, without_body};
use crate::lower::{self, BodyOf, constant::Constants};
use crate::reference::{self, Scope};
use crate::signature::{self, Argument, Builtin, Role};
use crate::uniformity::{self, Kind};

/// `workgroup = .., groups = ..`, what exceeds WebGPU's default limits, `requires(..)` and `tolerance(..)`.
#[derive(Default)]
struct Attribute {
    workgroup: Option<Expr>,
    groups: Option<Expr>,
    workgroup_memory: Option<Expr>,
    invocations: Option<Expr>,
    storage_buffers: Option<Expr>,
    requires: Option<Vec<Expr>>,
    /// For tests of the analysis itself: what is not uniform is listed, and not refused.
    report_uniformity: bool,
    tolerance: Option<Tolerance>,
}

/// How far the kernel's outputs may lie from its f64 reference.
struct Tolerance {
    rel: Option<Expr>,
    abs: Option<Expr>,
}

impl Parse for Tolerance {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let inner;
        let parentheses = syn::parenthesized!(inner in input);
        let mut tolerance = Self { rel: None, abs: None };
        while !inner.is_empty() {
            let name: Ident = inner.parse()?;
            let slot = match name.to_string().as_str() {
                "rel" => &mut tolerance.rel,
                "abs" => &mut tolerance.abs,
                _ => return Err(syn::Error::new(name.span(), "a tolerance has `rel` and `abs`")),
            };
            if slot.is_some() {
                return Err(syn::Error::new(name.span(), format!("`{name}` is given twice")));
            }
            inner.parse::<Token![=]>()?;
            *slot = Some(inner.parse()?);
            if !inner.is_empty() {
                inner.parse::<Token![,]>()?;
            }
        }
        if tolerance.rel.is_none() && tolerance.abs.is_none() {
            return Err(syn::Error::new(
                parentheses.span.join(),
                "a tolerance says how far outputs may lie from the f64 reference: `tolerance(rel = 1e-5)`",
            ));
        }
        Ok(tolerance)
    }
}

impl Parse for Attribute {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut attribute = Self::default();
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            if name == "report_uniformity" {
                attribute.report_uniformity = true;
                input.parse::<Option<Token![,]>>()?;
                continue;
            }
            if name == "tolerance" {
                if attribute.tolerance.is_some() {
                    return Err(syn::Error::new(name.span(), "`tolerance` is given twice"));
                }
                attribute.tolerance = Some(input.parse()?);
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
                continue;
            }
            let slot = match name.to_string().as_str() {
                "requires" => {
                    let clauses;
                    syn::parenthesized!(clauses in input);
                    let clauses = clauses.parse_terminated(Expr::parse, Token![,])?;
                    if attribute.requires.replace(clauses.into_iter().collect()).is_some() {
                        return Err(syn::Error::new(name.span(), format!("`{name}` is given twice")));
                    }
                    if !input.is_empty() {
                        input.parse::<Token![,]>()?;
                    }
                    continue;
                }
                "workgroup" => &mut attribute.workgroup,
                "groups" => &mut attribute.groups,
                "workgroup_memory" => &mut attribute.workgroup_memory,
                "invocations" => &mut attribute.invocations,
                "storage_buffers" => &mut attribute.storage_buffers,
                _ => {
                    return Err(syn::Error::new(
                        name.span(),
                        "`#[kernel]` takes `workgroup`, `groups`, `workgroup_memory`, `invocations`, `storage_buffers`, \
                         `requires(..)` and `tolerance(..)`",
                    ));
                }
            };
            if slot.is_some() {
                return Err(syn::Error::new(name.span(), format!("`{name}` is given twice")));
            }
            input.parse::<Token![=]>()?;
            *slot = Some(input.parse()?);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(attribute)
    }
}

pub fn expand(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut function: ItemFn = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            let error = error.to_compile_error();
            return quote!(#error #item);
        }
    };
    let mut diagnostics = Diagnostics::default();
    let attribute = match syn::parse2::<Attribute>(attribute) {
        Ok(attribute) => attribute,
        Err(error) => {
            diagnostics.add(error);
            return diagnostics.into_tokens(without_body(&function)).unwrap_or_default();
        }
    };
    let original = function.clone();
    let arguments = signature::arguments(function.sig.inputs.iter_mut(), &mut diagnostics);
    check(&function, &attribute, &arguments, &mut diagnostics);
    let signature_holds = diagnostics.is_empty();
    let constants = Constants::new(signature::const_generics(&function.sig.generics));
    let of = BodyOf { arguments: &arguments, is_async: function.sig.asyncness.is_some(), has_value: false };
    let twin = lower::body(&function.block, &of, &constants, &mut diagnostics);
    let contract = attribute.groups.as_ref().map(|groups| {
        contract(&arguments, &constants, groups, attribute.requires.as_deref().unwrap_or_default(), &mut diagnostics)
    });
    let findings = uniformity::check(&function.block, &arguments, Kind::Kernel);
    let divergences = attribute.report_uniformity.then(|| findings.report());
    if divergences.is_none() {
        findings.errors.iter().cloned().for_each(|error| diagnostics.add(error));
    }
    let (Some(workgroup), Some(groups), true) = (attribute.workgroup, attribute.groups, signature_holds) else {
        return diagnostics.into_tokens(without_body(&original)).unwrap_or_default();
    };
    let body_holds = diagnostics.is_empty();
    let reference = reference::function(
        &function.sig,
        Some(&function.block),
        format_ident!("reference"),
        &constants,
        &Scope::default(),
    );
    cpu_body::rewrite_kernel(&mut function, &constants);
    let limits = Limits {
        memory: attribute.workgroup_memory,
        invocations: attribute.invocations,
        storage_buffers: attribute.storage_buffers,
    };
    if divergences.is_none() {
        findings.assert_in(&mut function.block);
    }
    let contract = contract.unwrap_or_default();
    let tolerance = attribute.tolerance;
    let reference = match reference {
        _ if !body_holds => Err(quote!(NotBuilt)),
        _ if reference::has_generic_values(&function.sig.generics) => Err(quote!(GenericValues)),
        reference => reference.ok_or_else(|| quote!(Cooperative)),
    };
    let mut expansion =
        Expansion { function, arguments, workgroup, groups, limits, contract, tolerance, twin, reference, divergences };
    if !body_holds {
        // The kernel's dispatch stays for its callers, so that they add no errors.
        expansion.twin = quote!(());
    }
    let module = expansion.module_item();
    match diagnostics.into_tokens(without_body(&original)) {
        Some(errors) => quote!(#errors #module),
        None => expansion.tokens(),
    }
}

fn check(function: &ItemFn, attribute: &Attribute, arguments: &[Argument], diagnostics: &mut Diagnostics) {
    let name = &function.sig.ident;
    if attribute.workgroup.is_none() {
        diagnostics.error(name, "a kernel says how many invocations a workgroup has: `#[kernel(workgroup = 64, ..)]`");
    }
    if attribute.groups.is_none() {
        diagnostics.error(
            name,
            "a kernel says how many workgroups its params ask for: `#[kernel(groups = params.n.div_ceil(64), ..)]`",
        );
    }
    if let syn::ReturnType::Type(_, ty) = &function.sig.output {
        diagnostics.error(ty, "a kernel returns nothing: write to a `&mut Storage`");
    }
    let mut params = 0;
    let mut storage = 0;
    for argument in arguments {
        match &argument.role {
            Role::Reference(ty) => {
                params += 1;
                if params > 1 {
                    diagnostics.error(ty, "a kernel has one params struct");
                }
            }
            Role::Storage { element, mutable } => {
                if !mutable && signature::last_name(element).as_deref() == Some("Atomic") {
                    diagnostics.error(
                        &argument.ty,
                        "WGSL's atomics are in `read_write` storage only: `&mut Storage<Atomic<..>>`",
                    );
                }
                storage += 1;
                // maxStorageBuffersPerShaderStage, WebGPU §3.6.2.
                if storage == 9 && attribute.storage_buffers.is_none() {
                    diagnostics.error(
                        &argument.ty,
                        "WebGPU's default limit is 8 storage buffers for a kernel (maxStorageBuffersPerShaderStage); a kernel that \
                         needs more says `storage_buffers = 9`",
                    );
                }
            }
            Role::Workgroup { len: None, .. } => {
                diagnostics
                    .error(&argument.ty, "workgroup memory needs its length: `#[len = W] name: &mut Workgroup<f32>`");
            }
            Role::Pointer(ty) => {
                diagnostics.error(
                    ty,
                    "a kernel's arguments are `&mut Storage<T>` or `&mut Workgroup<T>`, not `&mut` to a value",
                );
            }
            Role::Value => {
                diagnostics.error(
                    &argument.ty,
                    "a kernel's argument is a builtin (`WorkgroupId`, `LocalIndex`, `GlobalId`), `&Params`, `&Storage<T>`, \
                     `&mut Storage<T>` or `&mut Workgroup<T>`",
                );
            }
            Role::Builtin(_) | Role::Workgroup { .. } => {}
        }
    }
}

/// The body of the variant's `contract`.
fn contract(
    arguments: &[Argument],
    constants: &Constants,
    groups: &Expr,
    clauses: &[Expr],
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    let storage = arguments.iter().filter_map(|argument| match &argument.role {
        Role::Storage { element, .. } => Some((&argument.name, element)),
        _ => None,
    });
    let (storage, elements): (Vec<_>, Vec<_>) = storage.unzip();
    let params = arguments.iter().find_map(|argument| match &argument.role {
        Role::Reference(ty) => Some((&argument.name, ty)),
        _ => None,
    });
    let names = Names { storage, params, constants };
    let list = Ident::new(CLAUSES, proc_macro2::Span::call_site());
    let mut statements = Vec::new();
    for clause in clauses {
        match names.clause(clause) {
            Ok(statement) => statements.push(statement),
            Err(error) => diagnostics.add(error),
        }
    }
    // An expression that is no term is evaluated all the same; nothing is then known of the number of workgroups.
    let groups = match names.term(groups) {
        Ok(term) => quote!(::core::option::Option::Some(#term)),
        Err(_) => quote!(::core::option::Option::None),
    };
    quote! {
        #[allow(unused_mut)]
        let mut #list = ::std::vec::Vec::new();
        #(#statements)*
        ::kernel::contract::Contract {
            clauses: #list,
            groups: #groups,
            strides: ::std::vec![#(::core::mem::size_of::<#elements>() as u64),*],
        }
    }
}

/// The kernel's visibility as seen from its module, which is one level deeper.
fn inside(visibility: &syn::Visibility) -> TokenStream {
    match visibility {
        syn::Visibility::Inherited => quote!(pub(super)),
        syn::Visibility::Restricted(restricted) if restricted.path.is_ident("super") => quote!(pub(in super::super)),
        syn::Visibility::Restricted(restricted) if restricted.path.is_ident("self") => quote!(pub(super)),
        visibility => quote!(#visibility),
    }
}

/// How a binding is used, for the generated code.
fn access(mutable: bool) -> TokenStream {
    if mutable { quote!(::kernel::variant::Access::ReadWrite) } else { quote!(::kernel::variant::Access::Read) }
}

struct Expansion {
    function: ItemFn,
    arguments: Vec<Argument>,
    workgroup: Expr,
    groups: Expr,
    limits: Limits,
    contract: TokenStream,
    tolerance: Option<Tolerance>,
    twin: TokenStream,
    divergences: Option<TokenStream>,
    /// The body over f64, or the name of the reason why it has none.
    reference: Result<TokenStream, TokenStream>,
}

/// Which of a kernel's bodies the CPU runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CpuBody {
    /// The author's.
    Own,
    /// The one over f64.
    Reference,
}

/// What a kernel declares to need beyond WebGPU's default limits.
struct Limits {
    memory: Option<Expr>,
    invocations: Option<Expr>,
    storage_buffers: Option<Expr>,
}

/// The declared limit, or the one that WebGPU promises.
fn limit(declared: Option<&Expr>, name: &str) -> TokenStream {
    match declared {
        Some(declared) => quote!(((#declared) as u64)),
        None => {
            let name = format_ident!("{}", name);
            quote!(::kernel::limits::Limit::#name.promised())
        }
    }
}

impl Expansion {
    fn tokens(&self) -> TokenStream {
        let (function, module) = (&self.function, self.module_item());
        quote! {
            #[allow(clippy::too_many_arguments, unused_parens)]
            #function
            #module
        }
    }

    fn module_item(&self) -> TokenStream {
        let (visibility, name) = (&self.function.vis, &self.function.sig.ident);
        let module = self.module();
        quote! {
            #[doc = concat!("Dispatch of the kernel [`", stringify!(#name), "`](fn@", stringify!(#name), ").")]
            #visibility mod #name {
                #[allow(unused_imports)]
                use super::*;
                #module
            }
        }
    }

    fn params(&self) -> (TokenStream, Ident) {
        self.arguments
            .iter()
            .find_map(|argument| match &argument.role {
                Role::Reference(ty) => Some((quote!(#ty), argument.name.clone())),
                _ => None,
            })
            .unwrap_or_else(|| (quote!(()), format_ident!("params")))
    }

    fn storage(&self) -> impl Iterator<Item = (&Ident, &syn::Type, bool)> {
        self.arguments.iter().filter_map(|argument| match &argument.role {
            Role::Storage { element, mutable } => Some((&argument.name, element, *mutable)),
            _ => None,
        })
    }

    fn module(&self) -> TokenStream {
        let visibility = inside(&self.function.vis);
        let generics = &self.function.sig.generics;
        let (impl_generics, type_generics, bounds) = generics.split_for_impl();
        let turbofish = type_generics.as_turbofish();
        let function_name = &self.function.sig.ident;
        let text = function_name.to_string();
        let (workgroup, groups, contract) = (&self.workgroup, &self.groups, &self.contract);
        let invocations = limit(self.limits.invocations.as_ref(), "Invocations");
        let memory_limit = limit(self.limits.memory.as_ref(), "WorkgroupMemory");
        let buffers_limit = limit(self.limits.storage_buffers.as_ref(), "StorageBuffers");
        let buffers = self.storage().count() as u64;
        let (params_type, params_name) = self.params();
        let phantom = generics.params.iter().filter_map(|parameter| match parameter {
            syn::GenericParam::Type(ty) => Some(&ty.ident),
            _ => None,
        });
        let accesses = self.storage().map(|(_, _, mutable)| access(mutable));
        let memory = self.arguments.iter().filter_map(|argument| match &argument.role {
            Role::Workgroup { element, len: Some(len) } => {
                Some(quote!(+ ::core::mem::size_of::<#element>() * (#len) as usize))
            }
            _ => None,
        });
        let generic_names = signature::generic_names(generics);
        let params_list = &generics.params;
        let args = self.args();
        let (cpu, raw) = (self.cpu(CpuBody::Own), self.storage().map(|(name, _, _)| quote!(args.#name.raw())));
        let builder = self.builder();
        let (twin, divergences) = (&self.twin, &self.divergences);
        let (tolerance, reference, on_reference) = (self.tolerance(), self.reference(), self.on_reference());
        let args_generics = if self.args_types().is_empty() {
            quote!(<'_>)
        } else {
            let used = self.args_types();
            quote!(<'_, #(#used),*>)
        };
        quote! {
            #divergences

            /// The kernel with its generics.
            #visibility struct Kernel #impl_generics (::core::marker::PhantomData<fn() -> (#(#phantom,)*)>) #bounds;

            #args

            impl #impl_generics Kernel #type_generics #bounds {
                /// Invocations in a workgroup.
                pub const WORKGROUP_SIZE: u32 = #workgroup as u32;
                /// Bytes of workgroup memory.
                pub const WORKGROUP_BYTES: usize = 0 #(#memory)*;
                /// WebGPU's default limits (WebGPU §3.6.2) or what the kernel declares, checked when the variant is compiled.
                #[doc(hidden)]
                pub const LIMITS: () = {
                    assert!(
                        Self::WORKGROUP_SIZE >= 1 && Self::WORKGROUP_SIZE as u64 <= #invocations,
                        concat!("kernel `", #text, "`: a workgroup has 1 to 256 invocations unless `invocations` says more (maxComputeInvocationsPerWorkgroup)")
                    );
                    assert!(
                        Self::WORKGROUP_BYTES as u64 <= #memory_limit,
                        concat!("kernel `", #text, "`: workgroup memory exceeds the limit (16384 bytes unless `workgroup_memory` says more; maxComputeWorkgroupStorageSize)")
                    );
                    assert!(
                        #buffers <= #buffers_limit,
                        concat!("kernel `", #text, "`: more storage buffers than the limit (8 unless `storage_buffers` says more; maxStorageBuffersPerShaderStage)")
                    );
                    assert!(
                        (::kernel::layout::HEADER_BYTES + <#params_type as ::kernel::params::Params>::BYTES) as u64
                            <= ::kernel::limits::Limit::UniformBytes.promised(),
                        concat!("kernel `", #text, "`: the params exceed 65536 bytes (maxUniformBufferBindingSize)")
                    );
                };

                /// Records a dispatch; the params say how many workgroups it has.
                ///
                /// # Errors
                /// The clause of the kernel's contract that does not hold; what the device lacks for this variant, by name.
                pub fn dispatch(
                    recorder: &mut ::kernel::dispatch::Recorder,
                    params: #params_type,
                    args: Args #args_generics,
                ) -> ::core::result::Result<::kernel::dispatch::Step<Self>, ::kernel::dispatch::DispatchError> {
                    let () = Self::LIMITS;
                    recorder.record::<Self>(&params, &[#(#raw),*], Self::on_cpu)
                }

                #cpu
            }

            impl #impl_generics ::kernel::dispatch::Variant for Kernel #type_generics #bounds {
                type Params = #params_type;
                const TOLERANCE: ::core::option::Option<::kernel::tolerance::Tolerance> = #tolerance;
                fn desc() -> ::kernel::variant::VariantDesc {
                    ::kernel::variant::VariantDesc {
                        key: Self::key(),
                        bindings: &[#(#accesses),*],
                        uniform_bytes: (::kernel::layout::HEADER_BYTES
                            + <#params_type as ::kernel::params::Params>::BYTES) as u32,
                        workgroup_size: Self::WORKGROUP_SIZE,
                    }
                }
                fn key() -> ::std::string::String {
                    ::kernel::dispatch::variant_key(#text, #generic_names)
                }
                #[allow(unused_variables)]
                fn groups(#params_name: &#params_type) -> u32 {
                    #groups
                }
                fn contract() -> ::kernel::contract::Contract {
                    #contract
                }
                #on_reference
            }

            #reference

            ::kernel::__emit_only! {
                /// The variant's WGSL.
                #[allow(unused, clippy::all)]
                #visibility fn emit<#params_list>() -> ::kernel::emit::EmittedVariant #bounds {
                    let () = Kernel #turbofish::LIMITS;
                    let key = <Kernel #type_generics as ::kernel::dispatch::Variant>::key();
                    let contract = <Kernel #type_generics as ::kernel::dispatch::Variant>::contract();
                    ::kernel::emit::kernel(key, Kernel #turbofish::WORKGROUP_SIZE, contract, |__kernel| {
                        __kernel.tolerance(<Kernel #type_generics as ::kernel::dispatch::Variant>::TOLERANCE);
                        #builder
                        let _ = #twin;
                    })
                }
            }
        }
    }

    /// Type generics that the storage elements use.
    fn args_types(&self) -> Vec<&Ident> {
        let elements: Vec<String> = self.storage().map(|(_, element, _)| quote!(#element).to_string()).collect();
        self.function
            .sig
            .generics
            .type_params()
            .map(|parameter| &parameter.ident)
            .filter(|ident| {
                elements
                    .iter()
                    .any(|element| element.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| *ident == word))
            })
            .collect()
    }

    fn args(&self) -> TokenStream {
        let used = self.args_types();
        let fields = self.storage().map(|(name, element, mutable)| {
            let (reference, access) = if mutable { (quote!(&'a mut), "read_write") } else { (quote!(&'a), "read") };
            let doc = format!("`{name}`, `{access}`.");
            let element = signature::host_element(element);
            quote!(#[doc = #doc] pub #name: #reference ::kernel::dispatch::Buffer<#element>)
        });
        let marker = if self.storage().next().is_none() {
            quote!(#[doc(hidden)] pub __lifetime: ::core::marker::PhantomData<&'a ()>,)
        } else {
            quote!()
        };
        let visibility = inside(&self.function.vis);
        quote! {
            /// The kernel's buffers.
            #visibility struct Args<'a, #(#used),*> {
                #(#fields,)*
                #marker
            }
        }
    }

    fn tolerance(&self) -> TokenStream {
        let Some(Tolerance { rel, abs }) = &self.tolerance else { return quote!(::core::option::Option::None) };
        let part = |part: &Option<Expr>| part.as_ref().map_or(quote!(0.0), |part| quote!(#part));
        let (rel, abs) = (part(rel), part(abs));
        quote!(::core::option::Option::Some(::kernel::tolerance::Tolerance { abs: #abs, rel: #rel }))
    }

    /// The function over f64.
    fn reference(&self) -> TokenStream {
        let Ok(reference) = &self.reference else { return quote!() };
        quote! {
            ::kernel::__reference_only! {
                #[doc(hidden)]
                #[allow(unused, clippy::all)]
                pub #reference
            }
        }
    }

    /// The function of the trait `Variant` that runs the reference.
    fn on_reference(&self) -> TokenStream {
        if let Err(reason) = &self.reference {
            let none = quote! {
                fn on_reference(
                    _: ::std::vec::Vec<::kernel::cpu::Memory>,
                ) -> ::core::result::Result<::kernel::dispatch::CpuKernel, ::kernel::dispatch::NoReference> {
                    ::core::result::Result::Err(::kernel::dispatch::NoReference::#reason)
                }
            };
            return quote!(::kernel::__reference_only! { #none });
        }
        let cpu = self.cpu(CpuBody::Reference);
        quote!(::kernel::__reference_only! { #cpu })
    }

    /// The function that runs the kernel on the CPU, from erased memory.
    fn cpu(&self, body: CpuBody) -> TokenStream {
        let reference = body == CpuBody::Reference;
        let function_name = if reference { format_ident!("reference") } else { self.function.sig.ident.clone() };
        let place = if reference { quote!(self) } else { quote!(super) };
        let wide = |element: &syn::Type| {
            if reference { quote!(::kernel::reference::Wide<#element>) } else { quote!(#element) }
        };
        let generic_arguments = signature::generic_arguments(&self.function.sig.generics);
        let turbofish = if generic_arguments.is_empty() { quote!() } else { quote!(::<#generic_arguments>) };
        let (params_type, params_name) = self.params();
        let views = self.storage().enumerate().map(|(index, (name, element, mutable))| {
            let (binding, text, access) = (format_ident!("__binding_{}", name), name.to_string(), access(mutable));
            let wide_element = wide(element);
            quote! {
                let #binding = __buffers[#index].bind::<#wide_element>(#text, #access);
                let #name = #binding.view();
            }
        });
        let workgroup_memory: Vec<_> = self
            .arguments
            .iter()
            .filter_map(|argument| match &argument.role {
                Role::Workgroup { element, len: Some(len) } => Some((&argument.name, element, len)),
                _ => None,
            })
            .collect();
        let allocate = workgroup_memory.iter().map(|(name, element, len)| {
            let (memory, text) = (format_ident!("__memory_{}", name), name.to_string());
            let element = wide(element);
            quote! {
                let mut #memory = __phases.workgroup_memory::<#element>(#text, (#len) as u32);
                let #name = #memory.view();
            }
        });
        let copies = self.arguments.iter().filter_map(|argument| {
            let name = &argument.name;
            match &argument.role {
                Role::Storage { mutable: true, .. } | Role::Workgroup { .. } => Some(quote!(let mut #name = #name;)),
                Role::Builtin(builtin) => Some(match builtin {
                    Builtin::WorkgroupId => quote!(let #name = __group;),
                    Builtin::LocalIndex => quote!(let #name = __lane;),
                    Builtin::GlobalId => {
                        quote!(let #name = __group.wrapping_mul(Self::WORKGROUP_SIZE).wrapping_add(__lane);)
                    }
                }),
                _ => None,
            }
        });
        let passed = self.arguments.iter().map(|argument| {
            let name = &argument.name;
            match &argument.role {
                Role::Storage { mutable: true, .. } | Role::Workgroup { .. } => quote!(&mut #name),
                Role::Storage { .. } | Role::Reference(_) => quote!(&#name),
                _ => quote!(#name),
            }
        });
        let run = if self.function.sig.asyncness.is_some() {
            quote! {
                let __invocation = |__lane: u32| async move {
                    #(#copies)*
                    #place::#function_name #turbofish (#(#passed),*).await;
                };
                if Self::WORKGROUP_SIZE == 1 {
                    __phases.run_single(__invocation(0))
                } else {
                    __phases.run(&|__lane| ::std::boxed::Box::pin(__invocation(__lane)))
                }
            }
        } else {
            quote! {
                __phases.run_plain(|__lane| {
                    #(#copies)*
                    #place::#function_name #turbofish (#(#passed),*);
                })
            }
        };
        let (head, checks, widened) = if reference {
            let checks = self.storage().enumerate().map(|(index, (name, element, _))| {
                let text = name.to_string();
                quote!(__buffers[#index].holds::<#element>(#text)?;)
            });
            (
                quote! {
                    fn on_reference(
                        __buffers: ::std::vec::Vec<::kernel::cpu::Memory>,
                    ) -> ::core::result::Result<::kernel::dispatch::CpuKernel, ::kernel::dispatch::NoReference>
                },
                quote!(#(#checks)*),
                quote!(let #params_name = ::kernel::reference::widen(#params_name);),
            )
        } else {
            let head = quote! {
                fn on_cpu(__buffers: ::std::vec::Vec<::kernel::cpu::Memory>) -> ::kernel::dispatch::CpuKernel
            };
            (head, quote!(), quote!())
        };
        let wrap = |kernel: TokenStream| if reference { quote!(::core::result::Result::Ok(#kernel)) } else { kernel };
        let kernel = wrap(quote! {
                ::std::boxed::Box::new(move |__uniform: &[u8], __options: ::kernel::cpu::CpuOptions| {
                    let #params_name = <#params_type as ::kernel::params::Params>::from_bytes(__uniform);
                    let __groups = <Self as ::kernel::dispatch::Variant>::groups(&#params_name);
                    #widened
                    #(#views)*
                    ::kernel::cpu::run(&__key, __groups, Self::WORKGROUP_SIZE, __options, &|__phases| {
                        let __group = __phases.workgroup_id();
                        #(#allocate)*
                        #run
                    })
                })
        });
        quote! {
            #[allow(unused_variables, unused_mut)]
            #head {
                let __key = <Self as ::kernel::dispatch::Variant>::key();
                #checks
                #kernel
            }
        }
    }

    /// Declarations of the bindings in the twin.
    fn builder(&self) -> TokenStream {
        let declarations = self.arguments.iter().map(|argument| {
            let name = &argument.name;
            let text = name.to_string();
            match &argument.role {
                Role::Builtin(Builtin::WorkgroupId) => quote!(let #name = __kernel.workgroup_id();),
                Role::Builtin(Builtin::LocalIndex) => quote!(let #name = __kernel.local_invocation_index();),
                Role::Builtin(Builtin::GlobalId) => quote!(let #name = __kernel.global_id();),
                Role::Storage { element, mutable } => {
                    let access = access(*mutable);
                    quote!(let #name = __kernel.storage::<#element>(#text, #access);)
                }
                Role::Workgroup { element, len } => {
                    quote!(let #name = __kernel.workgroup::<#element>(#text, (#len) as u32);)
                }
                Role::Reference(ty) => {
                    quote!(let #name = __kernel.params::<#ty>(<#ty as ::kernel::params::Params>::BYTES);)
                }
                Role::Pointer(_) | Role::Value => quote!(),
            }
        });
        quote!(#(#declarations)*)
    }
}
