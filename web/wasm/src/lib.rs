//! The engine for JavaScript: thin classes over `engine`, called by the npm package's worker. Options and reports cross
//! as JSON, bytes as typed arrays, failures as `Error`s with the name of their class in `kind`.
#![cfg(target_arch = "wasm32")]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod adapter;
mod answer;
mod error;
mod meter;
mod model;
mod options;
mod reader;
mod sha256;
mod table;
mod training;

use js_sys::Function;
use wasm_bindgen::prelude::*;

/// Has `report` called with the message of a panic, which otherwise would leave promises that never settle.
#[wasm_bindgen(js_name = onPanic)]
pub fn on_panic(report: Function) {
    thread_local! {
        static REPORT: std::cell::OnceCell<Function> = const { std::cell::OnceCell::new() };
    }
    // The first one stays: there is one worker around this module.
    REPORT.with(|cell| cell.set(report).ok());
    std::panic::set_hook(Box::new(|panic| {
        let message = JsValue::from_str(&panic.to_string());
        REPORT.with(|cell| cell.get().map(|report| report.call1(&JsValue::UNDEFINED, &message).ok()));
    }));
}
