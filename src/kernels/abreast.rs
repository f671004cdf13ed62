//! Iterators that go abreast.

/// Pairs of what two iterators give, like `zip`.
///
/// A `zip` of slices counts an index, from which a loop computes each address anew: in the innermost loops
/// that is a quarter of the instructions. Here each side moves a pointer of its own.
#[inline(always)]
pub(super) fn abreast<A: IntoIterator, B: IntoIterator>(
    left: A,
    right: B,
) -> impl Iterator<Item = (A::Item, B::Item)> {
    let mut right = right.into_iter();
    left.into_iter()
        .map_while(move |left| right.next().map(|right| (left, right)))
}
