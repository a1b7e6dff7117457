//! A source whose bytes JavaScript holds: a `Blob`, a file in OPFS, a buffer. The object stays in this thread's table,
//! and the engine's source is its number.
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use engine::source::{Source, SourceError};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Random access to a fixed number of bytes, which never waits.
    pub type Reader;

    /// What errors call it.
    #[wasm_bindgen(method, getter)]
    fn name(this: &Reader) -> String;

    /// Its bytes.
    #[wasm_bindgen(method, getter)]
    fn size(this: &Reader) -> f64;

    /// Fills `out` with the bytes from `offset` on, or throws.
    #[wasm_bindgen(method, catch)]
    fn read(this: &Reader, offset: f64, out: &mut [u8]) -> Result<(), JsValue>;
}

thread_local! {
    static READERS: RefCell<BTreeMap<u32, Reader>> = const { RefCell::new(BTreeMap::new()) };
    static NEXT: Cell<u32> = const { Cell::new(0) };
}

/// The engine's side of a [`Reader`].
pub struct ReaderSource {
    number: u32,
    name: String,
    len: u64,
}

impl ReaderSource {
    /// Keeps a reader for as long as the source lives.
    pub fn new(reader: Reader) -> Self {
        let number = NEXT.with(|next| next.replace(next.get().wrapping_add(1)));
        let (name, len) = (reader.name(), reader.size() as u64);
        READERS.with(|readers| readers.borrow_mut().insert(number, reader));
        Self { number, name, len }
    }
}

impl Drop for ReaderSource {
    fn drop(&mut self) {
        READERS.with(|readers| readers.borrow_mut().remove(&self.number));
    }
}

impl Source for ReaderSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<(), SourceError> {
        let (len, size) = (out.len(), self.len);
        if offset.checked_add(len as u64).is_none_or(|end| end > size) {
            return Err(SourceError::OutOfRange { offset, len, size });
        }
        let failed = |cause: String| SourceError::Read {
            name: self.name.clone(),
            offset,
            len,
            cause: std::io::Error::other(cause),
        };
        READERS.with(|readers| match readers.borrow().get(&self.number) {
            Some(reader) => reader.read(offset as f64, out).map_err(|thrown| failed(message(&thrown))),
            None => Err(failed("it was opened by another thread".to_owned())),
        })
    }
}

/// What a thrown value says.
fn message(thrown: &JsValue) -> String {
    match thrown.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => format!("{thrown:?}"),
    }
}
