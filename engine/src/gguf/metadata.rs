//! The key-value part of a GGUF: values of every type, and getters that say which key is missing or of another type.
use super::GgufError;
use std::{collections::HashMap, fmt};

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Named as in the GGUF specification.
pub enum ValueKind {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    Bool,
    String,
    Array,
    U64,
    I64,
    F64,
}

impl ValueKind {
    const NAMES: [&str; 13] =
        ["u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "string", "array", "u64", "i64", "f64"];

    const ALL: [ValueKind; 13] = [
        ValueKind::U8,
        ValueKind::I8,
        ValueKind::U16,
        ValueKind::I16,
        ValueKind::U32,
        ValueKind::I32,
        ValueKind::F32,
        ValueKind::Bool,
        ValueKind::String,
        ValueKind::Array,
        ValueKind::U64,
        ValueKind::I64,
        ValueKind::F64,
    ];

    /// The kind with this id in a file (GGUF specification, `gguf_metadata_value_type`).
    pub fn from_id(id: u32) -> Option<ValueKind> {
        Self::ALL.get(id as usize).copied()
    }

    /// The id that stands for it in a file.
    pub fn id(self) -> u32 {
        self as u32
    }

    /// Bytes that one value takes at the least: a string is a length, an array a kind and a length.
    pub(super) fn min_bytes(self) -> u64 {
        match self {
            ValueKind::U8 | ValueKind::I8 | ValueKind::Bool => 1,
            ValueKind::U16 | ValueKind::I16 => 2,
            ValueKind::U32 | ValueKind::I32 | ValueKind::F32 => 4,
            ValueKind::U64 | ValueKind::I64 | ValueKind::F64 | ValueKind::String => 8,
            ValueKind::Array => 12,
        }
    }
}

impl fmt::Display for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAMES[*self as usize])
    }
}

/// A metadata value.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Named as in the GGUF specification.
pub enum Value {
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    F32(f32),
    Bool(bool),
    String(String),
    Array(Array),
    U64(u64),
    I64(i64),
    F64(f64),
}

/// An array value: all elements are of one kind.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Named as in the GGUF specification.
pub enum Array {
    U8(Vec<u8>),
    I8(Vec<i8>),
    U16(Vec<u16>),
    I16(Vec<i16>),
    U32(Vec<u32>),
    I32(Vec<i32>),
    F32(Vec<f32>),
    Bool(Vec<bool>),
    String(Strings),
    Array(Vec<Array>),
    U64(Vec<u64>),
    I64(Vec<i64>),
    F64(Vec<f64>),
}

/// Many strings in one allocation: a vocabulary has 262,144 of them and half a million merges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strings {
    text: String,
    ends: Vec<usize>,
}

impl Strings {
    /// Strings that lie one after the other in `text`, each ending where `ends` says.
    pub(super) fn from_parts(text: String, ends: Vec<usize>) -> Self {
        Strings { text, ends }
    }

    /// Appends a string.
    pub fn push(&mut self, string: &str) {
        self.text.push_str(string);
        self.ends.push(self.text.len());
    }

    /// The string at an index.
    pub fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start..end)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |&end| &self.text[std::mem::replace(&mut start, end)..end])
    }
}

impl<'a> FromIterator<&'a str> for Strings {
    fn from_iter<I: IntoIterator<Item = &'a str>>(strings: I) -> Self {
        let mut all = Strings::default();
        strings.into_iter().for_each(|string| all.push(string));
        all
    }
}

impl Value {
    /// What this value is.
    pub fn kind(&self) -> ValueKind {
        match self {
            Value::U8(_) => ValueKind::U8,
            Value::I8(_) => ValueKind::I8,
            Value::U16(_) => ValueKind::U16,
            Value::I16(_) => ValueKind::I16,
            Value::U32(_) => ValueKind::U32,
            Value::I32(_) => ValueKind::I32,
            Value::F32(_) => ValueKind::F32,
            Value::Bool(_) => ValueKind::Bool,
            Value::String(_) => ValueKind::String,
            Value::Array(_) => ValueKind::Array,
            Value::U64(_) => ValueKind::U64,
            Value::I64(_) => ValueKind::I64,
            Value::F64(_) => ValueKind::F64,
        }
    }

    /// The value of any integer kind.
    fn integer(&self) -> Option<i128> {
        Some(match *self {
            Value::U8(value) => value.into(),
            Value::I8(value) => value.into(),
            Value::U16(value) => value.into(),
            Value::I16(value) => value.into(),
            Value::U32(value) => value.into(),
            Value::I32(value) => value.into(),
            Value::U64(value) => value.into(),
            Value::I64(value) => value.into(),
            _ => return None,
        })
    }
}

