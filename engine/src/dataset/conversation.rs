//! Conversations: the ids that the template gives them, and which of these are the model's own words. Templates do not
//! say where a turn begins, so the beginning of the conversation is rendered too, with the model's turn opened: what
//! both have in common is what the model is given, and what follows it would have to say.
use super::{Encoder, Example, lines::Cause};
use crate::{
    chat::{ChatOptions, Message, Role, Thinking},
    tokenizer::TokenId,
};
use serde_json::Value;

/// A conversation of which the model's turns are learned, each up to and including the token that ends it.
pub(super) fn example(
    encoder: Encoder<'_>,
    messages: &[Message],
    tools: Option<Value>,
    thinking: Thinking,
) -> Result<Example, Cause> {
    let mut options = ChatOptions { thinking, tools, add_generation_prompt: false };
    let mut encode = |messages: &[Message], add_generation_prompt| {
        options.add_generation_prompt = add_generation_prompt;
        let ids = encoder.template.encode(encoder.tokenizer, messages, &options);
        ids.map_err(|error| Cause::Template(Box::new(error)))
    };
    let ids = encode(messages, false)?;
    let mut labels = vec![None; ids.len()];
    let answers: Vec<usize> = (0..messages.len()).filter(|&at| messages[at].role == Role::Assistant).collect();
    match answers.first() {
        None => return Err(Cause::NoAnswer),
        Some(0) => return Err(Cause::AnswerFirst),
        Some(_) => {}
    }
    for at in answers {
        let before = encode(&messages[..at], false)?;
        let asked = encode(&messages[..at], true)?;
        // A template may open the turn with more than it later writes there, such as an empty thought channel.
        let start = common(&asked, &ids);
        if common(&before, &ids) < before.len() || start <= before.len() {
            return Err(Cause::Unstable { message: at + 1 });
        }
        // What messages contain is text: the next end token is the template's.
        let end = ids[start..].iter().position(|&id| encoder.tokenizer.is_end(id));
        let end = start + end.ok_or(Cause::NoEnd { message: at + 1 })?;
        for position in start..=end {
            labels[position] = Some(ids[position]);
        }
    }
    Ok(Example { ids, labels })
}

/// How many ids two sequences begin with alike.
fn common(one: &[TokenId], other: &[TokenId]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}
