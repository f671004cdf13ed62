//! Files that are no model, or no longer one: each is refused by a code that says why, in memory
//! that follows the file's length and not its claims.
#![cfg(not(target_arch = "wasm32"))]

#[path = "common/gguf.rs"]
mod gguf;
#[path = "common/memory.rs"]
mod memory;
#[path = "common/models.rs"]
mod models;

#[path = "files/claims.rs"]
mod claims;
#[path = "files/cut.rs"]
mod cut;
#[path = "files/foreign.rs"]
mod foreign;
#[path = "files/parts.rs"]
mod parts;
#[path = "files/random.rs"]
mod random;

use gguf::Gguf;
use models::Small;
use tokenscope::error::{Code, Error};
use tokenscope::model::{Loader, Model};

/// Loads a file that arrives in chunks of `chunk` bytes, its length known or not.
fn load_in(bytes: &[u8], chunk: usize, known: bool) -> Result<Model, Error> {
    let mut loader = Loader::new(known.then_some(bytes.len() as u64));
    for piece in bytes.chunks(chunk) {
        loader.push(piece)?;
    }
    loader.finish().map(|(model, _)| model)
}

/// Loads a file in every way that differs, and returns what all of them say.
fn load(bytes: &[u8]) -> Result<Model, Error> {
    let whole = load_in(bytes, usize::MAX, true);
    for (chunk, known) in [(1000, true), (1000, false), (usize::MAX, false)] {
        let other = load_in(bytes, chunk, known);
        let codes = [&whole, &other].map(|r| r.as_ref().err().map(Error::code));
        assert_eq!(
            codes[0], codes[1],
            "chunks of {chunk}, length known: {known}"
        );
    }
    whole
}

/// The code with which a file is refused.
fn code(bytes: &[u8]) -> Code {
    let error = load(bytes).expect_err("the file is refused");
    let message = error.message();
    assert!(
        (20..600).contains(&message.len()),
        "{:?}: {message}",
        error.code()
    );
    error.code()
}

/// The small model called `name`, in parts.
fn parts(name: &str) -> Gguf {
    Gguf::read(&Small::named(name).path())
}
