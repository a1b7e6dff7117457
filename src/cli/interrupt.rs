//! Ctrl-C stops the answer that is being written; when none is, it ends the program.

use std::sync::{Arc, Mutex, PoisonError};

use engine::session::CancelToken;

use super::error::CliError;

/// The exit code of a program that Ctrl-C has ended: 128 + SIGINT.
const ENDED_BY_INTERRUPT: i32 = 130;

/// The one handler of Ctrl-C.
pub struct Interrupt {
    running: Arc<Mutex<Option<CancelToken>>>,
}

impl Interrupt {
    /// Sets the handler; once in a program.
    pub fn install() -> Result<Self, CliError> {
        let running: Arc<Mutex<Option<CancelToken>>> = Arc::default();
        let seen = Arc::clone(&running);
        ctrlc::set_handler(move || {
            // Taken, not copied: a second Ctrl-C ends the program even if the answer does not stop.
            match seen.lock().unwrap_or_else(PoisonError::into_inner).take() {
                Some(token) => token.cancel(),
                None => std::process::exit(ENDED_BY_INTERRUPT),
            }
        })?;
        Ok(Interrupt { running })
    }

    /// A token that Ctrl-C cancels until [`Interrupt::done`] is called.
    pub fn watch(&self) -> CancelToken {
        let token = CancelToken::default();
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        token
    }

    /// From now on Ctrl-C ends the program again.
    pub fn done(&self) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
