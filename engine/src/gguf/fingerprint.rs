//! A number that tells models apart without reading all of them.
use super::Gguf;
use crate::{error::Error, source::Source};
use fnv::FnvHasher;
use std::hash::Hasher;

/// Tensors of more bytes than this count by their description only. Norms are smaller, and no two trained models share
/// theirs.
const SMALL: u64 = 64 * 1024;

impl Gguf {
    /// FNV-1a over every tensor's name, shape and type and over the data of small ones. Metadata and the order of
    /// tensors do not count, so that another name or template leaves a model what it is.
    ///
    /// # Errors
    /// Whatever reading says.
    pub fn fingerprint(&self, source: &dyn Source) -> Result<u64, Error> {
        let mut tensors: Vec<_> = self.tensors().iter().collect();
        tensors.sort_by(|one, other| one.name.cmp(&other.name));
        let mut hasher = FnvHasher::default();
        for tensor in tensors {
            hasher.write(tensor.name.as_bytes());
            hasher.write(&[0xFF, tensor.dims.len() as u8]);
            tensor.dims.iter().for_each(|dim| hasher.write(&dim.to_le_bytes()));
            hasher.write(&tensor.ty.id().to_le_bytes());
            if tensor.byte_len <= SMALL {
                hasher.write(&tensor.read(source)?);
            }
        }
        Ok(hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use crate::gguf::{GgmlType, Gguf, Writer};
    use crate::source::MemorySource;

    fn fingerprint(name: &str, norm: f32, rows: u64) -> u64 {
        let mut writer = Writer::new();
        writer.metadata("general.name", name).unwrap();
        writer.tensor("norm", &[1], GgmlType::F32, norm.to_le_bytes()).unwrap();
        writer.tensor("w", &[8, rows], GgmlType::F32, vec![0; 32 * rows as usize]).unwrap();
        let source = MemorySource::new(writer.to_bytes().unwrap());
        Gguf::read(&source).unwrap().fingerprint(&source).unwrap()
    }

    #[test]
    fn weights_and_shapes_make_another_model_and_names_do_not() {
        let one = fingerprint("one", 1.0, 4);
        assert_eq!(fingerprint("other", 1.0, 4), one);
        assert_ne!(fingerprint("one", 1.5, 4), one);
        assert_ne!(fingerprint("one", 1.0, 5), one);
    }
}
