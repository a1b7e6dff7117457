//! The kernels of this build, for authors who want to look at them.
use engine::kernels::TABLE;
use kernel::variant::WgslTarget;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::error::WebError;

#[derive(Serialize)]
struct Entry {
    name: &'static str,
    wgsl: String,
    cost: String,
}

/// Every kernel variant that a browser can run: its name, its WGSL as the browser gets it, and its cost as formulas.
#[wasm_bindgen(js_name = kernelTable)]
pub fn kernel_table() -> Result<String, JsValue> {
    let runs = TABLE.0.iter().filter(|variant| variant.cooperative_matrix.is_none());
    let entries: Vec<Entry> = runs
        .map(|variant| Entry {
            name: variant.key,
            wgsl: variant.text(WgslTarget::Browser),
            cost: format!(
                "bytes read: {}\nbytes written: {}\noperations: {}",
                variant.cost.bytes_read, variant.cost.bytes_written, variant.cost.operations
            ),
        })
        .collect();
    Ok(serde_json::to_string(&entries).map_err(WebError::from)?)
}
