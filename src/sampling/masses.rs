//! The raw probability mass of the survivors, and of what each stage removed.

use super::exp::exp_all;
use super::in_play::KEPT;
use super::ranked::RankedLogits;
use super::total::Total;

/// Marks that are looked at together.
const BLOCK: usize = 16;
/// Exponentials that are computed together.
const AT_ONCE: usize = 64;

/// The raw mass of the kept tokens (index 0) and of those that each stage removed, by their marks;
/// `counts` are their numbers.
///
/// Most tokens have one mark. Their mass is what the others leave of the whole; only where that is
/// next to nothing are they added up themselves.
pub(super) fn masses(raw: &RankedLogits, removed_by: &[u8], counts: &[usize]) -> Vec<f64> {
    let mut masses = vec![0.0; counts.len()];
    let most = (0..counts.len()).rev().max_by_key(|&mark| counts[mark]);
    let most = most.unwrap_or(usize::from(KEPT));
    if counts[most] == raw.len() {
        masses[most] = 1.0;
        return masses;
    }
    let mut others = Total::default();
    let mut block = Vec::with_capacity(AT_ONCE);
    let mut add = |block: &mut Vec<(u32, usize)>| {
        let mut weights = [0.0; AT_ONCE];
        for (weight, &(id, _)) in weights.iter_mut().zip(&*block) {
            *weight = raw.depth(id);
        }
        exp_all(&mut weights[..block.len()]);
        for (weight, (_, mark)) in weights.into_iter().zip(block.drain(..)) {
            others.add(weight);
            masses[mark] += weight;
        }
    };
    for marked in marked_otherwise(removed_by, most) {
        block.push(marked);
        if block.len() == AT_ONCE {
            add(&mut block);
        }
    }
    add(&mut block);
    let sum = raw.softmax().sum;
    masses.iter_mut().for_each(|mass| *mass /= sum);
    masses[most] = raw.softmax().rest(others).unwrap_or_else(|| {
        let ids = (0..).zip(removed_by);
        let those = ids.filter(|(_, mark)| usize::from(**mark) == most);
        those.map(|(id, _)| raw.weight(id)).sum::<f64>() / sum
    });
    masses
}

/// The ids that have another mark than `most`, and their marks.
fn marked_otherwise(removed_by: &[u8], most: usize) -> impl Iterator<Item = (u32, usize)> {
    let blocks = (0_u32..).step_by(BLOCK).zip(removed_by.chunks(BLOCK));
    let same = move |&mark: &u8| usize::from(mark) == most;
    // Most blocks have none, which is quickly seen of all together.
    let differ = move |block: &[u8]| block.iter().fold(false, |any, mark| any | !same(mark));
    blocks
        .filter(move |(_, block)| differ(block))
        .flat_map(|(start, block)| (start..).zip(block))
        .filter(move |(_, mark)| !same(mark))
        .map(|(id, &mark)| (id, usize::from(mark)))
}
