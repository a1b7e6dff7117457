//! One line of a file to one example.
use super::{Encoder, Example, Long, ReadOptions, conversation};
use crate::{
    chat::{Message, Role},
    tokenizer::TokenId,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// The label of positions that are not learned, as in PyTorch and transformers.
const IGNORED: i64 = -100;

/// A line that is no example.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {cause}")]
pub struct LineError {
    /// Its number, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub cause: Cause,
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The fields are what the messages say they are.
pub enum Cause {
    /// Not UTF-8.
    #[error("it is not UTF-8")]
    Utf8,
    /// Not an object of JSON.
    #[error("it is not a JSON object: {0}")]
    Json(String),
    /// None of the forms.
    #[error(
        "its fields are {found}; expected `messages` (and `tools`), `prompt` and `completion`, `text`, or `ids` and `labels`"
    )]
    Form { found: String },
    /// A field of another kind.
    #[error("`{field}`: {cause}")]
    Field { field: &'static str, cause: String },
    /// The template's complaint.
    #[error("{0}")]
    Template(Box<crate::Error>),
    /// A conversation that the model does not speak in.
    #[error("no message is the model's (role `assistant`), so there is nothing to learn")]
    NoAnswer,
    /// A conversation that the model begins.
    #[error("the first message is the model's, which then answers nothing")]
    AnswerFirst,
    /// The template gives no way to tell the turns apart.
    #[error("the template writes what comes before message {message} in another way once that message is there")]
    Unstable { message: usize },
    /// A turn without an end.
    #[error("the template does not end message {message} with an end token")]
    NoEnd { message: usize },
    /// Ids and labels that do not belong together.
    #[error("there are {ids} ids but {labels} labels")]
    Lengths { ids: usize, labels: usize },
    /// An id that is no token.
    #[error("`{field}[{index}]` is {id}, but the vocabulary has {tokens} tokens{hint}")]
    Id { field: &'static str, index: usize, id: i64, tokens: usize, hint: &'static str },
    /// Nothing to learn.
    #[error("nothing of it is learned")]
    NothingLearned,
    /// The learned part lies beyond the limit.
    #[error("it has {tokens} tokens, and nothing of its first {limit} is learned")]
    LearnedPartCut { tokens: usize, limit: usize },
    /// Too many tokens.
    #[error("it has {tokens} tokens, more than the limit of {limit}")]
    TooLong { tokens: usize, limit: usize },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    role: Role,
    content: String,
}

/// The example of a line, and whether its end was cut off.
pub(super) fn example(line: &[u8], encoder: Encoder<'_>, options: ReadOptions) -> Result<(Example, bool), Cause> {
    let text = std::str::from_utf8(line).map_err(|_| Cause::Utf8)?;
    // serde counts lines too; here there is only one.
    let why = |error: serde_json::Error| Cause::Json(error.to_string().replace(" line 1 column ", " column "));
    let mut fields: Map<String, Value> = serde_json::from_str(text.trim()).map_err(why)?;
    let names: Vec<&str> = fields.keys().map(String::as_str).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    let found = match sorted.as_slice() {
        ["messages"] | ["messages", "tools"] => {
            let said: Vec<Said> = take(&mut fields, "messages")?;
            let messages: Vec<Message> = said.into_iter().map(|said| Message::new(said.role, said.content)).collect();
            conversation::example(encoder, &messages, fields.remove("tools"), options.thinking)?
        }
        ["completion", "prompt"] => {
            let (prompt, completion): (String, String) =
                (take(&mut fields, "prompt")?, take(&mut fields, "completion")?);
            // Apart from each other, as they are when the model goes on from a prompt.
            let mut ids = begun(encoder, &prompt);
            let mut labels = vec![None; ids.len()];
            let learned = ended(encoder, encoder.tokenizer.encode_text(&completion));
            labels.extend(learned.iter().copied().map(Some));
            ids.extend(learned);
            Example { ids, labels }
        }
        ["text"] => {
            let text: String = take(&mut fields, "text")?;
            Example::whole(ended(encoder, begun(encoder, &text)))
        }
        ["ids", "labels"] => {
            given(encoder, &take::<Vec<i64>>(&mut fields, "ids")?, &take::<Vec<i64>>(&mut fields, "labels")?)?
        }
        [] => return Err(Cause::Form { found: "none".to_owned() }),
        _ => {
            let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            return Err(Cause::Form { found: quoted.join(", ") });
        }
    };
    limited(found, options)
}

fn take<T: DeserializeOwned>(fields: &mut Map<String, Value>, field: &'static str) -> Result<T, Cause> {
    let value = fields.remove(field).unwrap_or(Value::Null);
    serde_json::from_value(value).map_err(|error| Cause::Field { field, cause: error.to_string() })
}

/// `<bos>`, which the model was trained to see first whatever the file asks for, and text.
fn begun(encoder: Encoder<'_>, text: &str) -> Vec<TokenId> {
    encoder.tokenizer.bos().into_iter().chain(encoder.tokenizer.encode_text(text)).collect()
}

/// Ids and the file's first end token.
fn ended(encoder: Encoder<'_>, mut ids: Vec<TokenId>) -> Vec<TokenId> {
    ids.extend(encoder.tokenizer.eos_tokens().first());
    ids
}

fn given(encoder: Encoder<'_>, ids: &[i64], labels: &[i64]) -> Result<Example, Cause> {
    if ids.len() != labels.len() {
        return Err(Cause::Lengths { ids: ids.len(), labels: labels.len() });
    }
    let tokens = encoder.tokenizer.len();
    let token = |field, hint, index, id: i64| match u32::try_from(id) {
        Ok(known) if (known as usize) < tokens => Ok(TokenId(known)),
        _ => Err(Cause::Id { field, index, id, tokens, hint }),
    };
    let id = |(index, &id)| token("ids", "", index, id);
    let label = |(index, &label): (usize, &i64)| match label {
        IGNORED => Ok(None),
        label => token("labels", " (-100 is a label that is not learned)", index, label).map(Some),
    };
    Ok(Example {
        ids: ids.iter().enumerate().map(id).collect::<Result<_, _>>()?,
        labels: labels.iter().enumerate().map(label).collect::<Result<_, _>>()?,
    })
}

/// The example within the limit, and whether that took cutting.
fn limited(mut example: Example, options: ReadOptions) -> Result<(Example, bool), Cause> {
    if example.learned() == 0 {
        return Err(Cause::NothingLearned);
    }
    let (tokens, limit) = (example.ids.len(), options.max_tokens);
    if tokens <= limit {
        return Ok((example, false));
    }
    if options.long == Long::Refuse {
        return Err(Cause::TooLong { tokens, limit });
    }
    example.ids.truncate(limit);
    example.labels.truncate(limit);
    match example.learned() {
        0 => Err(Cause::LearnedPartCut { tokens, limit }),
        _ => Ok((example, true)),
    }
}
