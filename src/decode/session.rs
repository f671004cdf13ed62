//! A prompt and the text that is written after it.

use std::ops::Range;

use serde::Serialize;

use super::engine::Engine;
use super::logits::{BUDGET_BYTES, LogitsCache};
use super::rules::Rules;
use super::step::{Finish, Replay, ReplayPart, Step, TokenInfo, TokenKind};
use super::surprises::Surprises;
use super::text::OutputText;
use crate::error::{Code, Error, Result};
use crate::model::{SequenceState, threads};
use crate::sampling::{
    Chain, Distribution, Draw, Knobs, Place, RankedLogits, View, log_prob, uniform,
};
use crate::tokenizer::Special;

/// Tokens that one forward pass takes at most.
const CHUNK: usize = 128;

/// How far work in pieces has come, in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Done.
    pub done: usize,
    /// Of so many.
    pub total: usize,
}

/// Bytes that a session holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionMemory {
    /// Keys and values of the sequence.
    pub state_bytes: usize,
    /// The model's outputs and the ranked logits.
    pub logits_bytes: usize,
    /// The most that the ranked logits of a text and all its branches may take together.
    pub budget_bytes: usize,
}

/// A trajectory: a prompt and the steps after it, with all that is needed to look at any of them
/// under other knobs, and to go on.
#[derive(Debug)]
pub struct Session {
    pub(super) engine: Engine,
    /// Prompt, then output.
    pub(super) tokens: Vec<u32>,
    pub(super) rules: Rules,
    /// By token of the output: its probability when it was drawn.
    warped: Vec<Option<f64>>,
    /// By token of the sequence, as far as they were scored: the model's probability.
    scores: Vec<Option<f64>>,
    pub(super) state: SequenceState,
    pub(super) logits: LogitsCache,
    text: OutputText,
    pub(super) surprises: Surprises,
    /// Length of the text that was read ahead of its next step, or 0.
    ahead: usize,
    /// Length of the text that the last step ended, or 0.
    ended: usize,
}

impl Session {
    pub(super) fn new(engine: Engine, prompt: Vec<u32>, end_tokens: Vec<u32>) -> Self {
        let state = engine.model().start();
        let stream = engine.tokenizer().decode_stream_after(Special::Parse);
        Self {
            rules: Rules {
                prompt_length: prompt.len(),
                context_length: engine.info().context_length,
                end_tokens: end_tokens.into(),
                breakers: engine.breakers(),
                min_tokens_to_keep: 1,
            },
            tokens: prompt,
            warped: Vec::new(),
            scores: Vec::new(),
            state,
            logits: LogitsCache::default(),
            text: OutputText::new(stream),
            surprises: Surprises::default(),
            ahead: 0,
            ended: 0,
            engine,
        }
    }

    /// The same trajectory once more. Both share the memory of what they have in common.
    fn share(&self) -> Self {
        Self {
            engine: self.engine.clone(),
            tokens: self.tokens.clone(),
            rules: self.rules.clone(),
            warped: self.warped.clone(),
            scores: self.scores.clone(),
            state: self.state.clone(),
            logits: self.logits.clone(),
            text: self.text.clone(),
            surprises: self.surprises.clone(),
            ahead: self.ahead,
            ended: self.ended,
        }
    }

    /// Another trajectory: this one up to `position`, and there the token `id`. States and logits
    /// of the common part are shared, not copied.
    ///
    /// # Errors
    /// [`Code::OutOfRange`] for a position outside the output (the one after its last token is
    /// allowed) or an unknown token, [`Code::ContextFull`].
    pub fn branch(&self, position: usize, id: u32) -> Result<Self> {
        let (start, end) = (self.prompt_length(), self.tokens.len());
        if !(start..=end).contains(&position) {
            let message = format!(
                "a text branches at a position of its output, {start} to {end}, not at {position}"
            );
            return Err(Error::new(Code::OutOfRange, message));
        }
        let mut branch = self.share();
        branch.truncate(position);
        branch.check_tokens(&[id])?;
        branch.push(id, None)?;
        Ok(branch)
    }

    /// Tokens of the prompt, the chat template's included.
    #[must_use]
    pub const fn prompt_length(&self) -> usize {
        self.rules.prompt_length
    }

    /// Ids: prompt, then output.
    #[must_use]
    pub fn ids(&self) -> &[u32] {
        &self.tokens
    }

    /// Ids of the output.
    #[must_use]
    pub fn output(&self) -> &[u32] {
        &self.tokens[self.prompt_length()..]
    }

