//! What WebGPU promises of every device (WebGPU §3.6.2), and which of it a kernel variant uses. A kernel that needs more
//! declares it: `#[kernel(.., workgroup_memory = 32_768)]`.

/// A limit that a kernel can exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Invocations in a workgroup; declared as `invocations`.
    Invocations,
    /// Bytes of workgroup memory; declared as `workgroup_memory`.
    WorkgroupMemory,
    /// Storage buffers; declared as `storage_buffers`.
    StorageBuffers,
    /// Bytes of the uniform block, which no kernel may exceed.
    UniformBytes,
}

impl Limit {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Invocations, Self::WorkgroupMemory, Self::StorageBuffers, Self::UniformBytes];

    /// WebGPU's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invocations => "maxComputeInvocationsPerWorkgroup",
            Self::WorkgroupMemory => "maxComputeWorkgroupStorageSize",
            Self::StorageBuffers => "maxStorageBuffersPerShaderStage",
            Self::UniformBytes => "maxUniformBufferBindingSize",
        }
    }

    /// What every device has.
    pub const fn promised(self) -> u64 {
        match self {
            Self::Invocations => 256,
            Self::WorkgroupMemory => 16_384,
            Self::StorageBuffers => 8,
            Self::UniformBytes => 65_536,
        }
    }

    /// What it counts.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Invocations => "invocations in a workgroup",
            Self::WorkgroupMemory => "bytes of workgroup memory",
            Self::StorageBuffers => "storage buffers",
            Self::UniformBytes => "bytes of uniforms",
        }
    }

    /// How much of each a variant uses: invocations, bytes of workgroup memory, storage buffers, bytes of uniforms.
    pub(crate) fn used(invocations: u32, memory: u32, buffers: usize, uniform_bytes: u32) -> [(Self, u64); 4] {
        let uniform_bytes = uniform_bytes.next_multiple_of(16);
        let used = [u64::from(invocations), u64::from(memory), buffers as u64, u64::from(uniform_bytes)];
        std::array::from_fn(|index| (Self::ALL[index], used[index]))
    }
}

#[cfg(all(test, feature = "gpu"))]
mod tests {
    use super::Limit;

    #[test]
    fn the_promised_limits_are_wgpus_defaults() {
        let limits = wgpu::Limits::default();
        let theirs = Limit::ALL.map(|limit| match limit {
            Limit::Invocations => u64::from(limits.max_compute_invocations_per_workgroup),
            Limit::WorkgroupMemory => u64::from(limits.max_compute_workgroup_storage_size),
            Limit::StorageBuffers => u64::from(limits.max_storage_buffers_per_shader_stage),
            Limit::UniformBytes => limits.max_uniform_buffer_binding_size,
        });
        assert_eq!(Limit::ALL.map(Limit::promised), theirs);
    }
}
