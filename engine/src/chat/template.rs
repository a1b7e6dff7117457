//! A file's Jinja template, rendered as Hugging Face renders it: blocks take their own lines, Python's string and
//! dictionary methods work, and `raise_exception` refuses a conversation.
use super::{ChatError, ChatOptions, Message, Thinking, mark::Marks};
use crate::{
    error::Error,
    gguf::Gguf,
    tokenizer::{TokenId, Tokenizer},
};
use minijinja::{Environment, ErrorKind, context, syntax::SyntaxConfig, value::Serde};

const KEY: &str = "tokenizer.chat_template";

/// Gemma 4's turns without tools, for files that have no template.
const TURNS: &str = include_str!("turns.jinja");

const NAME: &str = "chat";

/// Instructions that one rendering may take: a bound for templates that loop without end.
const FUEL: u64 = 50_000_000;

/// How a file wants its conversations written.
#[derive(Clone, Debug)]
pub struct ChatTemplate {
    environment: Environment<'static>,
    source: String,
    built_in: bool,
}

impl ChatTemplate {
    /// The file's template, or Gemma 4's turn format where it has none.
    pub fn from_gguf(gguf: &Gguf) -> Result<ChatTemplate, Error> {
        match gguf.metadata().opt_str(KEY)? {
            Some(source) => Ok(Self::new(source)?),
            None => Ok(Self::built_in()?),
        }
    }

    /// A template given as Jinja source.
    pub fn new(source: &str) -> Result<ChatTemplate, ChatError> {
        Self::parse(source, false)
    }

    /// Gemma 4's turn format, without tools.
    pub fn built_in() -> Result<ChatTemplate, ChatError> {
        Self::parse(TURNS, true)
    }

    fn parse(source: &str, built_in: bool) -> Result<ChatTemplate, ChatError> {
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        let mut environment = Environment::new();
        environment.set_syntax(syntax.map_err(|error| ChatError::Syntax(message(&error)))?);
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.set_fuel(Some(FUEL));
        environment.add_function("raise_exception", |text: String| -> Result<String, minijinja::Error> {
            Err(minijinja::Error::new(ErrorKind::InvalidOperation, text).with_source(Refusal))
        });
        environment.add_template_owned(NAME, source.to_owned()).map_err(|error| ChatError::Syntax(message(&error)))?;
        Ok(ChatTemplate { environment, source: source.to_owned(), built_in })
    }

    /// The Jinja source.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether this is [`built_in`](Self::built_in)'s format rather than a file's.
    pub fn is_built_in(&self) -> bool {
        self.built_in
    }

    /// The conversation as one string, to look at. [`encode`](Self::encode) is what a model should be given: here a
    /// typed `<turn|>` looks like the template's.
    pub fn render(&self, tokenizer: &Tokenizer, messages: &[Message], options: &ChatOptions) -> Result<String, Error> {
        let (rendered, marks) = self.render_marked(tokenizer, messages, options)?;
        Ok(marks.remove(&rendered))
    }

    /// The conversation's ids. Control tokens come from the template alone: what messages contain stays text. The
    /// sequence starts with exactly one `<bos>` if the template writes one or the file asks for one.
    pub fn encode(
        &self,
        tokenizer: &Tokenizer,
        messages: &[Message],
        options: &ChatOptions,
    ) -> Result<Vec<TokenId>, Error> {
        let (rendered, marks) = self.render_marked(tokenizer, messages, options)?;
        let mut ids = tokenizer.encode_pieces(marks.pieces(&rendered));
        if let Some(bos) = tokenizer.bos() {
            let written = ids.iter().take_while(|&&id| id == bos).count();
            if written > 1 {
                ids.drain(1..written);
            } else if written == 0 && tokenizer.add_bos() {
                ids.insert(0, bos);
            }
        }
        Ok(ids)
    }

    fn render_marked(
        &self,
        tokenizer: &Tokenizer,
        messages: &[Message],
        options: &ChatOptions,
    ) -> Result<(String, Marks), ChatError> {
        if messages.is_empty() {
            return Err(ChatError::NoMessages);
        }
        let tools = match &options.tools {
            None => None,
            Some(tools) if !tools.is_array() => return Err(ChatError::Tools),
            Some(_) if self.built_in => return Err(ChatError::ToolsWithoutTemplate),
            Some(tools) => Some(tools),
        };
        let described = tools.map(|tools| tools.to_string()).unwrap_or_default();
        let contents = messages.iter().map(|message| message.content.as_str());
        let marks = Marks::new(tokenizer, contents.chain([self.source.as_str(), described.as_str()]))?;
        let messages: Vec<_> = messages
            .iter()
            .map(|message| {
                context! { role => message.role.name(), content => marks.content(message.role, &message.content) }
            })
            .collect();
        let spelled = |token: Option<TokenId>| token.and_then(|token| tokenizer.token(token)).unwrap_or("");
        let values = context! {
            messages,
            bos_token => spelled(tokenizer.bos()),
            eos_token => spelled(tokenizer.eos_tokens().first().copied()),
            add_generation_prompt => options.add_generation_prompt,
            enable_thinking => options.thinking == Thinking::On,
            tools => tools.map(|tools| Serde(marks.json(tools))),
        };
        let template = self.environment.get_template(NAME).map_err(|error| ChatError::Syntax(message(&error)))?;
        match template.render(values) {
            Ok(rendered) => Ok((rendered, marks)),
            Err(error) if refused(&error) => {
                Err(ChatError::Refused(marks.remove(error.detail().unwrap_or("it does not say why"))))
            }
            Err(error) => Err(ChatError::Render(marks.remove(&message(&error)))),
        }
    }
}

/// Marks an error that the template raised itself.
#[derive(Debug, thiserror::Error)]
#[error("raised by the template")]
struct Refusal;

fn refused(error: &minijinja::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<Refusal>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// What went wrong and in which line of the template.
fn message(error: &minijinja::Error) -> String {
    let what = error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
    match error.line() {
        Some(line) => format!("{what} (line {line} of the template)"),
        None => what,
    }
}
