//! The tree of continuations of one prompt, which sampling, enumeration and beam search grow.

use serde::Serialize;

use super::engine::Engine;
use super::logits::rank;
use super::rules::Rules;
use super::session::Session;
use super::step::Finish;
use super::text::OutputText;
use crate::error::{Code, Error, Result};
use crate::model::{Lane, Output, SequenceState};
use crate::sampling::{Buffers, Chain, Distribution, Knobs, RankedLogits};

/// One distinct text: a sequence of new tokens. Two sequences that read the same are two texts.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The new tokens, one that ended the text included.
    pub ids: Vec<u32>,
    /// What they say, without a matched stop string.
    pub text: String,
    /// How many of the samples are this text; 0 when enumerated.
    pub count: usize,
    /// ln of its exact probability under the knobs.
    pub log_prob: f64,
    /// The same under the model itself.
    pub raw_log_prob: f64,
    /// Why it ended.
    pub finish: Finish,
}

/// New tokens behind the prompt, with the logarithms of their probability.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub(super) ids: Vec<u32>,
    text: OutputText,
    /// Of each token, in bits, under the knobs.
    surprises: Vec<f64>,
    /// Under the knobs (of a beam: its score).
    pub(super) log_prob: f64,
    /// Under the model itself.
    pub(super) raw_log_prob: f64,
}

/// A path that the model has read.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) path: Path,
    pub(super) state: SequenceState,
    pub(super) output: Output,
}

/// What all paths of one search share.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) engine: Engine,
    pub(super) rules: Rules,
    pub(super) knobs: Knobs,
    pub(super) chain: Chain,
    prompt: Vec<u32>,
    buffers: Buffers,
    /// Token positions that the model has read, the prompt's not counted.
    pub(super) computed: usize,
}

impl Tree {
    /// The tree of a session's prompt, and its root. Reads what is unread of the prompt.
    pub(super) fn new(session: &mut Session, knobs: Knobs, chain: Chain) -> Result<(Self, Node)> {
        let length = session.prompt_length();
        session.read_to(length)?;
        let root = Node {
            path: Path {
                ids: Vec::new(),
                text: session.no_text(),
                surprises: Vec::new(),
                log_prob: 0.0,
                raw_log_prob: 0.0,
            },
            state: session.state.prefix(length),
            output: session.logits.output(length - 1).clone(),
        };
        let tree = Self {
            engine: session.engine.clone(),
            rules: session.rules.clone(),
            knobs,
            chain,
            prompt: session.tokens[..length].to_vec(),
            buffers: Buffers::default(),
            computed: 0,
        };
        Ok((tree, root))
    }

    /// `path` and then token `id`, whose logarithms of probability are given.
    pub(super) fn extend(&self, path: &Path, id: u32, log_prob: f64, raw: f64) -> Result<Path> {
        let mut longer = path.clone();
        longer.ids.push(id);
        longer.text.push(self.engine.tokenizer(), id)?;
        longer.surprises.push(-log_prob * std::f64::consts::LOG2_E);
        longer.log_prob += log_prob;
        longer.raw_log_prob += raw;
        Ok(longer)
    }

    /// Why a path is a whole text, if it is one.
    pub(super) fn finish(&self, path: &Path) -> Option<Finish> {
        self.rules.finish(&path.ids, &path.text, &self.knobs)
    }

    /// What a path says.
    pub(super) fn text(&self, path: &Path) -> String {
        let text = path.text.until(path.ids.len(), &self.knobs.stop);
        text.to_owned()
    }

    /// A whole text that `count` samples are.
    pub(super) fn outcome(&self, path: Path, finish: Finish, count: usize) -> Outcome {
        Outcome {
            text: self.text(&path),
            count,
            log_prob: path.log_prob,
            raw_log_prob: path.raw_log_prob,
            finish,
            ids: path.ids,
        }
    }

    /// The tokens of a path that the model has not read in this state of a beginning of it.
    pub(super) fn unread<'a>(&self, path: &'a Path, state: &SequenceState) -> &'a [u32] {
        &path.ids[state.len() - self.prompt.len()..]
    }

    /// Lets the model read paths, all in one batch, each behind a state of a beginning of it.
    pub(super) fn read(&mut self, paths: Vec<(Path, SequenceState)>) -> Result<Vec<Node>> {
        let (paths, mut states): (Vec<Path>, Vec<SequenceState>) = paths.into_iter().unzip();
        let pairs = paths.iter().zip(&mut states);
        let mut lanes: Vec<Lane<'_>> = pairs
            .map(|(path, state)| Lane {
                tokens: self.unread(path, state),
                state,
            })
            .collect();
        let outputs = self.engine.model_mut().run_batch(&mut lanes)?;
        self.computed += outputs.iter().map(Vec::len).sum::<usize>();
        let nodes = paths.into_iter().zip(states).zip(outputs);
        nodes
            .map(|((path, state), mut outputs)| {
                let output = outputs.pop().ok_or_else(nothing_read)?;
                Ok(Node {
                    path,
                    state,
                    output,
                })
            })
            .collect()
    }

    /// The logits after each of these nodes.
    pub(super) fn logits<'a>(
        &self,
        nodes: impl Iterator<Item = &'a Node>,
    ) -> Result<Vec<RankedLogits>> {
        let position = |node: &Node| self.prompt.len() + node.path.ids.len() - 1;
        let outputs = nodes.map(|node| (position(node), &node.output));
        rank(&self.engine, outputs)?.into_iter().collect()
    }

    /// The distribution of the token that follows a path.
    pub(super) fn warp(&mut self, path: &Path, logits: &RankedLogits) -> Distribution {
        let tokens = [&*self.prompt, &path.ids].concat();
        let buffers = std::mem::take(&mut self.buffers);
        let surprises = &path.surprises;
        self.rules
            .warp(&self.chain, logits, &tokens, surprises, buffers)
    }

    /// The tokens that may follow a path and their logits after the stages: the `count` best, best
    /// first, or all.
    pub(super) fn left(
        &mut self,
        path: &Path,
        logits: &RankedLogits,
        count: Option<usize>,
    ) -> Vec<(u32, f64)> {
        let tokens = [&*self.prompt, &path.ids].concat();
        let context = self.rules.context(&tokens, &path.surprises);
        let buffers = std::mem::take(&mut self.buffers);
        let (left, buffers) = self.chain.left(logits, &context, buffers, count);
        self.buffers = buffers;
        left
    }

    /// Gives the memory of a distribution back.
    pub(super) fn reuse(&mut self, distribution: Distribution) {
        self.buffers = distribution.into_buffers();
    }
}

/// Refuses a setting outside `[least, most]`.
pub(super) fn check_range(name: &str, value: usize, least: usize, most: usize) -> Result<()> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(Error::new(
        Code::KnobOutOfRange,
        format!("{name} is {value}; it must be {least} to {most}"),
    ))
}

fn nothing_read() -> Error {
    Error::new(Code::Internal, "the model gave nothing for a path")
}
