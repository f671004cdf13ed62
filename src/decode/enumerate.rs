//! The most probable texts in exact order.
//!
//! Best-first search: a text is never more probable than any beginning of it, so once the most
//! probable of all open paths is a whole text, no text that is still to come can be before it.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};
use std::rc::Rc;

use serde::Serialize;

use super::session::Session;
use super::tree::{Node, Outcome, Path, Tree, check_range};
use crate::error::Result;
use crate::model::SequenceState;
use crate::sampling::{Chain, Knobs, RankedLogits};

/// Paths that the model reads in one batch at most. Some of them may turn out to be needless.
const BATCH: usize = 8;
/// Continuations of a path that are listed at a time.
const PAGE: usize = 64;
/// States that are held. Others are made again from the nearest one before them.
const MOST_STATES: usize = 64;
/// The most texts.
const MOST_TEXTS: usize = 1000;
/// Where the search gives up, if nothing is said.
const LIMIT: usize = 2000;

/// What is enumerated.
#[derive(Clone, Debug, PartialEq)]
pub struct EnumerateSettings {
    /// What the probabilities are made of, and what ends a text.
    pub knobs: Knobs,
    /// How many texts are wanted, 1 to 1,000.
    pub m: usize,
    /// Give up after so many token positions, at least 1.
    pub limit: usize,
}

impl EnumerateSettings {
    /// The `m` most probable texts, or those found within 2,000 positions.
    #[must_use]
    pub const fn new(knobs: Knobs, m: usize) -> Self {
        let limit = LIMIT;
        Self { knobs, m, limit }
    }
}

/// What is known so far.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EnumerateReport {
    /// Most probable first; this order is final. (That of equally probable ones means nothing, but is always the same.)
    pub outcomes: Vec<Outcome>,
    /// No text that is not listed is more probable than this.
    pub bound: f64,
    /// Token positions that the model has read, the prompt not counted.
    pub computed: usize,
    /// Whether all are found, there are no more, or the limit is reached.
    pub done: bool,
}

/// The search, piece by piece.
#[derive(Debug)]
pub struct Enumerate {
    tree: Tree,
    m: usize,
    limit: usize,
    open: BinaryHeap<Open>,
    outcomes: Vec<Outcome>,
    /// Those whose state is held, the oldest first; the root is not among them.
    held: VecDeque<Rc<Branching>>,
    /// The next path needs more positions than the limit leaves.
    at_limit: bool,
}

/// A path to read, and the state of a beginning of it.
#[derive(Debug)]
struct Unread {
    parent: Rc<Branching>,
    path: Path,
    state: SequenceState,
}

/// A path that the model has read, and how to have its state.
#[derive(Debug)]
struct Branching {
    node: Node,
    /// `None` at the root, which keeps its state in the node.
    parent: Option<Rc<Branching>>,
    /// The node's state while it is held.
    state: RefCell<Option<SequenceState>>,
}

/// What is yet to be looked at, with the greatest probability that any text behind it can have.
#[derive(Debug)]
struct Open {
    log_prob: f64,
    parent: Rc<Branching>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// The parent's path with this token behind it.
    Token { id: u32, log_prob: f64, raw: f64 },
    /// The parent's continuations from this rank on.
    Rest { rank: usize },
}

impl Session {
    /// Looks for the most probable texts that may follow the prompt; this text stays as it is.
    ///
    /// # Errors
    /// [`KnobOutOfRange`](crate::error::Code::KnobOutOfRange), and those of reading the prompt.
    pub fn enumerate(&mut self, settings: EnumerateSettings) -> Result<Enumerate> {
        Enumerate::new(self, settings)
    }
}

impl Enumerate {
    fn new(session: &mut Session, settings: EnumerateSettings) -> Result<Self> {
        let EnumerateSettings { knobs, m, limit } = settings;
        knobs.validate()?;
        check_range("m", m, 1, MOST_TEXTS)?;
        check_range("limit", limit, 1, usize::MAX)?;
        let chain = Chain::from_knobs(&knobs);
        let (tree, root) = Tree::new(session, knobs, chain)?;
        let mut search = Self {
            tree,
            m,
            limit,
            open: BinaryHeap::new(),
            outcomes: Vec::new(),
            held: VecDeque::new(),
            at_limit: false,
        };
        let logits = search.tree.logits([&root].into_iter())?;
        let root = Branching {
            state: RefCell::new(Some(root.state.clone())),
            node: root,
            parent: None,
        };
        search.list(&Rc::new(root), 0, &logits[0]);
        Ok(search)
    }

    /// Looks further until about so many positions are read (at least one, if any is needed). The
    /// outcomes do not depend on the pieces. Returns whether the search is done.
    ///
    /// # Errors
    /// Those of [`Model::run_batch`](crate::model::Model::run_batch), and
    /// [`BadLogits`](crate::error::Code::BadLogits).
    pub fn advance(&mut self, max_positions: usize) -> Result<bool> {
        let stop = self.tree.computed.saturating_add(max_positions.max(1));
        while !self.is_done() && self.tree.computed < stop {
            let batch = self.next_batch()?;
            self.read(batch)?;
        }
        Ok(self.is_done())
    }

