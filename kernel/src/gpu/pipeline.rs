//! Compute pipelines: a variant's WGSL behind the target's prologue, checked against the device, compiled once.
use std::borrow::Cow;
use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex};

use super::buffer::GpuBuffer;
use super::device::Gpu;
use super::device::RuntimeChecks;
use super::error::{GpuError, lock};
use super::plan::HEADER_BYTES;
use crate::contract::Requirements;
use crate::limits::Limit;
use crate::variant::{Access, MAX_BINDING_BYTES, Proof, SUBGROUP_SIZES, VariantDesc, WgslTarget, WgslVariant};

/// What a native pipeline checks while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Checks {
    /// Indices are kept inside and divisors from 0 by code that wgpu adds.
    Injected,
    /// Neither needs it.
    Superfluous,
}

/// A compiled variant.
#[derive(Debug)]
pub(super) struct Pipeline {
    /// The variant's name.
    pub key: String,
    pub raw: wgpu::ComputePipeline,
    pub layout: Arc<Layout>,
}

impl Pipeline {
    /// Whether `params` are as long as the kernel's params struct, up to the rounding of a uniform block to 16 bytes.
    pub fn check_params(&self, params: &[u8]) -> Result<(), GpuError> {
        let expected = self.layout.uniform_bytes as usize - HEADER_BYTES;
        if params.len().next_multiple_of(16) == expected {
            return Ok(());
        }
        Err(GpuError::ParamsSize { key: self.key.clone(), expected, given: params.len() })
    }
}

/// Bind-group layout of all variants with the same bindings; they share bind groups too.
#[derive(Debug)]
pub(super) struct Layout {
    pub bind_group: wgpu::BindGroupLayout,
    pipeline: wgpu::PipelineLayout,
    /// Size of binding 0, a multiple of 16 as every struct in a uniform buffer that holds a `vec4` has (WGSL §14.4.1).
    pub uniform_bytes: u32,
    pub bindings: &'static [Access],
}

