//! Where the products of a matrix go.

#![allow(unsafe_code, reason = "threads write to one slice")]

use std::mem::MaybeUninit;
use std::ops::Range;

use super::lanes::F32x4;
use super::scatter::Scatter;

/// Places `[vectors][rows]`.
pub(super) enum Out<'a> {
    /// Products are added to what stands there.
    Added(Scatter<'a, f32>),
    /// Nothing stands there yet. To clear it first would be one thread's work, and the others would have to
    /// fetch from its cache what it cleared.
    Written(Scatter<'a, MaybeUninit<f32>>),
}

impl Out<'_> {
    /// Puts products at neighbouring places; of the last four, those for which there are places.
    ///
    /// # Safety
    /// No two threads may put something at one place.
    #[inline(always)]
    pub(super) unsafe fn put<const N: usize>(&self, places: Range<usize>, products: &[F32x4; N]) {
        match self {
            // SAFETY: the caller keeps places apart.
            Self::Added(all) => put(unsafe { all.part(places) }, products),
            // SAFETY: as above.
            Self::Written(all) => put(unsafe { all.part(places) }, products),
        }
    }
}

/// The place of one product.
trait Place: Sized {
    fn put(&mut self, product: f32);
    fn put_four(places: &mut [Self; 4], products: F32x4);
}

impl Place for f32 {
    fn put(&mut self, product: f32) {
        *self += product;
    }

    #[inline(always)]
    fn put_four(places: &mut [Self; 4], products: F32x4) {
        (F32x4::load(places) + products).store(places);
    }
}

impl Place for MaybeUninit<f32> {
    fn put(&mut self, product: f32) {
        self.write(product);
    }

    #[inline(always)]
    fn put_four(places: &mut [Self; 4], products: F32x4) {
        let mut lanes = [0.0; 4];
        products.store(&mut lanes);
        *places = lanes.map(Self::new);
    }
}

#[inline(always)]
fn put<P: Place, const N: usize>(places: &mut [P], products: &[F32x4; N]) {
    let (fours, rest) = places.as_chunks_mut::<4>();
    if let Some(last) = products.get(fours.len()) {
        put_some(rest, *last);
    }
    for (four, products) in fours.iter_mut().zip(products) {
        P::put_four(four, *products);
    }
}

#[cold]
fn put_some<P: Place>(places: &mut [P], products: F32x4) {
    let mut lanes = [0.0; 4];
    products.store(&mut lanes);
    places
        .iter_mut()
        .zip(lanes)
        .for_each(|(place, product)| place.put(product));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Puts eight products at the places `1..1 + count` of ten.
    fn put_eight(out: &Out<'_>, count: usize) {
        let products = [0, 4].map(|first| F32x4::load(&[1, 2, 3, 4].map(|i| (first + i) as f32)));
        // SAFETY: there is one thread.
        unsafe { out.put(1..1 + count, &products) };
    }

    #[test]
    fn products_go_where_there_are_places_and_nowhere_else() {
        for count in 0..=8 {
            let product = |place: usize| {
                if (1..=count).contains(&place) {
                    place as f32
                } else {
                    0.0
                }
            };
            let mut added = [100.0; 10];
            put_eight(&Out::Added(Scatter::new(&mut added)), count);
            assert_eq!(added, std::array::from_fn(|place| 100.0 + product(place)));

            let mut written = [MaybeUninit::new(-1.0); 10];
            put_eight(&Out::Written(Scatter::new(&mut written)), count);
            // SAFETY: each had a number from the start.
            let written = written.map(|number| unsafe { number.assume_init() });
            let kept = |place: usize| {
                if (1..=count).contains(&place) {
                    product(place)
                } else {
                    -1.0
                }
            };
            assert_eq!(written, std::array::from_fn(kept));
        }
    }
}