    /// What is known so far.
    #[must_use]
    pub fn report(&self) -> EnumerateReport {
        let best = self.open.peek();
        EnumerateReport {
            outcomes: self.outcomes.clone(),
            bound: best.map_or(0.0, |open| libm::exp(open.log_prob)),
            computed: self.tree.computed,
            done: self.is_done(),
        }
    }

    fn is_done(&self) -> bool {
        let found = self.outcomes.len() >= self.m || self.open.is_empty();
        found || self.at_limit || self.tree.computed >= self.limit
    }

    /// Moves whole texts from the head of the open paths to the outcomes; then takes the best
    /// paths that the model must read. (A path whose nearest state is far before its end costs
    /// more than one position.)
    fn next_batch(&mut self) -> Result<Vec<Unread>> {
        let mut batch = Vec::new();
        let mut left = self.limit - self.tree.computed;
        while batch.len() < BATCH && self.outcomes.len() < self.m {
            let Some(open) = self.open.pop() else { break };
            match open.kind {
                Kind::Rest { rank } => {
                    let logits = self.tree.logits([&open.parent.node].into_iter())?;
                    self.list(&open.parent, rank, &logits[0]);
                }
                Kind::Token { id, log_prob, raw } => {
                    let path = &open.parent.node.path;
                    let path = self.tree.extend(path, id, log_prob, raw)?;
                    match self.tree.finish(&path) {
                        None => {
                            let state = state_before(&open.parent);
                            let positions = self.tree.unread(&path, &state).len();
                            if positions > left {
                                self.at_limit = batch.is_empty();
                                self.open.push(open);
                                break;
                            }
                            left -= positions;
                            batch.push(Unread {
                                parent: open.parent,
                                path,
                                state,
                            });
                        }
                        Some(finish) if batch.is_empty() => {
                            self.outcomes.push(self.tree.outcome(path, finish, 0));
                        }
                        // What is in the batch may lead to a more probable text.
                        Some(_) => {
                            self.open.push(open);
                            break;
                        }
                    }
                }
            }
        }
        Ok(batch)
    }

    /// Lets the model read paths, and opens their continuations.
    fn read(&mut self, batch: Vec<Unread>) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let pairs = batch.into_iter().map(|u| (u.parent, (u.path, u.state)));
        let (parents, paths): (Vec<_>, Vec<_>) = pairs.unzip();
        let nodes = self.tree.read(paths)?;
        let logits = self.tree.logits(nodes.iter())?;
        for ((node, parent), logits) in nodes.into_iter().zip(parents).zip(&logits) {
            let branching = self.hold(node, parent);
            self.list(&branching, 0, logits);
        }
        Ok(())
    }

    /// Keeps a node's state for its continuations, and lets go of the oldest one if there are many.
    fn hold(&mut self, mut node: Node, parent: Rc<Branching>) -> Rc<Branching> {
        let empty = node.state.prefix(0);
        let state = std::mem::replace(&mut node.state, empty);
        let branching = Rc::new(Branching {
            node,
            parent: Some(parent),
            state: RefCell::new(Some(state)),
        });
        self.held.push_back(branching.clone());
        if self.held.len() > MOST_STATES
            && let Some(oldest) = self.held.pop_front()
        {
            oldest.state.take();
        }
        branching
    }

    /// Opens the continuations of a path from `rank` on, as many as one page has.
    fn list(&mut self, parent: &Rc<Branching>, rank: usize, logits: &RankedLogits) {
        let path = &parent.node.path;
        let distribution = self.tree.warp(path, logits);
        let kept = &distribution.kept_by_warped_rank()[rank..];
        // The last ones may be so improbable that no number says so; such texts are none.
        let possible = kept.partition_point(|&id| distribution.prob(id) > 0.0);
        let kept = &kept[..possible];
        for &id in kept.iter().take(PAGE) {
            let log_prob = libm::log(distribution.prob(id));
            self.open.push(Open {
                log_prob: path.log_prob + log_prob,
                parent: parent.clone(),
                kind: Kind::Token {
                    id,
                    log_prob,
                    raw: logits.log_prob(id),
                },
            });
        }
        if let Some(&next) = kept.get(PAGE) {
            self.open.push(Open {
                log_prob: path.log_prob + libm::log(distribution.prob(next)),
                parent: parent.clone(),
                kind: Kind::Rest { rank: rank + PAGE },
            });
        }
        self.tree.reuse(distribution);
    }
}

/// The state of a node, or of the nearest one before it whose state is held.
fn state_before(branching: &Rc<Branching>) -> SequenceState {
    let mut at = branching;
    loop {
        if let Some(state) = &*at.state.borrow() {
            return state.clone();
        }
        match &at.parent {
            Some(parent) => at = parent,
            None => return at.node.state.clone(),
        }
    }
}

impl Open {
    /// Where it stands among equally probable ones.
    fn tie(&self) -> (&[u32], Option<u32>) {
        let id = match self.kind {
            Kind::Token { id, .. } => Some(id),
            Kind::Rest { .. } => None,
        };
        (&self.parent.node.path.ids, id)
    }
}

impl Ord for Open {
    fn cmp(&self, other: &Self) -> Ordering {
        let probable = self.log_prob.total_cmp(&other.log_prob);
        probable.then_with(|| other.tie().cmp(&self.tie()))
    }
}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Open {}
