//! Beam search, exactly as Hugging Face's `generate` does it (`GenerationMixin._beam_search` of
//! transformers 5), and beam sampling.
//!
//! A step takes the B running beams and the logits behind each. Logits become log-probabilities
//! first, then the processors act on them, so scores are sums of processed, not renormalised
//! log-probabilities. The best `max(2, 1 + end tokens) · B` continuations of all beams are the
//! candidates; of these, the first B may finish, and the best B that go on are the next beams.
//! A finished text is ranked by its score divided by its length to the power of `length_penalty`.
//!
//! One beam is no beam search there: it is greedy search, or sampling, and the processors act on
//! logits. Its score is then the sum of the processed and renormalised log-probabilities.
//!
//! Beam sampling draws the candidates without replacement from the softmax of their scores instead
//! of taking the best, by the Gumbel-top-k trick (W. Kool, H. van Hoof, M. Welling, 2019) on our
//! counter-based generator: equal to Hugging Face's in distribution, not draw by draw.

mod select;
mod settings;

use serde::Serialize;

pub use settings::{BeamSettings, EarlyStopping};

use select::{Choice, Continuation};

use super::session::Session;
use super::step::Finish;
use super::tree::{Node, Path, Tree};
use crate::error::Result;
use crate::model::SequenceState;

/// What became of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Fate {
    /// It is a beam of the next step.
    Kept,
    /// It is dropped.
    Pruned,
    /// It is a whole text.
    Finished,
}

/// One continuation that a step looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BeamCandidate {
    /// Place of its parent among the beams of the step before.
    pub parent: usize,
    /// The token that it adds.
    pub id: u32,
    /// The token's text.
    pub text: String,
    /// Sum of processed log-probabilities, this token included.
    pub score: f64,
    /// What became of it.
    pub fate: Fate,
    /// Place among the beams of this step, if it was kept.
    pub beam: Option<usize>,
}

/// A beam that goes on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Beam {
    /// New tokens.
    pub ids: Vec<u32>,
    /// What they say.
    pub text: String,
    /// Sum of processed log-probabilities.
    pub score: f64,
}

/// A text that is whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FinishedBeam {
    /// Its tokens, text and score.
    #[serde(flatten)]
    pub beam: Beam,
    /// New tokens, the end token included.
    pub length: usize,
    /// `score / length^length_penalty`.
    pub normalised: f64,
    /// Exact ln p under the model itself.
    pub raw_log_prob: f64,
    /// Why it ended.
    pub finish: Finish,
}

/// One step of the search.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BeamReport {
    /// From 0.
    pub step: usize,
    /// Best first.
    pub candidates: Vec<BeamCandidate>,
    /// The beams after this step, best first.
    pub beams: Vec<Beam>,
    /// All texts finished so far, best normalised score first.
    pub finished: Vec<FinishedBeam>,
    /// What the search returns, once it is done: the first `num_return` of the finished ones.
    pub returned: Vec<FinishedBeam>,
    /// Token positions that the model has read, the prompt not counted.
    pub computed: usize,
    /// Whether the search is over.
    pub done: bool,
}

/// The search, step by step.
#[derive(Debug)]
pub struct Beams {
    tree: Tree,
    settings: BeamSettings,
    step: usize,
    /// Read by the model; the `log_prob` of a path is its score.
    running: Vec<Node>,
    /// Chosen in the last step and not read yet.
    next: Vec<(Path, SequenceState)>,
    /// Best first.
    finished: Vec<FinishedBeam>,
    done: bool,
}

impl Session {
    /// Searches for texts that follow the prompt; this text stays as it is.
    ///
    /// # Errors
    /// [`KnobOutOfRange`](crate::error::Code::KnobOutOfRange), and those of reading the prompt.
    pub fn beams(&mut self, settings: BeamSettings) -> Result<Beams> {
        settings.validate()?;
        let (knobs, chain) = (settings.knobs.clone(), settings.chain()?);
        let (mut tree, root) = Tree::new(self, knobs, chain)?;
        tree.rules.min_tokens_to_keep = settings.min_tokens_to_keep(tree.rules.end_tokens.len());
        Ok(Beams {
            tree,
            settings,
            step: 0,
            running: vec![root],
            next: Vec::new(),
            finished: Vec::new(),
            done: false,
        })
    }
}

