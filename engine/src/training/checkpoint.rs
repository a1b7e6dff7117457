//! A run between two steps, as one safetensors file: parameters, AdamW's moments, the step, and what the run is made of.
//! The order of examples and everything else that is random follow from the seed and the step.
use super::RunError;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use std::collections::BTreeMap;

/// What the file calls itself; a change of its meaning changes this.
const FORMAT: &str = "gemmule-checkpoint-1";
const FORMAT_KEY: &str = "format";
const STEP_KEY: &str = "step";
/// What precedes the names of facts among the file's metadata.
const FACT: &str = "run.";

/// What a run is made of: facts by name, such as the model's fingerprint and the rank. A checkpoint fits a run whose
/// facts are all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity(BTreeMap<String, String>);

impl Identity {
    /// Adds a fact.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.0.insert(name.to_owned(), value.to_string());
        self
    }

    /// Every fact in which two runs differ, in words.
    fn differences(&self, checkpoint: &Identity) -> Vec<String> {
        let names: std::collections::BTreeSet<&String> = self.0.keys().chain(checkpoint.0.keys()).collect();
        let of = |identity: &Identity, name: &String| identity.0.get(name).cloned();
        let differing = names.into_iter().filter(|name| of(self, name) != of(checkpoint, name));
        let words = |value: Option<String>| value.unwrap_or_else(|| "not given".to_owned());
        differing
            .map(|name| format!("{name} was {}, now it is {}", words(of(checkpoint, name)), words(of(self, name))))
            .collect()
    }
}

/// A run between two steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Steps that are done.
    pub step: u64,
    /// The adapter's parameters, in their layout.
    pub parameters: Vec<f32>,
    /// AdamW's first moment of each.
    pub m: Vec<f32>,
    /// AdamW's second moment of each.
    pub v: Vec<f32>,
    /// What the run is made of.
    pub identity: Identity,
}

