//! Chat turns to token ids, through the template that the file carries. Templates join markup and messages into one
//! string; the characters of a message that could start a control token are marked before, so that it stays text.
mod mark;
mod template;

pub use template::ChatTemplate;

use serde::{Deserialize, Serialize};

/// Why a conversation could not be rendered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChatError {
    /// The file's template is not Jinja.
    #[error("the file's chat template (key `tokenizer.chat_template`) cannot be parsed: {0}")]
    Syntax(String),
    /// The template failed on these messages.
    #[error("the chat template failed: {0}")]
    Render(String),
    /// The template refused these messages, in its own words.
    #[error("the chat template refuses the messages: {0}")]
    Refused(String),
    /// There is nothing to render.
    #[error("there are no messages")]
    NoMessages,
    /// Tools are not a list.
    #[error("`tools` must be a JSON array of tool descriptions")]
    Tools,
    /// The file has no template, and the built-in turn format has no tools.
    #[error("the file has no chat template (key `tokenizer.chat_template`), so tools cannot be described to the model")]
    ToolsWithoutTemplate,
    /// The messages use up every character that could have marked them.
    #[error("the messages contain every private-use character, so that none is left to mark them")]
    NoMark,
}

/// Who says a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions for the whole conversation; first, if at all.
    #[serde(alias = "developer")]
    System,
    /// The person.
    User,
    /// The model.
    #[serde(alias = "model")]
    Assistant,
    /// What a tool answered.
    Tool,
}

impl Role {
    /// Its name in templates and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tool",
        }
    }
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// What is said: text, whatever it looks like.
    pub content: String,
}

impl Message {
    /// A message.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Message { role, content: content.into() }
    }

    /// Instructions for the whole conversation.
    pub fn system(content: impl Into<String>) -> Self {
        Self::new(Role::System, content)
    }

    /// What the person says.
    pub fn user(content: impl Into<String>) -> Self {
        Self::new(Role::User, content)
    }

    /// What the model said. Thought channels in it are the model's own markup, for the template to remove.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self::new(Role::Assistant, content)
    }
}

/// Whether the model thinks before it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Thinking {
    /// It answers at once.
    #[default]
    Off,
    /// It writes a thought channel first: `<|channel>thought\n…<channel|>`.
    On,
}

/// What is rendered around the messages.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatOptions {
    /// Whether the model thinks first.
    pub thinking: Thinking,
    /// Whether the model's turn is opened at the end, for it to go on.
    pub add_generation_prompt: bool,
    /// Tools that the model may call: a JSON array as in OpenAI's API, `[{"type": "function", "function": {…}}]`.
    pub tools: Option<serde_json::Value>,
}

impl Default for ChatOptions {
    fn default() -> Self {
        ChatOptions { thinking: Thinking::Off, add_generation_prompt: true, tools: None }
    }
}
