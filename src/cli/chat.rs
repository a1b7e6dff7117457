//! A conversation: the messages so far, and a session that computes only what is new of them.

use std::io::IsTerminal;
use std::path::PathBuf;

use engine::chat::{ChatOptions, Message};
use engine::model::Model;
use engine::session::Session;
use engine::tokenizer::TokenId;
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

use super::answer::{Answer, Request, answer};
use super::error::CliError;
use super::interrupt::Interrupt;

const HELP: &str = "\
/clear   forget the conversation
/help    this list
/bye     leave (so does Ctrl-D)
Ctrl-C stops an answer.";

/// The messages of a conversation, and the session that holds most of their tokens.
pub struct Conversation<'m> {
    model: &'m Model,
    session: Session,
    system: Option<String>,
    messages: Vec<Message>,
    raw: bool,
}

impl<'m> Conversation<'m> {
    /// An empty conversation; `raw` gives the model each prompt as it is, without the chat template.
    pub fn new(model: &'m Model, session: Session, system: Option<String>, raw: bool) -> Self {
        let mut conversation = Conversation { model, session, system, messages: Vec::new(), raw };
        conversation.clear();
        conversation
    }

    /// Forgets everything but the system message.
    pub fn clear(&mut self) {
        self.session.reset();
        self.messages = self.system.iter().map(Message::system).collect();
    }

    /// Asks and returns the answer, which then belongs to the conversation; after an error the question does not.
    pub fn ask(
        &mut self,
        text: &str,
        request: &Request,
        interrupt: &Interrupt,
        show: &mut dyn FnMut(&str) -> std::io::Result<()>,
    ) -> Result<Answer, CliError> {
        if self.raw {
            self.clear();
        }
        self.messages.push(Message::user(text));
        let outcome = self.answer_last(text, request, interrupt, show);
        match &outcome {
            Ok(answer) => self.messages.push(Message::assistant(&answer.text)),
            Err(_) => {
                self.messages.pop();
            }
        }
        outcome
    }

    fn answer_last(
        &mut self,
        text: &str,
        request: &Request,
        interrupt: &Interrupt,
        show: &mut dyn FnMut(&str) -> std::io::Result<()>,
    ) -> Result<Answer, CliError> {
        let tokenizer = self.model.tokenizer();
        let tokens = if self.raw {
            let mut tokens: Vec<TokenId> = tokenizer.bos().into_iter().collect();
            tokens.extend(tokenizer.encode_with_special(text));
            tokens
        } else {
            self.model.chat_template().encode(tokenizer, &self.messages, &ChatOptions::default())?
        };
        // At least one token has to be computed: its logits choose the first token of the answer.
        let kept = self.session.common_prefix(&tokens).min(tokens.len().saturating_sub(1));
        self.session.truncate(kept);
        answer(&mut self.session, tokenizer, &tokens[kept..], request, interrupt, show)
    }
}

/// Reads questions until the input ends, and hands each answer to `report`.
pub fn converse(
    conversation: &mut Conversation<'_>,
    request: &Request,
    interrupt: &Interrupt,
    show: &mut dyn FnMut(&str) -> std::io::Result<()>,
    report: &mut dyn FnMut(&Answer) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let mut editor = DefaultEditor::new()?;
    let history = history_file();
    if let Some(path) = &history {
        // The first time there is none.
        let _ = editor.load_history(path);
    }
    let interactive = std::io::stdin().is_terminal();
    if interactive {
        eprintln!("/help lists the commands.");
    }
    loop {
        let line = match editor.readline(if interactive { "> " } else { "" }) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => {
                eprintln!("Ctrl-D or /bye leaves.");
                continue;
            }
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(error.into()),
        };
        let text = line.trim();
        if !text.is_empty() {
            editor.add_history_entry(text)?;
        }
        match text {
            "" => {}
            "/bye" => break,
            "/help" => eprintln!("{HELP}"),
            "/clear" => conversation.clear(),
            text => match conversation.ask(text, request, interrupt, show) {
                Ok(answer) => report(&answer)?,
                Err(error) if interactive && !matches!(error, CliError::Output(_)) => eprintln!("\nerror: {error}"),
                Err(error) => return Err(error),
            },
        }
    }
    if let Some(path) = history.filter(|_| interactive) {
        let saved = path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(ReadlineError::from);
        if let Err(error) = saved.and_then(|()| editor.save_history(&path)) {
            eprintln!("the history was not kept: {}: {error}", path.display());
        }
    }
    Ok(())
}

/// `$XDG_STATE_HOME/gemmule/history`, by default under `~/.local/state`; on Windows under `%LOCALAPPDATA%`.
fn history_file() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    folder("XDG_STATE_HOME")
        .or_else(|| folder("LOCALAPPDATA"))
        .or_else(|| folder("HOME").map(|home| home.join(".local/state")))
        .map(|state| state.join("gemmule").join("history"))
}