impl Checkpoint {
    const NAMES: [&'static str; 3] = ["parameters", "m", "v"];

    /// The file's bytes.
    ///
    /// # Errors
    /// [`RunError::Checkpoint`] where they cannot be serialised.
    pub fn to_bytes(&self) -> Result<Vec<u8>, RunError> {
        let failed = |error: safetensors::SafeTensorError| RunError::Checkpoint(error.to_string());
        let vectors = [&self.parameters, &self.m, &self.v];
        let bytes = vectors.map(|vector| vector.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>());
        let views = Self::NAMES
            .iter()
            .zip(vectors.iter().zip(&bytes))
            .map(|(name, (vector, bytes))| Ok((*name, TensorView::new(Dtype::F32, vec![vector.len()], bytes)?)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(failed)?;
        let facts = self.identity.0.iter().map(|(name, value)| (format!("{FACT}{name}"), value.clone()));
        let own = [(FORMAT_KEY.to_owned(), FORMAT.to_owned()), (STEP_KEY.to_owned(), self.step.to_string())];
        safetensors::serialize(views, Some(facts.chain(own).collect())).map_err(failed)
    }

    /// Reads a checkpoint for a run of this identity, with this many parameters.
    ///
    /// # Errors
    /// [`RunError::AnotherRun`] names everything in which the runs differ; [`RunError::Checkpoint`] what is damaged.
    pub fn from_bytes(bytes: &[u8], run: &Identity, parameters: usize) -> Result<Checkpoint, RunError> {
        let damaged = |cause: String| RunError::Checkpoint(cause);
        let file = SafeTensors::deserialize(bytes).map_err(|error| damaged(error.to_string()))?;
        let (_, head) = SafeTensors::read_metadata(bytes).map_err(|error| damaged(error.to_string()))?;
        let about = head.metadata().clone().unwrap_or_default();
        match about.get(FORMAT_KEY) {
            Some(format) if format == FORMAT => {}
            found => {
                let found = found.map_or("nothing", String::as_str);
                return Err(damaged(format!("its `{FORMAT_KEY}` is {found} instead of {FORMAT}")));
            }
        }
        let facts = about.iter().filter_map(|(name, value)| Some((name.strip_prefix(FACT)?.to_owned(), value.clone())));
        let identity = Identity(facts.collect());
        let differences = run.differences(&identity);
        if !differences.is_empty() {
            return Err(RunError::AnotherRun { differences });
        }
        let step = about.get(STEP_KEY).and_then(|step| step.parse().ok());
        let step = step.ok_or_else(|| damaged(format!("its `{STEP_KEY}` is no number")))?;
        let vector = |name: &str| {
            let view = file.tensor(name).map_err(|error| damaged(error.to_string()))?;
            if view.dtype() != Dtype::F32 || view.shape() != [parameters] {
                let (ty, shape) = (view.dtype(), view.shape());
                return Err(damaged(format!("tensor `{name}` is {ty:?} {shape:?} instead of F32 [{parameters}]")));
            }
            let values: Vec<f32> = view.data().as_chunks().0.iter().map(|&word| f32::from_le_bytes(word)).collect();
            match values.iter().find(|value| !value.is_finite()) {
                Some(value) => Err(damaged(format!("tensor `{name}` contains {value}"))),
                None => Ok(values),
            }
        };
        let [parameters, m, v] = Self::NAMES;
        Ok(Checkpoint { step, parameters: vector(parameters)?, m: vector(m)?, v: vector(v)?, identity })
    }

    /// Writes the file: whole, or not at all.
    ///
    /// # Errors
    /// [`RunError::Io`] where it cannot be written.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn write(&self, path: &std::path::Path) -> Result<(), RunError> {
        let written = crate::atomic_file::write_bytes(path, &self.to_bytes()?);
        written.map_err(|cause| RunError::Io { action: "write", path: path.display().to_string(), cause })
    }

    /// Reads the file as [`from_bytes`](Self::from_bytes) does.
    ///
    /// # Errors
    /// Also [`RunError::Io`] where it cannot be read.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn read(path: &std::path::Path, run: &Identity, parameters: usize) -> Result<Checkpoint, RunError> {
        let bytes = std::fs::read(path);
        let failed = |cause| RunError::Io { action: "read", path: path.display().to_string(), cause };
        Self::from_bytes(&bytes.map_err(failed)?, run, parameters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn identity() -> Identity {
        Identity::default().with("model", "5bd1").with("dataset", "77aa").with("rank", 8)
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            step: 120,
            parameters: vec![1.0, -2.5, 3e-9],
            m: vec![0.1, 0.2, 0.3],
            v: vec![0.0, 1e-12, 5.0],
            identity: identity(),
        }
    }

    #[test]
    fn a_checkpoint_comes_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last.safetensors");
        checkpoint().write(&path).unwrap();
        assert_eq!(Checkpoint::read(&path, &identity(), 3).unwrap(), checkpoint());
    }

    #[test]
    fn another_run_is_refused_by_everything_that_differs() {
        let other = Identity::default().with("model", "5bd1").with("dataset", "0000").with("alpha", 2);
        let error = Checkpoint::from_bytes(&checkpoint().to_bytes().unwrap(), &other, 3).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the checkpoint belongs to another run: alpha was not given, now it is 2; dataset was 77aa, now it is 0000; \
             rank was 8, now it is not given"
        );
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        let refusal = |bytes: &[u8], count| Checkpoint::from_bytes(bytes, &identity(), count).unwrap_err().to_string();
        let whole = checkpoint().to_bytes().unwrap();
        assert!(refusal(&whole[..whole.len() - 1], 3).starts_with("the checkpoint cannot be read: "));
        let error = refusal(&whole, 4);
        assert_eq!(error, "the checkpoint cannot be read: tensor `parameters` is F32 [3] instead of F32 [4]");
        let data = [0; 4];
        let view = TensorView::new(Dtype::F32, vec![1], &data).unwrap();
        let other = safetensors::serialize([("w", view)], None).unwrap();
        let error = refusal(&other, 1);
        assert_eq!(error, "the checkpoint cannot be read: its `format` is nothing instead of gemmule-checkpoint-1");
        let nan = Checkpoint { m: vec![0.0, f32::NAN, 0.0], ..checkpoint() }.to_bytes().unwrap();
        assert_eq!(refusal(&nan, 3), "the checkpoint cannot be read: tensor `m` contains NaN");
    }

    proptest! {
        #[test]
        fn damage_ends_in_an_error_or_a_checkpoint(at in 0usize..400, byte: u8, cut in 0usize..400) {
            let mut bytes = checkpoint().to_bytes().unwrap();
            let len = bytes.len();
            let _ = Checkpoint::from_bytes(&bytes[..cut % len], &identity(), 3);
            bytes[at % len] ^= byte;
            let _ = Checkpoint::from_bytes(&bytes, &identity(), 3);
        }
    }
}