impl Array {
    /// What the elements are.
    pub fn kind(&self) -> ValueKind {
        match self {
            Array::U8(_) => ValueKind::U8,
            Array::I8(_) => ValueKind::I8,
            Array::U16(_) => ValueKind::U16,
            Array::I16(_) => ValueKind::I16,
            Array::U32(_) => ValueKind::U32,
            Array::I32(_) => ValueKind::I32,
            Array::F32(_) => ValueKind::F32,
            Array::Bool(_) => ValueKind::Bool,
            Array::String(_) => ValueKind::String,
            Array::Array(_) => ValueKind::Array,
            Array::U64(_) => ValueKind::U64,
            Array::I64(_) => ValueKind::I64,
            Array::F64(_) => ValueKind::F64,
        }
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        match self {
            Array::U8(values) => values.len(),
            Array::I8(values) => values.len(),
            Array::U16(values) => values.len(),
            Array::I16(values) => values.len(),
            Array::U32(values) => values.len(),
            Array::I32(values) => values.len(),
            Array::F32(values) => values.len(),
            Array::Bool(values) => values.len(),
            Array::String(values) => values.len(),
            Array::Array(values) => values.len(),
            Array::U64(values) => values.len(),
            Array::I64(values) => values.len(),
            Array::F64(values) => values.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element at an index, as a value of its own.
    pub fn get(&self, index: usize) -> Option<Value> {
        Some(match self {
            Array::U8(values) => Value::U8(*values.get(index)?),
            Array::I8(values) => Value::I8(*values.get(index)?),
            Array::U16(values) => Value::U16(*values.get(index)?),
            Array::I16(values) => Value::I16(*values.get(index)?),
            Array::U32(values) => Value::U32(*values.get(index)?),
            Array::I32(values) => Value::I32(*values.get(index)?),
            Array::F32(values) => Value::F32(*values.get(index)?),
            Array::Bool(values) => Value::Bool(*values.get(index)?),
            Array::String(values) => Value::String(values.get(index)?.to_owned()),
            Array::Array(values) => Value::Array(values.get(index)?.clone()),
            Array::U64(values) => Value::U64(*values.get(index)?),
            Array::I64(values) => Value::I64(*values.get(index)?),
            Array::F64(values) => Value::F64(*values.get(index)?),
        })
    }
}

/// All key-value pairs of a file, in the file's order.
///
/// The typed getters come in pairs: `u32` wants the key to be there, `opt_u32` gives `None` where it is not. Integers
/// of any width and sign are accepted where the value fits, because writers disagree on them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    entries: Vec<(String, Value)>,
    index: HashMap<String, usize>,
}

macro_rules! getters {
    ($($name:ident, $optional:ident, $ty:ty, $what:literal, $convert:expr;)*) => {$(
        #[doc = concat!("The value of a key that must be there and be ", $what, ".")]
        pub fn $name(&self, key: &str) -> Result<$ty, GgufError> {
            self.$optional(key)?.ok_or_else(|| GgufError::MissingKey { key: key.to_owned() })
        }

        #[doc = concat!("The value of a key that, if it is there, must be ", $what, ".")]
        pub fn $optional(&self, key: &str) -> Result<Option<$ty>, GgufError> {
            let convert: fn(&str, &Value) -> Result<$ty, GgufError> = $convert;
            self.get(key).map(|value| convert(key, value)).transpose()
        }
    )*};
}

fn wrong(key: &str, expected: &'static str, found: &Value) -> GgufError {
    let found = match found {
        Value::Array(array) => format!("an array of {}", array.kind()),
        scalar => scalar.kind().to_string(),
    };
    GgufError::WrongKind { key: key.to_owned(), expected, found }
}

fn integer<T: TryFrom<i128>>(key: &str, value: &Value, expected: &'static str) -> Result<T, GgufError> {
    let integer = value.integer().ok_or_else(|| wrong(key, "an integer", value))?;
    T::try_from(integer).map_err(|_| GgufError::Range { key: key.to_owned(), value: integer.to_string(), expected })
}

fn unsigned(key: &str, value: &Value) -> Result<u32, GgufError> {
    integer(key, value, "an unsigned 32-bit number")
}

fn boolean(key: &str, value: &Value) -> Result<bool, GgufError> {
    match value {
        Value::Bool(value) => Ok(*value),
        other => Err(wrong(key, "a bool", other)),
    }
}

impl Metadata {
    getters! {
        u32, opt_u32, u32, "an integer that fits 32 unsigned bits", unsigned;
        u64, opt_u64, u64, "an integer that fits 64 unsigned bits", |key, value| {
            integer(key, value, "an unsigned 64-bit number")
        };
        f32, opt_f32, f32, "a float", |key, value| match value {
            Value::F32(value) => Ok(*value),
            Value::F64(value) => Ok(*value as f32),
            other => Err(wrong(key, "a float", other)),
        };
        bool, opt_bool, bool, "a bool", boolean;
    }

