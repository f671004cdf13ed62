//! Chat templates against what transformers makes of them.

#[path = "common/tokenizers.rs"]
mod tokenizers;

use std::collections::HashMap;

use serde::Deserialize;
use tokenscope::error::Code;
use tokenscope::tokenizer::{
    ChatOptions, ChatTemplate, Message, Moment, Special, Tokenizer, TokenizerSpec,
};

/// 2024-07-26 12:05:09.
const NOW: Moment = Moment(1_721_995_509);

#[derive(Deserialize)]
#[serde(untagged)]
enum Row {
    Source { name: String, source: String },
    Case(Case),
}

#[derive(Deserialize)]
struct Case {
    template: String,
    messages: Vec<Said>,
    prompt: bool,
    clock: bool,
    text: Option<String>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    role: String,
    content: String,
}

impl Case {
    fn messages(&self) -> Vec<Message> {
        let said = self.messages.iter();
        said.map(|m| Message::new(&m.role, &m.content)).collect()
    }

    fn options(&self) -> ChatOptions {
        ChatOptions {
            add_generation_prompt: self.prompt,
            bos: Some("<s>".into()),
            eos: Some("</s>".into()),
            now: self.clock.then_some(NOW),
        }
    }
}

/// Sources by name, the default model's among them, and the cases.
fn vectors() -> (HashMap<String, String>, Vec<Case>) {
    let default = tokenizers::default_spec()
        .chat_template
        .expect("a template");
    let mut sources = HashMap::from([("default".to_owned(), default)]);
    let mut cases = Vec::new();
    for row in tokenizers::read::<Vec<Row>>("templates.json") {
        match row {
            Row::Source { name, source } => {
                sources.insert(name, source);
            }
            Row::Case(case) => cases.push(case),
        }
    }
    (sources, cases)
}

#[test]
fn renders_as_the_reference_does() {
    let (sources, cases) = vectors();
    let mut compared = 0;
    for case in &cases {
        let template = ChatTemplate::new(&sources[&case.template]).expect("it parses");
        let rendered = template.render(&case.messages(), &case.options());
        match (&case.text, &case.error, rendered) {
            (Some(text), None, Ok(rendered)) => assert_eq!(&rendered, text, "{}", case.template),
            (None, Some(_), Err(error)) => assert_eq!(error.code(), Code::ChatTemplate),
            (text, error, rendered) => {
                panic!("{}: {text:?}, {error:?}, but {rendered:?}", case.template)
            }
        }
        compared += 1;
    }
    assert!(compared >= 90, "{compared} cases");
}

fn refusal(source: &str) -> String {
    let messages = [Message::new("user", "hi")];
    let error = ChatTemplate::new(source)
        .and_then(|template| template.render(&messages, &ChatOptions::default()))
        .expect_err("a refusal");
    assert_eq!(error.code(), Code::ChatTemplate);
    error.message().to_owned()
}

#[test]
fn errors_name_the_line_and_the_reason() {
    let raised = refusal("one\ntwo {{ raise_exception('only two roles') }}");
    assert!(
        raised.contains("line 2") && raised.contains("only two roles"),
        "{raised}"
    );
    let syntax = refusal("one\ntwo\n{% if %}");
    assert!(syntax.contains("line 3"), "{syntax}");
    let unknown = refusal("{{ strftime_now('%Y') }}");
    assert!(
        unknown.contains("strftime_now") && unknown.contains("line 1"),
        "{unknown}"
    );
}

#[test]
fn runaway_templates_stop() {
    let endless =
        refusal("{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}");
    assert!(endless.contains("too many steps"), "{endless}");
    let doubling = "{% set ns = namespace(s='xxxxxxxxxxxxxxxx') %}{% for a in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}";
    assert!(refusal(doubling).contains("too many steps"));
    refusal("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}");
}

#[test]
fn long_conversations_are_no_runaways() {
    let (sources, _) = vectors();
    let messages: Vec<Message> = (0..400)
        .map(|turn| Message::new(["user", "assistant"][turn % 2], "word ".repeat(400)))
        .collect();
    for name in ["default", "chatml", "headers", "thinking", "turns"] {
        let template = ChatTemplate::new(&sources[name]).expect("it parses");
        let text = template.render(&messages, &ChatOptions::default());
        assert!(text.expect("it renders").len() > 400 * 1999, "{name}");
    }
}

/// The default model's own prompt, to its ids: what its reference tokenizer makes of
/// `apply_chat_template` with a prompt for the answer.
#[test]
fn the_default_model_s_prompt() {
    let tokenizer = tokenizers::default();
    let messages = [Message::new("user", "Which is the largest ocean?")];
    let text = tokenizer.chat_prompt(&messages, None).expect("a template");
    let system = "You are a helpful AI assistant named SmolLM, trained by Hugging Face";
    let expected = format!(
        "<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\nWhich is the largest ocean?<|im_end|>\n<|im_start|>assistant\n"
    );
    assert_eq!(text, expected);
    let ids = tokenizer.encode_prompt(&text);
    let expected = [
        1, 9690, 198, 2683, 359, 253, 5356, 5646, 11173, 3365, 3511, 308, 34519, 28, 7018, 411,
        407, 19712, 8182, 2, 198, 1, 4093, 198, 14413, 314, 260, 3995, 5065, 47, 2, 198, 1, 520,
        9531, 198,
    ];
    assert_eq!(ids, expected);
    assert_eq!(tokenizer.decode(&ids, Special::AsText).expect("ids"), text);
}

#[test]
fn models_without_a_template_say_so() {
    let spec = TokenizerSpec {
        chat_template: None,
        ..tokenizers::small_spec("gpt-2")
    };
    let tokenizer = Tokenizer::new(spec).expect("a tokenizer");
    let error = tokenizer.chat_prompt(&[], None).expect_err("no template");
    assert_eq!(error.code(), Code::ChatTemplate);
    assert!(error.message().contains("raw"));
}
