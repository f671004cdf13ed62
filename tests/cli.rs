//! The command line, run as a user runs it.
#![cfg(not(target_arch = "wasm32"))]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tokenscope"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).expect("to be read");
    drop(stdin);
    child.wait_with_output().expect("an end")
}

fn success(arguments: &[&str], input: &str) -> String {
    let output = run(arguments, input);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn refused(arguments: &[&str], input: &str) -> String {
    let output = run(arguments, input);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    assert!(!output.stderr.is_empty());
    String::from_utf8(output.stderr).expect("UTF-8")
}

fn tiny(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/models/tiny");
    folder.join(name).display().to_string()
}

fn lines(text: &str) -> Vec<Value> {
    let line = |line| serde_json::from_str(line).expect("a line of JSON");
    text.lines().map(line).collect()
}

#[test]
fn inspect_tells_what_the_file_holds() {
    let file = tiny("llama.gguf");
    let text = success(&["inspect", &file], "");
    for part in ["general.architecture = \"llama\"", "F32:", "GGUF version 3"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let json = &lines(&success(&["inspect", &file, "--json", "--tensors"], ""))[0];
    assert_eq!(json["metadata"]["general.architecture"], "llama");
    let names: Vec<&Value> = json["tensors"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|t| &t["name"])
        .collect();
    assert!(names.contains(&&json!("token_embd.weight")));
    let length = std::fs::metadata(&file).expect("the file").len();
    assert_eq!(json["fileBytes"], length);
}

#[test]
fn generate_writes_text_and_the_same_for_the_same_seed() {
    let file = tiny("qwen2.gguf");
    let with_seed = |seed| {
        let arguments = [
            "generate",
            &file,
            "--prompt",
            "a text",
            "--max-new-tokens",
            "20",
            "--seed",
            seed,
        ];
        success(&arguments, "")
    };
    assert_eq!(with_seed("1"), with_seed("1"));
    assert_ne!(with_seed("1"), with_seed("2"));
}

#[test]
fn generate_as_json_has_a_whole_view_for_each_step() {
    let file = tiny("llama.gguf");
    let arguments = [
        "generate",
        &file,
        "-p",
        "-",
        "--json",
        "--top",
        "3",
        "--top-k",
        "7",
        "--max-new-tokens",
        "5",
    ];
    let steps = lines(&success(&arguments, "from standard input"));
    assert_eq!(steps.len(), 5);
    for step in &steps {
        assert_eq!(step["kept"]["count"], 7);
        assert!(step["tokens"].as_array().expect("bars").len() >= 3);
        assert!(
            step["draw"]["u"]
                .as_f64()
                .is_some_and(|u| (0.0..1.0).contains(&u))
        );
    }
    assert_eq!(steps[4]["finish"], "maxNewTokens");
}

#[test]
fn every_knob_has_an_option_and_ranges_are_kept() {
    let help = success(&["generate", "--help"], "");
    for option in [
        "--temperature",
        "--top-k",
        "--top-p",
        "--min-p",
        "--repetition-penalty",
        "--min-new-tokens",
        "--max-new-tokens",
        "--stop",
        "--seed",
        "--do-sample",
    ] {
        assert!(help.contains(option), "{option}");
    }
    let file = tiny("llama.gguf");
    let said = refused(&["generate", &file, "-p", "x", "--top-p", "1.5"], "");
    assert!(
        said.starts_with("error[knob-out-of-range]: topP must be a number from 0 to 1"),
        "{said}"
    );
    let said = refused(&["generate", &file, "-p", "x", "--temperature", "warm"], "");
    assert!(said.contains("--temperature takes a number"), "{said}");
}

#[test]
fn distribution_answers_each_line() {
    let input = concat!(
        r#"{"logits":[3,2,1],"knobs":{"temperature":0.5,"topP":0.8}}"#,
        "\n\n",
        r#"{"logits":[1,2,3],"knobs":{"doSample":false}}"#,
        "\n"
    );
    let answers = lines(&success(&["distribution"], input));
    assert_eq!(answers[0]["kept"], json!([0]));
    assert_eq!(answers[1]["draw"]["id"], 2);
    assert_eq!(answers.len(), 2);
}

#[test]
fn distribution_names_the_line_that_is_wrong() {
    let said = refused(&["distribution"], "{\"logits\":[1]}\n{\"logits\":[null]}\n");
    assert!(
        said.starts_with("error[bad-logits]: line 2: the logit of token 0"),
        "{said}"
    );
}

#[test]
fn a_file_that_is_no_model_is_named() {
    let said = refused(&["inspect", &tiny("index.json")], "");
    assert!(said.starts_with("error[not-gguf]"), "{said}");
    let said = refused(&["generate", "no-such-file", "-p", "x"], "");
    assert!(said.starts_with("error[io]: no-such-file"), "{said}");
}

#[test]
fn the_pages_table_of_knobs_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/engine/knobs.js");
    let committed = std::fs::read_to_string(path).expect("the page's table");
    assert_eq!(success(&["knobs", "--js"], ""), committed);
}

fn searched(command: &str, more: &[&str]) -> Vec<Value> {
    let file = tiny("llama.gguf");
    let fixed = [
        command,
        &file,
        "-p",
        "a text",
        "--json",
        "--max-new-tokens",
        "3",
    ];
    lines(&success(&[&fixed, more].concat(), ""))
}

#[test]
fn outcomes_are_counted_and_add_up() {
    let report = &searched("outcomes", &["-n", "200", "--top-k", "3", "--seed", "5"])[0];
    let outcomes = report["outcomes"].as_array().expect("texts");
    let counts: u64 = outcomes.iter().filter_map(|o| o["count"].as_u64()).sum();
    assert_eq!(counts, 200);
    let seen: f64 = outcomes
        .iter()
        .filter_map(|o| o["logProb"].as_f64())
        .map(f64::exp)
        .sum();
    let unseen = report["unseen"].as_f64().expect("a number");
    assert!(
        (seen + unseen - 1.0).abs() < 1e-9,
        "{seen} seen, {unseen} unseen"
    );
    assert!(report["computed"].as_u64() < report["separate"].as_u64());
    let file = tiny("llama.gguf");
    let table = [
        "outcomes",
        &file,
        "-p",
        "a text",
        "--max-new-tokens",
        "2",
        "-n",
        "50",
        "--top",
        "1",
    ];
    let table = success(&table, "");
    assert!(
        table.contains("… and ") && table.contains("50 samples"),
        "{table}"
    );
}

#[test]
fn enumerated_texts_come_in_order_and_none_is_above_the_bound() {
    let report = &searched("enumerate", &["-m", "4", "--top-k", "3"])[0];
    let outcomes = report["outcomes"].as_array().expect("texts");
    let probabilities: Vec<f64> = outcomes
        .iter()
        .filter_map(|o| o["logProb"].as_f64())
        .map(f64::exp)
        .collect();
    assert_eq!(probabilities.len(), 4);
    assert!(probabilities.is_sorted_by(|a, b| a >= b));
    let bound = report["bound"].as_f64().expect("a number");
    assert!(bound <= probabilities[3] * (1.0 + 1e-12));
    // What was found is among what is sampled, with the same probability.
    let sampled = &searched("outcomes", &["-n", "2000", "--top-k", "3"])[0];
    let same = |o: &&Value| o["ids"] == outcomes[0]["ids"];
    let best = sampled["outcomes"]
        .as_array()
        .expect("texts")
        .iter()
        .find(same);
    let log_prob = best
        .and_then(|o| o["logProb"].as_f64())
        .expect("the likeliest text");
    assert!((log_prob.exp() - probabilities[0]).abs() < 1e-12);
}

#[test]
fn beams_tell_every_step_and_return_what_was_asked_for() {
    let steps = searched(
        "beams",
        &[
            "--num-beams",
            "3",
            "--num-return",
            "2",
            "--early-stopping",
            "never",
        ],
    );
    assert_eq!(steps.len(), 3);
    let last = &steps[2];
    assert_eq!(last["done"], true);
    assert_eq!(last["returned"].as_array().map(Vec::len), Some(2));
    assert_eq!(steps[0]["beams"].as_array().map(Vec::len), Some(3));
    // A length penalty divides the same sums by other powers of the length.
    let long = searched("beams", &["--num-beams", "3", "--length-penalty", "-1"]);
    let score = |value: &Value| value["score"].as_f64().expect("a number");
    let normalised = long[2]["returned"][0]["normalised"]
        .as_f64()
        .expect("a number");
    assert!((normalised - score(&long[2]["returned"][0]) * 3.0).abs() < 1e-9);
    let file = tiny("llama.gguf");
    let said = refused(
        &[
            "beams",
            &file,
            "-p",
            "x",
            "--num-beams",
            "2",
            "--num-return",
            "3",
        ],
        "",
    );
    assert!(
        said.starts_with("error[knob-out-of-range]: numReturn"),
        "{said}"
    );
}

#[test]
fn score_is_the_sum_over_its_tokens() {
    let file = tiny("llama.gguf");
    let arguments = [
        "score",
        &file,
        "-p",
        "a text",
        "-t",
        "-",
        "--json",
        "--temperature",
        "0.5",
    ];
    let report = &lines(&success(&arguments, " and more of it"))[0];
    let tokens = report["tokens"].as_array().expect("tokens");
    let text: String = tokens.iter().filter_map(|t| t["text"].as_str()).collect();
    assert_eq!(text, " and more of it");
    for kind in ["raw", "warped"] {
        let sum: f64 = tokens.iter().filter_map(|t| t[kind].as_f64()).sum();
        assert!((sum - report[kind].as_f64().expect("a number")).abs() < 1e-9);
    }
    assert_ne!(report["raw"], report["warped"]);
    let greedy = [
        "score", &file, "-p", "a text", "-t", " zzzz", "--top-k", "1",
    ];
    assert!(success(&greedy, "").contains("forbidden"));
}

#[test]
fn threads_change_no_token() {
    let file = tiny("llama.gguf");
    let on = |threads| {
        let arguments = [
            "generate",
            &file,
            "-p",
            "a text",
            "--threads",
            threads,
            "--json",
        ];
        success(&arguments, "")
    };
    assert_eq!(on("1"), on("3"));
}