    /// The value of a key that must be there and be a string.
    pub fn str(&self, key: &str) -> Result<&str, GgufError> {
        self.opt_str(key)?.ok_or_else(|| GgufError::MissingKey { key: key.to_owned() })
    }

    /// The value of a key that, if it is there, must be a string.
    pub fn opt_str(&self, key: &str) -> Result<Option<&str>, GgufError> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::String(value)) => Ok(Some(value)),
            Some(other) => Err(wrong(key, "a string", other)),
        }
    }

    /// The value of a key that must be there and be an array of strings.
    pub fn strings(&self, key: &str) -> Result<&Strings, GgufError> {
        match self.require(key)? {
            Value::Array(Array::String(values)) => Ok(values),
            other => Err(wrong(key, "an array of strings", other)),
        }
    }

    /// A number for each of `count` layers: either one number for all, or an array of exactly `count`.
    pub fn u32_each(&self, key: &str, count: usize) -> Result<Each<u32>, GgufError> {
        self.each(key, count, unsigned)
    }

    /// A bool for each of `count` layers: either one for all, or an array of exactly `count`.
    pub fn bool_each(&self, key: &str, count: usize) -> Result<Each<bool>, GgufError> {
        self.each(key, count, boolean)
    }

    fn each<T>(
        &self,
        key: &str,
        count: usize,
        convert: fn(&str, &Value) -> Result<T, GgufError>,
    ) -> Result<Each<T>, GgufError> {
        match self.require(key)? {
            Value::Array(array) if array.len() != count => {
                Err(GgufError::ArrayLength { key: key.to_owned(), expected: count, found: array.len() })
            }
            Value::Array(array) => {
                let elements = (0..count).filter_map(|index| array.get(index));
                Ok(Each::Separate(elements.map(|value| convert(key, &value)).collect::<Result<_, _>>()?))
            }
            scalar => Ok(Each::Same(convert(key, scalar)?)),
        }
    }

    /// The value of a key that must be there, whatever it is.
    pub fn require(&self, key: &str) -> Result<&Value, GgufError> {
        self.get(key).ok_or_else(|| GgufError::MissingKey { key: key.to_owned() })
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.index.get(key).map(|&at| &self.entries[at].1)
    }

    /// All pairs, in the file's order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a pair; a key that is already there is an error.
    pub fn insert(&mut self, key: &str, value: Value) -> Result<(), GgufError> {
        if self.index.contains_key(key) {
            return Err(GgufError::DuplicateKey { key: key.to_owned() });
        }
        self.index.insert(key.to_owned(), self.entries.len());
        self.entries.push((key.to_owned(), value));
        Ok(())
    }
}

/// A property that a file gives once for all layers or once for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Each<T> {
    /// The same for all layers.
    Same(T),
    /// One a layer.
    Separate(Vec<T>),
}

impl<T: Copy> Each<T> {
    /// The property of one layer, `None` beyond the last of [`Each::Separate`].
    pub fn of(&self, layer: usize) -> Option<T> {
        match self {
            Each::Same(value) => Some(*value),
            Each::Separate(values) => values.get(layer).copied(),
        }
    }
}

macro_rules! from {
    ($($ty:ty => $make:expr),* $(,)?) => {$(
        impl From<$ty> for Value {
            fn from(value: $ty) -> Value {
                $make(value)
            }
        }
    )*};
}

from! {
    u32 => Value::U32,
    u64 => Value::U64,
    i32 => Value::I32,
    f32 => Value::F32,
    bool => Value::Bool,
    String => Value::String,
    &str => |value: &str| Value::String(value.to_owned()),
    Vec<u32> => |values| Value::Array(Array::U32(values)),
    Vec<i32> => |values| Value::Array(Array::I32(values)),
    Vec<f32> => |values| Value::Array(Array::F32(values)),
    Vec<bool> => |values| Value::Array(Array::Bool(values)),
    Strings => |values| Value::Array(Array::String(values)),
    Array => Value::Array,
}
