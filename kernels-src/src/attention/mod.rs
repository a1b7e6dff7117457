//! Attention over ring caches: the cache's formats, prefill over tiles of queries with its gradient, the same on matrix
//! units, and decode of one token split over its keys.

pub mod backward;
pub mod decode;
pub mod kv;
pub mod mix;
pub mod prefill;
pub mod scores;
pub mod steps;
pub mod tile;

/// Score of a key that a query does not see: finite, so that differences of it are numbers.
pub const UNSEEN: f32 = -1e30;
