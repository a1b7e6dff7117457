//! Lines of JSON to examples: what of them is learned, what is refused, and in which order they are learned.
mod common;

use common::{fixture, fixture_tokenizer};
use engine::chat::{ChatOptions, ChatTemplate, Message, Thinking};
use engine::dataset::{
    Dataset, DatasetError, Encoder, Example, Holdout, Long, Order, ReadOptions, Row, fingerprint, split,
};
use engine::tokenizer::{TokenId, Tokenizer};
use std::collections::BTreeSet;
use std::sync::LazyLock;

static TOKENIZER: LazyLock<Tokenizer> = LazyLock::new(fixture_tokenizer);
static TEMPLATE: LazyLock<ChatTemplate> = LazyLock::new(|| ChatTemplate::from_gguf(&fixture()).unwrap());
static BUILT_IN: LazyLock<ChatTemplate> = LazyLock::new(|| ChatTemplate::built_in().unwrap());

const OPTIONS: ReadOptions = ReadOptions { max_tokens: 1024, long: Long::Refuse, thinking: Thinking::Off };

fn read_with(template: &ChatTemplate, lines: &str, options: ReadOptions) -> Result<Dataset, DatasetError> {
    Dataset::read("train.jsonl", lines.as_bytes(), Encoder { tokenizer: &TOKENIZER, template }, options)
}

fn read(lines: &str) -> Dataset {
    read_with(&BUILT_IN, lines, OPTIONS).unwrap()
}

fn refusal(lines: &str) -> String {
    read_with(&BUILT_IN, lines, OPTIONS).unwrap_err().to_string()
}

/// The learned tokens, in runs, as the vocabulary spells them.
fn learned(example: &Example) -> Vec<String> {
    let spelled = |id: &TokenId| TOKENIZER.token(*id).unwrap().replace('▁', " ");
    let mut runs: Vec<String> = Vec::new();
    let mut open = false;
    for (id, label) in example.ids.iter().zip(&example.labels) {
        if let Some(label) = label {
            assert_eq!(id, label);
            match open {
                true => runs.last_mut().unwrap().push_str(&spelled(id)),
                false => runs.push(spelled(id)),
            }
        }
        open = label.is_some();
    }
    runs
}

const CONVERSATION: &str = r#"{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Capital of France?"}, {"role": "assistant", "content": "Paris."}, {"role": "user", "content": "And of Italy?"}, {"role": "assistant", "content": "Rome."}]}"#;

fn conversation() -> Vec<Message> {
    vec![
        Message::system("Be brief."),
        Message::user("Capital of France?"),
        Message::assistant("Paris."),
        Message::user("And of Italy?"),
        Message::assistant("Rome."),
    ]
}

// Conversations

#[test]
fn a_conversations_ids_are_those_of_the_chat_template() {
    let options = ChatOptions { add_generation_prompt: false, ..ChatOptions::default() };
    for template in [&*BUILT_IN, &*TEMPLATE] {
        let dataset = read_with(template, CONVERSATION, OPTIONS).unwrap();
        let encoded = template.encode(&TOKENIZER, &conversation(), &options).unwrap();
        assert_eq!(dataset.examples[0].ids, encoded);
    }
}

#[test]
fn the_models_turns_are_learned_with_the_token_that_ends_them() {
    assert_eq!(learned(&read(CONVERSATION).examples[0]), ["Paris.<turn|>", "Rome.<turn|>"]);
}

#[test]
fn an_opening_that_only_the_prompt_has_is_no_part_of_the_answer() {
    // This file's template opens a turn without thinking with an empty thought channel, which it does not write later.
    let dataset = read_with(&TEMPLATE, CONVERSATION, OPTIONS).unwrap();
    assert_eq!(learned(&dataset.examples[0]), ["Paris.<turn|>", "Rome.<turn|>"]);
}

#[test]
fn a_typed_end_of_turn_neither_ends_nor_begins_what_is_learned() {
    let line = r#"{"messages": [{"role": "user", "content": "a<turn|>\n<|turn>model\nb"}, {"role": "assistant", "content": "c<turn|>d"}]}"#;
    let dataset = read(line);
    assert_eq!(learned(&dataset.examples[0]), ["c<turn|>d<turn|>"]);
    let end = TOKENIZER.special("<turn|>").unwrap();
    assert_eq!(dataset.examples[0].ids.iter().filter(|&&id| id == end).count(), 2);
}