    /// The output so far, whole characters only, stop strings included.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.until(self.output().len(), &[])
    }

    /// The text of an output without tokens.
    pub(super) fn no_text(&self) -> OutputText {
        let mut text = self.text.clone();
        text.truncate(0);
        text
    }

    /// What the session holds.
    #[must_use]
    pub fn memory(&self) -> SessionMemory {
        SessionMemory {
            state_bytes: self.state.bytes(),
            logits_bytes: self.logits.bytes(),
            budget_bytes: BUDGET_BYTES,
        }
    }

    /// Lets the model read the next `max_tokens` tokens of the prompt, so that a long prompt can be
    /// read in pieces; the result does not depend on the pieces.
    ///
    /// # Errors
    /// Those of [`Model::run`](crate::model::Model::run).
    pub fn prefill(&mut self, max_tokens: usize) -> Result<Progress> {
        let end = (self.state.len() + max_tokens).min(self.prompt_length());
        self.read_to(end)?;
        Ok(Progress {
            done: self.state.len().min(self.prompt_length()),
            total: self.prompt_length(),
        })
    }

    /// Writes one token: drawn from the distribution that these knobs make of the model's.
    ///
    /// # Errors
    /// [`Code::KnobOutOfRange`], [`Code::ContextFull`], [`Code::BadLogits`]. The text is then as before.
    pub fn step(&mut self, knobs: &Knobs, top: usize) -> Result<Step> {
        knobs.validate()?;
        let limit = self.engine.info().context_length;
        if self.tokens.len() >= limit {
            let message = format!(
                "the model's context of {limit} tokens is full; begin a new text, or one with a shorter prompt"
            );
            return Err(Error::new(Code::ContextFull, message));
        }
        let cached = self.state.len() >= self.tokens.len() && self.ahead != self.tokens.len();
        self.read_to(self.tokens.len())?;
        let position = self.tokens.len();
        let distribution = self.distribution(position, knobs)?;
        let draw = self.draw(&distribution, position, knobs);
        self.push(draw.id, Some(distribution.prob(draw.id)))?;
        let count = self.output().len();
        let step = self.describe(count, distribution, draw, (knobs, top), cached)?;
        self.ended = step.finish.map_or(0, |_| self.tokens.len());
        Ok(step)
    }

    /// Does what the next step begins with whatever its knobs will be, while nobody waits for it: the
    /// model reads the last token, and its logits are ranked. The next step tells the same as without.
    /// Nothing after a step that ended the text.
    ///
    /// # Errors
    /// Those of [`Model::run`](crate::model::Model::run), [`Code::BadLogits`].
    pub fn read_ahead(&mut self) -> Result<()> {
        let length = self.tokens.len();
        if length == self.ended || length >= self.engine.info().context_length {
            return Ok(());
        }
        if self.state.len() < length {
            self.read_to(length)?;
            self.ahead = length;
        }
        self.logits.ranked(&self.engine, length - 1)?.softmax();
        Ok(())
    }

    /// The distribution at a position of the sequence under any knobs, without a forward pass.
    /// The position after the last token shows what the next step would draw.
    ///
    /// # Errors
    /// [`Code::OutOfRange`] for a position that does not exist or has no distribution,
    /// [`Code::KnobOutOfRange`], [`Code::UnsupportedFeature`] inside a prompt that
    /// candle-transformers has read.
    pub fn view(&mut self, position: usize, knobs: &Knobs, top: usize) -> Result<View> {
        knobs.validate()?;
        self.check_position(position)?;
        self.read_to(position)?;
        let distribution = self.distribution(position, knobs)?;
        let draw =
            (position >= self.prompt_length()).then(|| self.draw(&distribution, position, knobs));
        let next = draw.map(|draw| draw.id);
        // The position is in range, and the one after the last token is behind the prompt.
        let chosen = self.tokens.get(position).copied().or(next).unwrap_or(0);
        self.finish_view(distribution, position, chosen, draw, top)
    }

    /// The steps written so far under other knobs, with the draws of these knobs' seed and no
    /// forward pass, up to and with the first whose choice flips, or at which the text now ends.
    /// Tokens after it are removed: what is left is what generating afresh would have begun with.
    ///
    /// # Errors
    /// [`Code::KnobOutOfRange`], [`Code::BadLogits`].
    pub fn replay(&mut self, knobs: &Knobs, top: usize) -> Result<Replay> {
        self.replay_part(knobs, top, 0..usize::MAX)
            .map(|part| part.replay)
    }

    /// As [`Session::replay`], but only these steps, so that it can be done in pieces: each begins
    /// where the one before ended, under the same knobs, until one is the last.
    ///
    /// # Errors
    /// As [`Session::replay`].
    pub fn replay_part(
        &mut self,
        knobs: &Knobs,
        top: usize,
        part: Range<usize>,
    ) -> Result<ReplayPart> {
        knobs.validate()?;
        let end = part.end.min(self.output().len());
        let mut replay = Replay {
            flip: None,
            steps: Vec::new(),
        };
        for step in part.start..end {
            let (told, flips) = self.replay_step(step, knobs, top)?;
            let ends = flips || told.finish.is_some();
            replay.steps.push(told);
            if ends {
                self.truncate(self.prompt_length() + step + 1);
                replay.flip = flips.then_some(step);
                return Ok(ReplayPart { replay, last: true });
            }
        }
        let last = end == self.output().len();
        Ok(ReplayPart { replay, last })
    }

    /// One step under other knobs, and whether its choice flips; then what came after it is gone.
    fn replay_step(&mut self, step: usize, knobs: &Knobs, top: usize) -> Result<(Step, bool)> {
        let position = self.prompt_length() + step;
        self.read_to(position)?;
        let distribution = self.distribution(position, knobs)?;
        let draw = self.draw(&distribution, position, knobs);
        let flips = draw.id != self.tokens[position];
        if flips {
            self.truncate(position);
            self.push(draw.id, None)?;
        }
        self.warped[step] = Some(distribution.prob(draw.id));
        let told = self.describe(step + 1, distribution, draw, (knobs, top), true)?;
        Ok((told, flips))
    }

    /// Appends these tokens to the output, whatever their probability.
    ///
    /// # Errors
    /// [`Code::OutOfRange`] for an unknown token, [`Code::ContextFull`]; nothing is then appended.
    pub fn force(&mut self, ids: &[u32]) -> Result<()> {
        self.check_tokens(ids)?;
        for &id in ids {
            self.push(id, None)?;
        }
        self.read_to(self.tokens.len())
    }

    /// Whether these tokens exist and fit.
    fn check_tokens(&self, ids: &[u32]) -> Result<()> {
        let info = self.engine.info();
        if let Some(id) = ids.iter().find(|&&id| id as usize >= info.vocabulary) {
            let message = format!(
                "token {id} does not exist; the vocabulary has {}",
                info.vocabulary
            );
            return Err(Error::new(Code::OutOfRange, message));
        }
        if self.tokens.len() + ids.len() > info.context_length {
            let message = format!(
                "{} tokens do not fit in the model's context of {}",
                self.tokens.len() + ids.len(),
                info.context_length
            );
            return Err(Error::new(Code::ContextFull, message));
        }
        Ok(())
    }

    /// Computes the model's probability of the next `max_tokens` tokens that have none yet.
    ///
    /// # Errors
    /// Those of [`Model::run`](crate::model::Model::run).
    pub fn score(&mut self, max_tokens: usize) -> Result<Progress> {
        if self.scores.is_empty() {
            self.scores.push(None);
        }
        let from = self.scores.len();
        let to = (from + max_tokens).min(self.tokens.len());
        if from < to {
            self.read_to(to - 1)?;
            let logits = self.logits.plain(&self.engine, from - 1, to - 1)?;
            let next: Vec<_> = logits.into_iter().zip(&self.tokens[from..to]).collect();
            let scores = threads::map(&next, |(logits, id)| {
                let values = logits.as_deref();
                values.map(|values| libm::exp(log_prob(values, **id)))
            });
            self.scores.extend(scores);
        }
        Ok(Progress {
            done: self.scores.len(),
            total: self.tokens.len(),
        })
    }

    /// Every token, prompt and output, with the probabilities that are known.
    #[must_use]
    pub fn tokens(&self) -> Vec<TokenInfo> {
        let token = |(position, &id): (usize, &u32)| {
            let step = position.checked_sub(self.prompt_length());
            let kind = match step {
                None => TokenKind::Prompt,
                Some(_) => TokenKind::Output,
            };
            let mut info = self.engine.token_info(id, position, kind);
            info.raw = self.scores.get(position).copied().flatten();
            info.warped = step.and_then(|step| self.warped[step]);
            info
        };
        self.tokens.iter().enumerate().map(token).collect()
    }

    /// Runs the model over the first `end` tokens, as far as it has not.
    pub(super) fn read_to(&mut self, end: usize) -> Result<()> {
        while self.state.len() < end {
            let start = self.state.len();
            let tokens = &self.tokens[start..end.min(start + CHUNK)];
            let outputs = self.engine.model_mut().run(&mut self.state, tokens)?;
            self.logits.extend(outputs);
        }
        Ok(())
    }

    /// The distribution of the token at `position`; the model must have read what stands before it.
    pub(super) fn distribution(&mut self, position: usize, knobs: &Knobs) -> Result<Distribution> {
        let chain = Chain::from_knobs(knobs);
        let surprises = self.surprises(position, knobs, &chain)?;
        self.warp(position, &chain, &surprises)
    }

    /// What a chain makes of the logits before `position`.
    pub(super) fn warp(
        &mut self,
        position: usize,
        chain: &Chain,
        surprises: &[f64],
    ) -> Result<Distribution> {
        let ranked = self.logits.ranked(&self.engine, position - 1)?;
        Ok(self.warp_logits(&ranked, position, chain, surprises))
    }

    /// The same of logits that are there already.
    pub(super) fn warp_logits(
        &self,
        ranked: &RankedLogits,
        position: usize,
        chain: &Chain,
        surprises: &[f64],
    ) -> Distribution {
        let buffers = self.logits.take_buffers();
        let tokens = &self.tokens[..position];
        self.rules.warp(chain, ranked, tokens, surprises, buffers)
    }

    pub(super) fn draw(&self, distribution: &Distribution, position: usize, knobs: &Knobs) -> Draw {
        let step = position - self.prompt_length();
        distribution.draw(uniform(knobs.seed, step as u64))
    }

    /// Gives the memory of a distribution back.
    pub(super) fn reuse(&mut self, distribution: Distribution) {
        self.logits.give_buffers(distribution.into_buffers());
    }

    fn finish_view(
        &mut self,
        distribution: Distribution,
        position: usize,
        chosen: u32,
        draw: Option<Draw>,
        top: usize,
    ) -> Result<View> {
        #[expect(
            clippy::cast_possible_wrap,
            reason = "a text has fewer than 2^63 tokens"
        )]
        let step = position as i64 - self.prompt_length() as i64;
        let place = Place {
            position,
            step,
            chosen,
            draw,
        };
        let text = |id| self.engine.piece(id);
        let view = View::new(&distribution, &place, top, &text);
        self.logits.give_buffers(distribution.into_buffers());
        view
    }

    /// The step that wrote the last of the first `count` new tokens.
    fn describe(
        &mut self,
        count: usize,
        distribution: Distribution,
        draw: Draw,
        (knobs, top): (&Knobs, usize),
        cached: bool,
    ) -> Result<Step> {
        let position = self.prompt_length() + count - 1;
        let view = self.finish_view(distribution, position, draw.id, Some(draw), top)?;
        Ok(Step {
            view,
            id: draw.id,
            delta: self.text.delta(count - 1).to_owned(),
            text: self.text.until(count, &knobs.stop).to_owned(),
            finish: self.finish(count, knobs),
            cached,
        })
    }

    /// Why the text ends after its first `count` new tokens, if it does.
    fn finish(&self, count: usize, knobs: &Knobs) -> Option<Finish> {
        let output = &self.output()[..count];
        self.rules.finish(output, &self.text, knobs)
    }

    pub(super) fn push(&mut self, id: u32, warped: Option<f64>) -> Result<()> {
        self.text.push(self.engine.tokenizer(), id)?;
        self.tokens.push(id);
        self.warped.push(warped);
        Ok(())
    }

    /// Cuts the sequence back to its first `length` tokens, which include the prompt.
    pub(super) fn truncate(&mut self, length: usize) {
        (self.ahead, self.ended) = (0, 0);
        self.tokens.truncate(length);
        self.scores.truncate(length);
        self.warped.truncate(length - self.prompt_length());
        self.text.truncate(length - self.prompt_length());
        self.state = self.state.prefix(length);
        self.logits.truncate(length);
    }

    pub(super) fn check_position(&self, position: usize) -> Result<()> {
        if (1..=self.tokens.len()).contains(&position) {
            return Ok(());
        }
        let message = match position {
            0 => "the first token has no distribution: nothing stands before it".to_owned(),
            _ => format!(
                "there is no position {position}; the text has {} tokens",
                self.tokens.len()
            ),
        };
        Err(Error::new(Code::OutOfRange, message))
    }
}