/// What a [`Layout`] depends on: bytes of uniforms, and the storage bindings.
type Signature = (u32, &'static [Access]);

/// Everything compiled so far.
#[derive(Debug, Default)]
pub(super) struct Pipelines {
    by_key: Mutex<HashMap<(String, Checks), Arc<Pipeline>>>,
    layouts: Mutex<HashMap<Signature, Arc<Layout>>>,
}

impl Gpu {
    /// Compiles a variant now, so that its first dispatch does not wait for the driver's compiler.
    ///
    /// # Errors
    /// [`GpuError::UnknownVariant`], [`GpuError::StaleTable`], [`GpuError::MissingFeature`], [`GpuError::OverLimit`], and
    /// [`GpuError::Compile`] (in a browser that one comes from a later call, see [`check`](Self::check)).
    pub fn prepare(&self, desc: &VariantDesc) -> Result<(), GpuError> {
        self.pipeline(desc).map(drop)
    }

    /// Whether this device has what the variant needs; the reason where it has not. Nothing is compiled.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare), but for `Compile`.
    pub fn supports(&self, desc: &VariantDesc) -> Result<(), GpuError> {
        self.variant(desc).map(drop)
    }

    /// The pipeline of a variant, compiled on first use.
    pub(super) fn pipeline(&self, desc: &VariantDesc) -> Result<Arc<Pipeline>, GpuError> {
        self.compiled(desc, Checks::Injected)
    }

    /// The pipeline of a variant for a dispatch that keeps its contract with these buffers: without the injected checks
    /// where the contract was shown to make them superfluous.
    pub(super) fn pipeline_under(
        &self,
        requirements: &Requirements,
        buffers: &[&GpuBuffer],
    ) -> Result<Arc<Pipeline>, GpuError> {
        let checks = self.checks(self.variant(&requirements.desc)?, requirements, buffers)?;
        self.compiled(&requirements.desc, checks)
    }

    fn checks(
        &self,
        variant: &WgslVariant,
        requirements: &Requirements,
        buffers: &[&GpuBuffer],
    ) -> Result<Checks, GpuError> {
        if !variant.requires.iter().copied().eq(requirements.texts.iter().map(String::as_str)) {
            return Err(GpuError::StaleTable { key: variant.key.to_owned(), what: "contract" });
        }
        // What the proof assumes of every device and binding.
        let (smallest, greatest) = self.subgroup_sizes();
        let subgroups =
            !variant.subgroups || (SUBGROUP_SIZES.contains(&smallest) && SUBGROUP_SIZES.contains(&greatest));
        let bindings = buffers.iter().all(|buffer| buffer.bytes() <= MAX_BINDING_BYTES);
        let superfluous = variant.proof == Proof::Proven
            && self.inner.runtime_checks == RuntimeChecks::WhereUnproven
            && subgroups
            && bindings;
        Ok(if superfluous { Checks::Superfluous } else { Checks::Injected })
    }

    fn compiled(&self, desc: &VariantDesc, checks: Checks) -> Result<Arc<Pipeline>, GpuError> {
        let key = (desc.key.clone(), checks);
        let known = lock(&self.inner.pipelines.by_key).get(&key).cloned();
        if let Some(pipeline) = known {
            return Ok(pipeline);
        }
        let variant = self.variant(desc)?;
        let layout = self.layout(desc)?;
        let raw = self.compile(variant, checks, &layout)?;
        let pipeline = Arc::new(Pipeline { key: desc.key.clone(), raw, layout });
        // Two threads may have compiled it at once; the first one in stays.
        Ok(Arc::clone(lock(&self.inner.pipelines.by_key).entry(key).or_insert(pipeline)))
    }

    /// The table's entry, checked against the kernel and the device.
    fn variant(&self, desc: &VariantDesc) -> Result<&'static WgslVariant, GpuError> {
        let key = || desc.key.clone();
        let variant = self.inner.table.get(&desc.key).ok_or_else(|| GpuError::UnknownVariant { key: key() })?;

        let same_bindings = variant.bindings.iter().map(|binding| &binding.access).eq(desc.bindings);
        let same_uniforms = variant.uniform_bytes.next_multiple_of(16) == desc.uniform_bytes.next_multiple_of(16);
        for (same, what) in [
            (same_bindings, "bindings"),
            (same_uniforms, "params"),
            (variant.workgroup_size == desc.workgroup_size, "workgroup size"),
        ] {
            if !same {
                return Err(GpuError::StaleTable { key: key(), what });
            }
        }
        let offered = self.cooperative_products();
        let products = variant.cooperative_matrix.unwrap_or_default();
        let offers_products = !offered.is_empty() && products.iter().all(|product| offered.contains(product));
        for (needed, offered, feature) in [
            (variant.subgroups, self.has_subgroups(), "subgroups"),
            (variant.f16, self.has_f16(), "f16"),
            (variant.cooperative_matrix.is_some(), offers_products, "cooperative_matrix"),
        ] {
            if needed && !offered {
                return Err(GpuError::MissingFeature { key: key(), feature, adapter: self.info().to_string() });
            }
        }
        let limits = self.limits();
        let invocations = limits.max_compute_invocations_per_workgroup.min(limits.max_compute_workgroup_size_x);
        let buffers =
            limits.max_storage_buffers_per_shader_stage.min(limits.max_bindings_per_bind_group.saturating_sub(1));
        let offered = |limit: Limit| match limit {
            Limit::Invocations => u64::from(invocations),
            Limit::WorkgroupMemory => u64::from(limits.max_compute_workgroup_storage_size),
            Limit::StorageBuffers => u64::from(buffers),
            Limit::UniformBytes => limits.max_uniform_buffer_binding_size,
        };
        for (limit, used) in variant.uses() {
            if used > offered(limit) {
                return Err(GpuError::OverLimit {
                    key: key(),
                    what: limit.unit(),
                    name: limit.name(),
                    used,
                    limit: offered(limit),
                });
            }
        }
        Ok(variant)
    }

    /// The bind-group layout of these bindings: uniforms with a dynamic offset, then the storage buffers.
    fn layout(&self, desc: &VariantDesc) -> Result<Arc<Layout>, GpuError> {
        let uniform_bytes = desc.uniform_bytes.next_multiple_of(16).max(HEADER_BYTES as u32);
        let signature = (uniform_bytes, desc.bindings);
        if let Some(layout) = lock(&self.inner.pipelines.layouts).get(&signature) {
            return Ok(Arc::clone(layout));
        }
        let entry = |binding: usize, ty, has_dynamic_offset, min_binding_size| wgpu::BindGroupLayoutEntry {
            binding: binding as u32,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset, min_binding_size },
            count: None,
        };
        let mut entries =
            vec![entry(0, wgpu::BufferBindingType::Uniform, true, NonZeroU64::new(u64::from(uniform_bytes)))];
        entries.extend(desc.bindings.iter().enumerate().map(|(index, access)| {
            let ty = wgpu::BufferBindingType::Storage { read_only: *access == Access::Read };
            entry(index + 1, ty, false, None)
        }));
        let layout = self.guarded(&desc.key, 0, || {
            let device = &self.inner.device;
            let bind_group = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
                label: Some(&desc.key),
                entries: &entries,
            });
            let pipeline = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label: Some(&desc.key),
                bind_group_layouts: &[Some(&bind_group)],
                immediate_size: 0,
            });
            Layout { bind_group, pipeline, uniform_bytes, bindings: desc.bindings }
        })?;
        Ok(Arc::clone(lock(&self.inner.pipelines.layouts).entry(signature).or_insert(Arc::new(layout))))
    }

    fn compile(
        &self,
        variant: &WgslVariant,
        checks: Checks,
        layout: &Layout,
    ) -> Result<wgpu::ComputePipeline, GpuError> {
        self.check()?;
        let (pipeline, error) = self.scoped(|| {
            let module = self.module(variant, checks);
            self.inner.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(variant.key),
                layout: Some(&layout.pipeline),
                module: &module,
                entry_point: None,
                compilation_options: wgpu::PipelineCompilationOptions {
                    // Kernels write workgroup memory before they read it; the CPU executor reports those that do not.
                    zero_initialize_workgroup_memory: false,
                    ..Default::default()
                },
                cache: None,
            })
        });
        let Some(error) = error else { return self.check().map(|()| pipeline) };
        Err(self.explained(match GpuError::from_wgpu(&error, variant.key, 0) {
            GpuError::Validation { message } | GpuError::Internal { message } => {
                GpuError::Compile { key: variant.key.to_owned(), message }
            }
            other => other,
        }))
    }

    fn module(&self, variant: &WgslVariant, checks: Checks) -> wgpu::ShaderModule {
        let descriptor = wgpu::ShaderModuleDescriptor {
            label: Some(variant.key),
            source: wgpu::ShaderSource::Wgsl(Cow::Owned(variant.text(WgslTarget::HERE))),
        };
        #[cfg(target_arch = "wasm32")]
        {
            // A browser checks everything itself.
            let _ = checks;
            self.inner.device.create_shader_module(descriptor)
        }
        #[cfg(not(target_arch = "wasm32"))]
        {
            let checks = match checks {
                Checks::Injected => {
                    wgpu::ShaderRuntimeChecks { force_loop_bounding: false, ..wgpu::ShaderRuntimeChecks::checked() }
                }
                Checks::Superfluous => wgpu::ShaderRuntimeChecks::unchecked(),
            };
            // SAFETY: one check is always left out, the one that bounds loops which would not end. The table's text
            // comes from the emitter, whose only loop counts a `for` variable up to a bound by a positive step, so every
            // loop ends. `Superfluous` leaves out those of indices and of divisions as well. It is chosen in `checks`
            // alone: for a variant of which the build showed, from the clauses whose texts the table holds, that every
            // index is inside and no divisor is 0, and in a plan that keeps these very clauses with every params.
            // Kernels have no ray queries and no mesh stages, which the other checks are for.
            unsafe { self.inner.device.create_shader_module_trusted(descriptor, checks) }
        }
    }
}