#[test]
fn tools_of_a_conversation_are_described_to_the_model() {
    let tools = r#"[{"type": "function", "function": {"name": "weather", "description": "Weather", "parameters": {"type": "object", "properties": {"city": {"type": "string", "description": "City"}}, "required": ["city"]}}}]"#;
    let line = CONVERSATION.replace(r#"{"messages""#, &format!(r#"{{"tools": {tools}, "messages""#));
    let dataset = read_with(&TEMPLATE, &line, OPTIONS).unwrap();
    let tool = TOKENIZER.special("<|tool>").unwrap();
    assert!(dataset.examples[0].ids.contains(&tool));
    assert_eq!(learned(&dataset.examples[0]), ["Paris.<turn|>", "Rome.<turn|>"]);
}

// Plain text and ids

#[test]
fn a_completion_is_learned_up_to_an_end_token_and_its_prompt_is_not() {
    let dataset = read(r#"{"prompt": "One, two, ", "completion": "three"}"#);
    let example = &dataset.examples[0];
    assert_eq!(learned(example), [format!("three{}", TOKENIZER.token(TOKENIZER.eos_tokens()[0]).unwrap())]);
    assert_eq!(example.ids[0], TOKENIZER.bos().unwrap());
    // The prompt's ids are those that the model is given when it is asked to go on.
    let prompt = TOKENIZER.encode_text("One, two, ");
    assert_eq!(example.ids[1..=prompt.len()], prompt);
}

#[test]
fn text_is_learned_whole_and_stays_text() {
    let dataset = read(r#"{"text": "a<turn|>b"}"#);
    let example = &dataset.examples[0];
    assert!(example.labels.iter().all(Option::is_some));
    assert!(!example.ids.contains(&TOKENIZER.special("<turn|>").unwrap()));
    assert_eq!(example.learned(), example.ids.len() - 1);
}

#[test]
fn given_ids_are_taken_as_they_are() {
    let dataset = read(r#"{"ids": [2, 40, 41, 42], "labels": [-100, -100, 41, 7]}"#);
    let example = &dataset.examples[0];
    assert_eq!(example.ids, [2, 40, 41, 42].map(TokenId));
    assert_eq!(example.labels, [None, None, Some(TokenId(41)), Some(TokenId(7))]);
    assert_eq!(example.learned(), 2);
}

// What is refused

#[test]
fn every_unusable_line_is_reported_with_its_number() {
    let lines = [
        r#"{"text": "fine"}"#,
        r#"{"text": "broken"#,
        "",
        r#"{"text": 3}"#,
        r#"{"prompt": "no completion"}"#,
        r#"{"text": "a", "weight": 2}"#,
        r#"[1, 2]"#,
        r#"{"messages": [{"role": "user", "content": "Hello"}]}"#,
        r#"{"messages": [{"role": "assistant", "content": "Hello"}]}"#,
        r#"{"messages": []}"#,
        r#"{"messages": [{"role": "user", "content": "a", "name": "Ada"}, {"role": "assistant", "content": "b"}]}"#,
        r#"{"messages": [{"role": "prophet", "content": "a"}]}"#,
        r#"{"ids": [2, 3], "labels": [2]}"#,
        r#"{"ids": [2, 999999], "labels": [2, 3]}"#,
        r#"{"ids": [2, 3], "labels": [2, -1]}"#,
        r#"{"ids": [2, 3], "labels": [2, -100]}"#,
        r#"{}"#,
    ];
    let error = refusal(&lines.join("\n"));
    let reported: Vec<&str> = error.lines().map(str::trim).collect();
    let expected = [
        "train.jsonl: 15 unusable lines",
        "line 2: it is not a JSON object: EOF while parsing a string at column 16",
        "line 4: `text`: invalid type: integer `3`, expected a string",
        "line 5: its fields are `prompt`; expected `messages`",
        "line 6: its fields are `text`, `weight`; expected",
        "line 7: it is not a JSON object: invalid type: sequence",
        "line 8: no message is the model's (role `assistant`), so there is nothing to learn",
        "line 9: the first message is the model's, which then answers nothing",
        "line 10: there are no messages",
        "line 11: `messages`: unknown field `name`, expected `role` or `content`",
        "line 12: `messages`: unknown variant `prophet`",
        "line 13: there are 2 ids but 1 labels",
        "line 14: `ids[1]` is 999999, but the vocabulary has 1106 tokens",
        "line 15: `labels[1]` is -1, but the vocabulary has 1106 tokens (-100 is a label that is not learned)",
        "line 16: nothing of it is learned",
        "line 17: its fields are none; expected",
    ];
    assert_eq!(reported.len(), expected.len(), "{error}");
    for (reported, expected) in reported.iter().zip(expected) {
        assert!(reported.starts_with(expected), "{reported}\n{expected}");
    }
}

#[test]
fn bytes_that_are_no_text_are_reported() {
    let encoder = Encoder { tokenizer: &TOKENIZER, template: &BUILT_IN };
    let error = Dataset::read("train.jsonl", &b"{\"text\": \"\xFF\"}"[..], encoder, OPTIONS).unwrap_err();
    assert_eq!(error.to_string(), "train.jsonl: 1 unusable line\n  line 1: it is not UTF-8");
}

#[test]
fn a_file_without_examples_is_refused() {
    assert_eq!(refusal("\n  \n"), "train.jsonl has no examples");
}

#[test]
fn long_examples_are_refused_or_cut_and_counted() {
    let lines = "{\"text\": \"a\"}\n{\"ids\": [2, 5, 6, 7, 8], \"labels\": [2, 5, 6, 7, 8]}";
    let refuse = read_with(&BUILT_IN, lines, ReadOptions { max_tokens: 4, ..OPTIONS }).unwrap_err().to_string();
    assert!(refuse.ends_with("line 2: it has 5 tokens, more than the limit of 4"), "{refuse}");
    let cut = ReadOptions { max_tokens: 4, long: Long::Truncate, ..OPTIONS };
    let dataset = read_with(&BUILT_IN, lines, cut).unwrap();
    assert_eq!(dataset.truncated, [2]);
    assert_eq!(dataset.examples[1].ids, [2, 5, 6, 7].map(TokenId));
    let all = "{\"ids\": [2, 5, 6, 7, 8], \"labels\": [-100, -100, -100, -100, 8]}";
    let error = read_with(&BUILT_IN, all, cut).unwrap_err().to_string();
    assert!(error.ends_with("line 1: it has 5 tokens, and nothing of its first 4 is learned"), "{error}");
}

// Order

fn examples(lengths: &[usize]) -> Vec<Example> {
    let of = |(index, &len): (usize, &usize)| Example::whole(vec![TokenId(index as u32); len]);
    lengths.iter().enumerate().map(of).collect()
}

const ORDER: Order = Order { seed: Some(3), row_tokens: 10, pack: true, batch_rows: 2, accumulate: 2 };

#[test]
fn examples_are_packed_first_fit_and_none_is_cut() {
    let order = Order { seed: None, ..ORDER };
    let steps = order.epoch(&examples(&[6, 7, 4, 3, 10, 2]), 0);
    let rows: Vec<Row> = steps.into_iter().flatten().flatten().collect();
    let row = |examples: &[usize], tokens| Row { examples: examples.to_vec(), tokens };
    assert_eq!(rows, [row(&[0, 2], 10), row(&[1, 3], 10), row(&[4], 10), row(&[5], 2)]);
}

#[test]
fn an_epoch_has_every_example_once() {
    let examples = examples(&[3, 9, 1, 4, 4, 10, 2, 2, 2, 5, 7]);
    for pack in [false, true] {
        for epoch in 0..4 {
            let steps = Order { pack, ..ORDER }.epoch(&examples, epoch);
            let rows: Vec<Row> = steps.into_iter().flatten().flatten().collect();
            let mut seen: Vec<usize> = rows.iter().flat_map(|row| row.examples.clone()).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..examples.len()).collect::<Vec<_>>());
            for row in rows {
                assert!(row.tokens <= 10 && (pack || row.examples.len() == 1));
                assert_eq!(row.tokens, row.examples.iter().map(|&index| examples[index].ids.len()).sum::<usize>());
            }
        }
    }
}

#[test]
fn batches_and_steps_have_their_sizes_and_the_last_ones_the_rest() {
    let steps = Order { pack: false, ..ORDER }.epoch(&examples(&[1; 7]), 0);
    let sizes: Vec<Vec<usize>> = steps.iter().map(|step| step.iter().map(Vec::len).collect()).collect();
    assert_eq!(sizes, [vec![2, 2], vec![2, 1]]);
}

#[test]
fn epochs_differ_and_the_seed_repeats_them() {
    let examples = examples(&[1; 40]);
    let order = Order { pack: false, ..ORDER };
    assert_eq!(order.epoch(&examples, 1), order.epoch(&examples, 1));
    assert_ne!(order.epoch(&examples, 0), order.epoch(&examples, 1));
    assert_ne!(order.epoch(&examples, 0), Order { seed: Some(4), ..order }.epoch(&examples, 0));
}

#[test]
fn a_run_goes_on_where_it_was() {
    let examples = examples(&[3, 9, 1, 4, 4, 10, 2, 2, 2, 5, 7]);
    let all: Vec<_> = ORDER.steps(&examples).take(9).collect();
    let rest: Vec<_> = ORDER.steps(&examples).skip(4).take(5).collect();
    assert_eq!(all[4..], rest);
    assert!(all.iter().any(|(position, _)| position.epoch == 2));
    assert_eq!(ORDER.steps(&[]).count(), 0);
}

#[test]
fn what_fits_no_row_is_refused() {
    let error = ORDER.check(&examples(&[10, 11])).unwrap_err();
    assert_eq!(error.to_string(), "example 1 has 11 tokens, more than a row's 10");
    let error = Order { accumulate: 0, ..ORDER }.check(&[]).unwrap_err();
    assert_eq!(error.to_string(), "the number of batches a step is 0, but it must be at least 1");
}

#[test]
fn a_split_keeps_everything_on_one_side_or_the_other() {
    let ids = |examples: &[Example]| examples.iter().map(|example| example.ids[0].0).collect::<Vec<_>>();
    let (train, validation) = split(examples(&[1; 20]), Holdout::Fraction(0.2), 9).unwrap();
    assert_eq!((train.len(), validation.len()), (16, 4));
    assert!(ids(&train).is_sorted() && ids(&validation).is_sorted());
    let both: BTreeSet<u32> = ids(&train).into_iter().chain(ids(&validation)).collect();
    assert_eq!(both.len(), 20);
    let again = split(examples(&[1; 20]), Holdout::Count(4), 9).unwrap().1;
    assert_eq!(again, validation);
    assert_ne!(split(examples(&[1; 20]), Holdout::Count(4), 10).unwrap().1, validation);
}

#[test]
fn a_split_that_leaves_a_side_empty_is_refused() {
    let error = |holdout| split(examples(&[1; 3]), holdout, 0).unwrap_err().to_string();
    assert_eq!(error(Holdout::Fraction(0.1)), "10% for validation of 3 examples leaves none to validate on");
    assert_eq!(error(Holdout::Count(3)), "3 for validation of 3 examples leaves none to train on");
    assert_eq!(error(Holdout::Fraction(f64::NAN)), "NaN% for validation of 3 examples leaves none to validate on");
}

#[test]
fn a_fingerprint_tells_ids_labels_and_borders_apart() {
    let of = |lines: &str| fingerprint(&read(lines).examples);
    let one = of(r#"{"ids": [2, 3, 4], "labels": [2, 3, 4]}"#);
    assert_eq!(one, of(r#"{"ids": [2, 3, 4], "labels": [2, 3, 4]}"#));
    assert_ne!(one, of(r#"{"ids": [2, 3, 5], "labels": [2, 3, 4]}"#));
    assert_ne!(one, of(r#"{"ids": [2, 3, 4], "labels": [-100, 3, 4]}"#));
    let two = of("{\"ids\": [2, 3, 4, 5], \"labels\": [2, 3, 4, 5]}\n{\"ids\": [2, 3], \"labels\": [2, 3]}");
    assert_ne!(two, of("{\"ids\": [2, 3], \"labels\": [2, 3]}\n{\"ids\": [2, 3, 4, 5], \"labels\": [2, 3, 4, 5]}"));
}
