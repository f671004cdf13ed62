//! Y ~ π(Y|X): n sampled texts as a distribution over texts.
//!
//! Sample i of n (a *lane*) draws its token of step t with the number that belongs to
//! (seed, t, i), whatever the other lanes do. So the texts are n independent samples, and the
//! result is a function of the settings alone. Lanes whose texts are equal so far are one path of
//! the prefix tree: the model reads it once, and only there, where their draws differ, they part.
//! (Counting how many of k lanes draw each token is an exact multinomial draw.)

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::Serialize;

use super::session::Session;
use super::tree::{Node, Outcome, Path, Tree, check_range};
use crate::error::Result;
use crate::sampling::{Chain, Knobs, RankedLogits, uniform_lane};

/// Paths that the model reads in one batch at most.
const BATCH: usize = 16;
/// States that wait to be gone on from. Batches become narrower where a wider one might make more; from
/// there on the tree is grown one path at a time and depth first, so that their number can rise by no
/// more than the length of a text.
const MOST_STATES: usize = 80;
/// The most samples.
const MOST_SAMPLES: usize = 10_000;

/// What is sampled.
#[derive(Clone, Debug, PartialEq)]
pub struct OutcomesSettings {
    /// How the texts are drawn and ended.
    pub knobs: Knobs,
    /// How many, 1 to 10,000.
    pub n: usize,
}

/// What is known of the samples so far.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutcomesReport {
    /// Distinct texts that are finished: most frequent first, ties by probability.
    pub outcomes: Vec<Outcome>,
    /// Samples asked for.
    pub n: usize,
    /// Samples whose text is finished.
    pub finished: usize,
    /// Token positions that the model has read: one for each distinct path, the prompt not counted.
    pub computed: usize,
    /// Those that as many separate texts would have taken.
    pub separate: usize,
    /// Exact probability of all texts that were not seen.
    pub unseen: f64,
    /// Whether every sample is finished.
    pub done: bool,
}

/// The sampling of n texts, piece by piece.
#[derive(Debug)]
pub struct Outcomes {
    tree: Tree,
    n: usize,
    /// Paths to read, the next last. Those behind one node stand together.
    waiting: Vec<Waiting>,
    outcomes: Vec<Outcome>,
    finished: usize,
    separate: usize,
}

/// A path that the model has not read, and the lanes that are on it.
#[derive(Debug)]
struct Waiting {
    parent: Rc<Node>,
    path: Path,
    lanes: Vec<u32>,
}

impl Session {
    /// Samples what may follow the prompt; this text stays as it is.
    ///
    /// # Errors
    /// [`KnobOutOfRange`](crate::error::Code::KnobOutOfRange), and those of reading the prompt.
    pub fn outcomes(&mut self, settings: OutcomesSettings) -> Result<Outcomes> {
        Outcomes::new(self, settings)
    }
}

impl Outcomes {
    fn new(session: &mut Session, OutcomesSettings { knobs, n }: OutcomesSettings) -> Result<Self> {
        knobs.validate()?;
        check_range("n", n, 1, MOST_SAMPLES)?;
        let chain = Chain::from_knobs(&knobs);
        let (tree, root) = Tree::new(session, knobs, chain)?;
        let mut outcomes = Self {
            tree,
            n,
            waiting: Vec::new(),
            outcomes: Vec::new(),
            finished: 0,
            separate: 0,
        };
        let logits = outcomes.tree.logits([&root].into_iter())?;
        let lanes = (0..).take(n).collect();
        outcomes.part(Rc::new(root), lanes, &logits[0])?;
        Ok(outcomes)
    }

    /// Reads at most so many positions (and at least one). The result does not depend on the pieces.
    /// Returns whether all samples are finished.
    ///
    /// # Errors
    /// Those of [`Model::run_batch`](crate::model::Model::run_batch), and
    /// [`BadLogits`](crate::error::Code::BadLogits).
    pub fn advance(&mut self, max_positions: usize) -> Result<bool> {
        let most = max_positions.max(1);
        let mut read = 0;
        loop {
            let batch = self.next_batch();
            // A batch that what is left would cut waits for the next call: many paths together take little
            // more time than few.
            if batch == 0 || read > 0 && read + batch > most {
                return Ok(self.waiting.is_empty());
            }
            let batch = batch.min(most);
            self.read(batch)?;
            read += batch;
        }
    }

    /// What is known so far.
    #[must_use]
    pub fn report(&self) -> OutcomesReport {
        let mut outcomes = self.outcomes.clone();
        outcomes.sort_by(|a, b| {
            let frequent = b.count.cmp(&a.count);
            let probable = || b.log_prob.total_cmp(&a.log_prob);
            frequent.then_with(probable).then_with(|| a.ids.cmp(&b.ids))
        });
        let seen: f64 = outcomes.iter().map(|o| libm::exp(o.log_prob)).sum();
        OutcomesReport {
            outcomes,
            n: self.n,
            finished: self.finished,
            computed: self.tree.computed,
            separate: self.separate,
            unseen: f64::max(1.0 - seen, 0.0),
            done: self.waiting.is_empty(),
        }
    }

    /// Nodes whose states are held.
    fn states(&self) -> usize {
        let parents = self.waiting.iter().map(|waiting| &waiting.parent);
        let changes = parents.clone().zip(parents.skip(1));
        1 + changes.filter(|(a, b)| !Rc::ptr_eq(a, b)).count()
    }

    /// How many paths to read together next.
    fn next_batch(&self) -> usize {
        let room = MOST_STATES.saturating_sub(self.states());
        self.waiting.len().min(room.clamp(1, BATCH))
    }

    /// Reads the last `count` paths in one batch.
    fn read(&mut self, count: usize) -> Result<()> {
        let taken = self.waiting.split_off(self.waiting.len() - count);
        let (mut paths, mut lanes) = (Vec::new(), Vec::new());
        for waiting in taken {
            paths.push((waiting.path, waiting.parent.state.clone()));
            lanes.push(waiting.lanes);
        }
        let nodes = self.tree.read(paths)?;
        let logits = self.tree.logits(nodes.iter())?;
        for ((node, lanes), logits) in nodes.into_iter().zip(lanes).zip(&logits) {
            self.separate += lanes.len();
            self.part(Rc::new(node), lanes, logits)?;
        }
        Ok(())
    }

    /// Lets each lane at a node draw its next token.
    fn part(&mut self, node: Rc<Node>, lanes: Vec<u32>, logits: &RankedLogits) -> Result<()> {
        let (seed, step) = (self.tree.knobs.seed, node.path.ids.len() as u64);
        let distribution = self.tree.warp(&node.path, logits);
        let mut parts: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for lane in lanes {
            let draw = distribution.draw(uniform_lane(seed, step, lane));
            parts.entry(draw.id).or_default().push(lane);
        }
        let mut parts: Vec<(u32, Vec<u32>)> = parts.into_iter().collect();
        // The most frequent is read first, so that early reports tell most.
        parts.sort_by_key(|(_, lanes)| lanes.len());
        for (id, lanes) in parts {
            let log_prob = libm::log(distribution.prob(id));
            let path = self
                .tree
                .extend(&node.path, id, log_prob, logits.log_prob(id))?;
            match self.tree.finish(&path) {
                Some(finish) => {
                    self.finished += lanes.len();
                    let outcome = self.tree.outcome(path, finish, lanes.len());
                    self.outcomes.push(outcome);
                }
                None => self.waiting.push(Waiting {
                    parent: node.clone(),
                    path,
                    lanes,
                }),
            }
        }
        self.tree.reuse(distribution);
        Ok(())
    }
}
