//! What can be wrong with an adapter or with what is asked of one, each case naming the option, field or tensor.
use super::Target;
use crate::gguf::GgmlType;

/// Why an adapter cannot be made, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The fields are what the messages say they are.
pub enum LoraError {
    /// A target that does not exist.
    #[error("there is no target `{found}`: the targets are q, k, v, o, gate, up, down, inp_gate and proj")]
    UnknownTarget { found: String },
    /// An option has a value that cannot be.
    #[error("{option} is {value}, but {rule}")]
    Option { option: &'static str, value: String, rule: &'static str },
    /// The same target twice.
    #[error("the target {target} is given twice")]
    RepeatedTarget { target: Target },
    /// A pattern that is not a regular expression.
    #[error("the pattern `{pattern}` is not a regular expression that this engine reads: {cause}")]
    Pattern { pattern: String, cause: String },
    /// A target that nothing in the model has.
    #[error("the target {target} matches no layer: {why}")]
    NoSite { target: Target, why: &'static str },
    /// More parameters than can be indexed.
    #[error("the adapter would have {parameters} parameters; at most {limit} are possible")]
    TooLarge { parameters: u64, limit: u64 },
    /// As many parameters as the layout has, or else.
    #[error("the adapter has {expected} parameters, but {found} were given")]
    ParameterCount { expected: usize, found: usize },
    /// A file of an adapter is not of its format.
    #[error("{file} cannot be read: {cause}")]
    Format { file: &'static str, cause: String },
    /// A field that must be there is not, or is of the wrong kind.
    #[error("`{field}` in adapter_config.json must be {expected}, but is {found}")]
    Field { field: String, expected: &'static str, found: String },
    /// A feature of PEFT that this engine does not compute.
    #[error("adapter_config.json asks for `{field}` = {value}, which is not supported{hint}")]
    Unsupported { field: String, value: String, hint: &'static str },
    /// Two patterns want different values for a module.
    #[error("`{field}` in adapter_config.json gives `{module}` both {first} and {second}")]
    Ambiguous { field: &'static str, module: String, first: f64, second: f64 },
    /// The adapter of another kind of model.
    #[error("the adapter is for `{found}`; only `gemma4` is supported")]
    Architecture { found: String },
    /// A GGUF that holds something else.
    #[error("the GGUF is not a LoRA adapter: key `{key}` is `{found}` instead of `{expected}`")]
    NotAnAdapter { key: &'static str, expected: &'static str, found: String },
    /// A tensor that no target has.
    #[error("tensor `{tensor}` belongs to nothing that an adapter may change here")]
    UnknownTensor { tensor: String },
    /// A tensor for a matrix that this model does not have.
    #[error("tensor `{tensor}` does not fit the model: {why}")]
    NoSuchMatrix { tensor: String, why: String },
    /// The same half twice.
    #[error("tensor `{tensor}` stands for the same half as `{other}`")]
    Duplicate { tensor: String, other: String },
    /// A matrix without its partner.
    #[error("tensor `{tensor}` has no partner: lora_{missing} of the same module is missing")]
    MissingHalf { tensor: String, missing: &'static str },
    /// A shape that does not follow from the model.
    #[error("tensor `{tensor}` has the wrong shape: expected {expected} ({meaning}), found {found:?}")]
    WrongShape { tensor: String, expected: String, meaning: &'static str, found: Vec<u64> },
    /// A rank other than the one that was announced.
    #[error("tensor `{tensor}` has rank {found}, but {announced} gives {expected}")]
    RankMismatch { tensor: String, found: u64, announced: &'static str, expected: u64 },
    /// An element type that adapters are not stored in.
    #[error("tensor `{tensor}` is {found}; adapters are F32, F16 or BF16")]
    Type { tensor: String, found: String },
    /// An infinity or no number at all.
    #[error("tensor `{tensor}` contains {value}")]
    NotFinite { tensor: String, value: f32 },
    /// Nothing in it.
    #[error("the adapter has no tensors")]
    Empty,
    /// A tensor whose type cannot be written.
    #[error(
        "cannot merge into tensor `{tensor}`: it is {ty}, but only F32, F16, BF16, Q4_0, Q5_0, Q8_0, Q4_K, Q5_K and Q6_K \
         can be written"
    )]
    CannotMerge { tensor: String, ty: GgmlType },
    /// A file could not be read or written.
    #[error("cannot {action} {path}: {cause}")]
    Io { action: &'static str, path: String, cause: std::io::Error },
}
