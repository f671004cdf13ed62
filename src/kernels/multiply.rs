//! Products of quantised matrices with one or more vectors of 8-bit activations.

use std::cell::RefCell;
use std::ops::Range;

use super::activation::Activations;
use super::ahead::Ahead;
use super::expanded::Expanded;
use super::formats::{Quant, Shape};
use super::layout::Chunk;
use super::passes::{ABREAST, passes};
use super::pool;
use super::quantized::{Kernel, Target};

/// So many vectors pass over one tile of bytes after another: to unpack it once for all of them pays, it
/// stays in the first-level cache meanwhile, and the next one is fetched. Others go over several tiles in
/// turn ([`ABREAST`]).
const MANY: usize = 4;

macro_rules! kernels {
    ($($name:ident $quant:ident $group:literal $min:literal $half:literal)*) => {
        $(
            struct $name;
            impl Kernel for $name {
                const SHAPE: Shape = Shape {
                    quant: Quant::$quant, group: $group, min: $min, half: $half,
                };
            }
        )*
        /// Products of matrices of one shape.
        fn multiply_alike(targets: &[Target<'_>], x: &Activations) {
            match targets[0].matrix.shape {
                $(shape if shape == $name::SHAPE => run::<$name>(targets, x),)*
                shape => unreachable!("no tensor type has the shape {shape:?}"),
            }
        }
    };
}

kernels! {
    Q4_0 SignedNibble 32 false true
    Q4_1 Nibble 32 true true
    Q5_0 SignedFive 32 false true
    Q5_1 Five 32 true true
    Q8_0 Byte 32 false true
    Q2K Nibble 16 true false
    Q3K SignedNibble 16 false false
    Q4K Nibble 32 true false
    Q5K Five 32 true false
    Q6K SignedSix 16 false false
}

/// `out[v][r] += Σ_c weight[r][c] · x[v][c]` for every vector of `x`, of each matrix. Matrices of one
/// shape, whose products are of one kind, are one job of the [`pool`].
pub(super) fn multiply(targets: &[Target<'_>], x: &Activations) {
    let kind = |target: &Target<'_>| (target.matrix.shape, target.matrix.dot);
    for alike in targets.chunk_by(|a, b| kind(a) == kind(b)) {
        multiply_alike(alike, x);
    }
}

fn run<K: Kernel>(targets: &[Target<'_>], x: &Activations) {
    let dot = targets[0].matrix.dot;
    let expand = dot.takes_bytes() && x.vectors() >= MANY;
    let passes = passes::<K>(x, dot, expand);
    let tiles = targets.iter().map(|target| target.matrix.tiles()).sum();
    let work = size_of_val(targets[0].matrix.tile_of::<K>(0)) * x.vectors();
    let together = if expand { 1 } else { ABREAST };
    pool::share(tiles, pool::worth(work).max(together), |part| {
        EXPANDED.with_borrow_mut(|expanded| {
            // Not a `for`: an iterator that is asked for one run after another takes longer.
            runs_of(targets, part, together).for_each(|(target, tiles)| {
                let mut next: &[Chunk] = &[];
                if expand {
                    expanded.fill::<K>(target.matrix.tile_of::<K>(tiles.start));
                    next = next_tile::<K>(target, tiles.end);
                }
                let mut ahead = Ahead::new(next);
                for pass in &passes {
                    pass.over(target, tiles.clone(), expanded, &mut ahead);
                }
            });
        });
    });
}

/// Tile `t`, if there is such a one.
fn next_tile<'a, K: Kernel>(target: &Target<'a>, t: usize) -> &'a [Chunk] {
    if t < target.matrix.tiles() {
        target.matrix.tile_of::<K>(t)
    } else {
        &[]
    }
}

thread_local! {
    /// Memory for the tile that a thread works on: some ten thousand bytes.
    static EXPANDED: RefCell<Expanded> = RefCell::default();
}

/// Runs of up to `length` tiles of one matrix, of some tiles of all matrices, counted from the first's first
/// to the last's last.
fn runs_of<'a>(
    targets: &'a [Target<'a>],
    part: Range<usize>,
    length: usize,
) -> impl Iterator<Item = (&'a Target<'a>, Range<usize>)> {
    let mut end = 0;
    targets.iter().flat_map(move |target| {
        let start = end;
        end += target.matrix.tiles();
        let last = part.end.min(end);
        let firsts = (part.start.max(start)..last).step_by(length);
        firsts.map(move |t| (target, t - start..last.min(t + length) - start))
    })
}
