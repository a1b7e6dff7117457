//! A conversation's cache as bytes, to go on with it in another session: the tokens, and their keys and values.

use std::hash::Hasher;

use fnv::FnvHasher;

use super::{KvType, Session, SessionError};
use crate::error::Error;
use crate::gguf::Gguf;
use crate::tokenizer::TokenId;

/// What every state starts with; the last byte is the format's version.
const MAGIC: &[u8; 8] = b"gemmKV\0\x01";

/// Numbers of 32 bits, read one after the other.
struct Words<'b> {
    bytes: &'b [u8],
}

impl Words<'_> {
    fn next(&mut self) -> Result<u32, SessionError> {
        let (word, rest) = self.bytes.split_first_chunk().ok_or(SessionError::State("it ends too early"))?;
        self.bytes = rest;
        Ok(u32::from_le_bytes(*word))
    }

    fn take(&mut self, count: usize) -> Result<Vec<u32>, SessionError> {
        let short = SessionError::State("it ends too early");
        let bytes = count.checked_mul(4).filter(|bytes| *bytes <= self.bytes.len()).ok_or(short)?;
        let (words, rest) = self.bytes.split_at(bytes);
        self.bytes = rest;
        Ok(words.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect())
    }
}

impl Session {
    /// The cached tokens with their keys and values, for [`restore`](Self::restore).
    ///
    /// # Errors
    /// What the source and the device report.
    pub async fn save(&mut self) -> Result<Vec<u8>, Error> {
        self.refresh()?;
        let device = self.model.device().dispatch().clone();
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.state_identity()?.to_le_bytes());
        for number in [self.buffers.ring.unwrap_or(0), self.written, self.tokens.len()] {
            bytes.extend((number as u32).to_le_bytes());
        }
        bytes.extend(self.tokens.iter().flat_map(|token| token.0.to_le_bytes()));
        for cache in self.buffers.caches.iter().flatten() {
            let words = cache.k.len() / cache.ring as usize * self.used_slots(cache.ring);
            for buffer in [&cache.k, &cache.v] {
                bytes.extend(device.read(buffer, 0..words).await?.into_iter().flat_map(u32::to_le_bytes));
            }
        }
        Ok(bytes)
    }

    /// Goes on from a state that a session of the same model, adapters and kind of cache has saved; what was cached before
    /// is forgotten.
    ///
    /// # Errors
    /// [`SessionError::State`] for bytes that are something else, [`SessionError::Full`] where they have more tokens than
    /// this session holds; nothing has changed then.
    pub fn restore(&mut self, state: &[u8]) -> Result<(), Error> {
        let mut words = Words { bytes: state.strip_prefix(MAGIC).ok_or(SessionError::State("it is none"))? };
        let identity = u64::from(words.next()?) | u64::from(words.next()?) << 32;
        if identity != self.state_identity()? {
            return Err(SessionError::State("it is of another model, other adapters or another kind of cache").into());
        }
        let (ring, written, count) = (words.next()? as usize, words.next()? as usize, words.next()? as usize);
        if ring != self.buffers.ring.unwrap_or(0) && written > 0 {
            return Err(SessionError::State("its session kept another number of positions in sliding windows").into());
        }
        if count > written {
            return Err(SessionError::State("it has more tokens than positions").into());
        }
        if count > self.context {
            return Err(SessionError::Full { position: 0, context: self.context, tokens: count }.into());
        }
        let tokens: Vec<TokenId> = words.take(count)?.into_iter().map(TokenId).collect();
        let vocab = self.model.config().vocab;
        if let Some(TokenId(token)) = tokens.iter().find(|token| token.0 >= vocab) {
            return Err(SessionError::Token { token: *token, vocab }.into());
        }
        let mut contents = Vec::new();
        for cache in self.buffers.caches.iter().flatten() {
            let len = cache.k.len() / cache.ring as usize * written.min(cache.ring as usize);
            contents.push([words.take(len)?, words.take(len)?]);
        }
        if !words.bytes.is_empty() {
            return Err(SessionError::State("something follows after its end").into());
        }
        let device = self.model.device().dispatch().clone();
        for (cache, [k, v]) in self.buffers.caches.iter_mut().flatten().zip(contents) {
            device.write(&mut cache.k, 0, &k)?;
            device.write(&mut cache.v, 0, &v)?;
        }
        (self.tokens, self.written, self.stale) = (tokens, written, false);
        Ok(())
    }

    /// Slots of a layer's cache that anything was ever written to.
    fn used_slots(&self, slots: u32) -> usize {
        self.written.min(slots as usize)
    }

    /// Tells apart what must be the same for a state to fit.
    fn state_identity(&self) -> Result<u64, Error> {
        let source = &*self.model.inner.source;
        let mut hasher = FnvHasher::default();
        hasher.write_u64(Gguf::read(source)?.fingerprint(source)?);
        hasher.write_u8(match self.buffers.kv {
            KvType::F16 => 16,
            KvType::F32 => 32,
        });
        self.buffers.adapters.identify(&mut hasher);
        Ok(hasher.finish())
    }
}
