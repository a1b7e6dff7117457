//! The element types of ggml: id in the file, name, and how many bytes a block of how many elements takes. The one
//! table from which everything else about a type follows.
use std::fmt;

macro_rules! ggml_types {
    ($($(#[$about:meta])* $variant:ident = $id:literal, $name:literal, $block:literal, $bytes:literal;)*) => {
        /// How a tensor's elements are stored. Layouts and ids are ggml's (`ggml.h`, `ggml-common.h`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[allow(non_camel_case_types)]
        pub enum GgmlType {
            $($(#[$about])* $variant = $id,)*
        }

        impl GgmlType {
            /// Every type there is, in the order of their ids.
            pub const ALL: &[GgmlType] = &[$(GgmlType::$variant),*];

            /// The type with this id in a file. Ids 4, 5, 31–33 and 36–38 belonged to types that ggml has removed.
            pub const fn from_id(id: u32) -> Option<GgmlType> {
                match id {
                    $($id => Some(GgmlType::$variant),)*
                    _ => None,
                }
            }

            /// ggml's name for it, such as `Q4_K`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(GgmlType::$variant => $name,)*
                }
            }

            /// Elements that share one block: 1 for plain numbers.
            pub const fn block_len(self) -> u64 {
                match self {
                    $(GgmlType::$variant => $block,)*
                }
            }

            /// Bytes of one block.
            pub const fn block_bytes(self) -> u64 {
                match self {
                    $(GgmlType::$variant => $bytes,)*
                }
            }
        }
    };
}

ggml_types! {
    /// 32-bit float.
    F32 = 0, "F32", 1, 4;
    /// 16-bit float.
    F16 = 1, "F16", 1, 2;
    /// 4 bits, one f16 scale a block.
    Q4_0 = 2, "Q4_0", 32, 18;
    /// 4 bits, f16 scale and minimum a block.
    Q4_1 = 3, "Q4_1", 32, 20;
    /// 5 bits, one f16 scale a block.
    Q5_0 = 6, "Q5_0", 32, 22;
    /// 5 bits, f16 scale and minimum a block.
    Q5_1 = 7, "Q5_1", 32, 24;
    /// 8 bits, one f16 scale a block.
    Q8_0 = 8, "Q8_0", 32, 34;
    /// 8 bits with the block's sum: activations only, never in files.
    Q8_1 = 9, "Q8_1", 32, 36;
    /// 2 bits in super-blocks.
    Q2_K = 10, "Q2_K", 256, 84;
    /// 3 bits in super-blocks.
    Q3_K = 11, "Q3_K", 256, 110;
    /// 4 bits in super-blocks of eight, 6-bit scales and minima.
    Q4_K = 12, "Q4_K", 256, 144;
    /// 5 bits in super-blocks of eight, 6-bit scales and minima.
    Q5_K = 13, "Q5_K", 256, 176;
    /// 6 bits in super-blocks of sixteen, 8-bit scales.
    Q6_K = 14, "Q6_K", 256, 210;
    /// 8 bits in super-blocks: activations only, never in files.
    Q8_K = 15, "Q8_K", 256, 292;
    /// 2.06 bits by lattice.
    IQ2_XXS = 16, "IQ2_XXS", 256, 66;
    /// 2.31 bits by lattice.
    IQ2_XS = 17, "IQ2_XS", 256, 74;
    /// 3.06 bits by lattice.
    IQ3_XXS = 18, "IQ3_XXS", 256, 98;
    /// 1.56 bits by lattice.
    IQ1_S = 19, "IQ1_S", 256, 50;
    /// 4 bits through a table of non-linear levels.
    IQ4_NL = 20, "IQ4_NL", 32, 18;
    /// 3.44 bits by lattice.
    IQ3_S = 21, "IQ3_S", 256, 110;
    /// 2.56 bits by lattice.
    IQ2_S = 22, "IQ2_S", 256, 82;
    /// 4.25 bits through a table of non-linear levels, in super-blocks.
    IQ4_XS = 23, "IQ4_XS", 256, 136;
    /// 8-bit integer.
    I8 = 24, "I8", 1, 1;
    /// 16-bit integer.
    I16 = 25, "I16", 1, 2;
    /// 32-bit integer.
    I32 = 26, "I32", 1, 4;
    /// 64-bit integer.
    I64 = 27, "I64", 1, 8;
    /// 64-bit float.
    F64 = 28, "F64", 1, 8;
    /// 1.75 bits by lattice.
    IQ1_M = 29, "IQ1_M", 256, 56;
    /// The upper half of a 32-bit float.
    BF16 = 30, "BF16", 1, 2;
    /// Ternary, 1.69 bits.
    TQ1_0 = 34, "TQ1_0", 256, 54;
    /// Ternary, 2.06 bits.
    TQ2_0 = 35, "TQ2_0", 256, 66;
    /// 4-bit floats with a shared 8-bit exponent (OCP MX).
    MXFP4 = 39, "MXFP4", 32, 17;
    /// 4-bit floats with 8-bit float scales (NVIDIA).
    NVFP4 = 40, "NVFP4", 64, 36;
    /// Sign bits, one f16 scale a block.
    Q1_0 = 41, "Q1_0", 128, 18;
}

impl GgmlType {
    /// The id that stands for it in a file.
    pub const fn id(self) -> u32 {
        self as u32
    }

    /// Bytes of a row of `len` elements, or `None` where a row is not a whole number of blocks (ggml never lets a
    /// block span two rows) or the size overflows.
    pub const fn row_bytes(self, len: u64) -> Option<u64> {
        match len.is_multiple_of(self.block_len()) {
            true => (len / self.block_len()).checked_mul(self.block_bytes()),
            false => None,
        }
    }
}

impl fmt::Display for GgmlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_back_to_their_types() {
        for &ty in GgmlType::ALL {
            assert_eq!(GgmlType::from_id(ty.id()), Some(ty));
        }
        assert_eq!(GgmlType::from_id(4), None);
        assert_eq!(GgmlType::from_id(u32::MAX), None);
    }

    #[test]
    fn a_row_takes_whole_blocks() {
        assert_eq!(GgmlType::Q6_K.row_bytes(1536), Some(6 * 210));
        assert_eq!(GgmlType::Q4_0.row_bytes(48), None);
        assert_eq!(GgmlType::F64.row_bytes(u64::MAX), None);
    }
}