impl Beams {
    /// The next step. `None` when the search is over, which the step before has said.
    ///
    /// # Errors
    /// Those of [`Model::run_batch`](crate::model::Model::run_batch), and
    /// [`BadLogits`](crate::error::Code::BadLogits).
    pub fn advance(&mut self) -> Result<Option<BeamReport>> {
        if self.done {
            return Ok(None);
        }
        if !self.next.is_empty() {
            let next = std::mem::take(&mut self.next);
            self.running = self.tree.read(next)?;
        }
        let logits = self.tree.logits(self.running.iter())?;
        let parents: Vec<&Path> = self.running.iter().map(|node| &node.path).collect();
        let count = self.settings.candidates(self.tree.rules.end_tokens.len());
        let choice = Choice::of(&self.settings, count, self.step);
        let continuations = select::best(&mut self.tree, &parents, &logits, &choice)?;
        let candidates = self.sort_out(&continuations)?;
        let report_step = self.step;
        self.step += 1;
        self.done = self.is_over();
        Ok(Some(self.report(report_step, candidates)))
    }

    /// Decides what becomes of each candidate, best first.
    fn sort_out(&mut self, continuations: &[Continuation]) -> Result<Vec<BeamCandidate>> {
        let width = self.settings.num_beams;
        let mut candidates = Vec::with_capacity(continuations.len());
        for (rank, chosen) in continuations.iter().enumerate() {
            let parent = &self.running[chosen.parent];
            let mut path = self.tree.extend(&parent.path, chosen.id, 0.0, chosen.raw)?;
            path.log_prob = chosen.score;
            let state = parent.state.clone();
            let mut candidate = BeamCandidate {
                parent: chosen.parent,
                id: chosen.id,
                text: self.tree.engine.piece(chosen.id).text,
                score: chosen.score,
                fate: Fate::Pruned,
                beam: None,
            };
            match self.tree.finish(&path) {
                Some(finish) if rank < width => {
                    candidate.fate = Fate::Finished;
                    let finished = self.finished(&path, finish);
                    self.finished.push(finished);
                }
                Some(_) => {}
                None if self.next.len() < width => {
                    candidate.fate = Fate::Kept;
                    candidate.beam = Some(self.next.len());
                    self.next.push((path, state));
                }
                None => {}
            }
            candidates.push(candidate);
        }
        // A stable sort: of equal ones, the earlier stays before the later.
        self.finished
            .sort_by(|a, b| b.normalised.total_cmp(&a.normalised));
        Ok(candidates)
    }

    fn finished(&self, path: &Path, finish: Finish) -> FinishedBeam {
        let length = path.ids.len();
        FinishedBeam {
            normalised: path.log_prob / self.settings.length_factor(length),
            raw_log_prob: path.raw_log_prob,
            beam: self.beam(path),
            length,
            finish,
        }
    }

    fn beam(&self, path: &Path) -> Beam {
        Beam {
            ids: path.ids.clone(),
            text: self.tree.text(path),
            score: path.log_prob,
        }
    }

    /// Whether nothing goes on, or nothing that goes on can still count.
    fn is_over(&self) -> bool {
        let Some((best, _)) = self.next.first() else {
            return true;
        };
        let Some(worst) = self.finished.get(self.settings.num_beams - 1) else {
            return false;
        };
        let possible = best.log_prob / self.settings.hoped_factor(self.step);
        self.settings.stops_when_full() || possible <= worst.normalised
    }

    fn report(&self, step: usize, candidates: Vec<BeamCandidate>) -> BeamReport {
        let returned = if self.done {
            self.settings.num_return
        } else {
            0
        };
        BeamReport {
            step,
            candidates,
            beams: self.next.iter().map(|(path, _)| self.beam(path)).collect(),
            returned: self.finished.iter().take(returned).cloned().collect(),
            finished: self.finished.clone(),
            computed: self.tree.computed,
            done: self.done,
        }
    }
}
