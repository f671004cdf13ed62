//! A slice that several threads fill.

#![allow(unsafe_code, reason = "threads write to one slice; see the comments")]

use std::marker::PhantomData;
use std::ops::Range;

use super::pool;

/// A slice of which each thread writes its own places.
pub(super) struct Scatter<'a, T> {
    start: *mut T,
    len: usize,
    lent: PhantomData<&'a mut [T]>,
}

// SAFETY: it only lends what `part` promises to lend once.
unsafe impl<T: Send> Sync for Scatter<'_, T> {}

impl<'a, T> Scatter<'a, T> {
    pub(super) const fn new(slice: &'a mut [T]) -> Self {
        Self {
            start: slice.as_mut_ptr(),
            len: slice.len(),
            lent: PhantomData,
        }
    }

    /// Some places of the slice.
    ///
    /// # Safety
    /// No two parts that are held at once may overlap.
    #[allow(clippy::mut_from_ref, reason = "the caller keeps parts apart")]
    pub(super) unsafe fn part(&self, range: Range<usize>) -> &mut [T] {
        assert!(range.start <= range.end && range.end <= self.len);
        // SAFETY: within the slice, which is borrowed for as long as this lives.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }
}

/// Calls `work` for runs of rows `[rows][width]` of a slice, on all threads of the
/// [`pool`]: with the number of the first, and the rows. A run has at least `least` rows.
pub fn share_rows<T: Send>(
    rows: &mut [T],
    width: usize,
    least: usize,
    work: impl Fn(usize, &mut [T]) + Sync,
) {
    let count = rows.len() / width;
    let rows = Scatter::new(rows);
    pool::share(count, least, |run| {
        // SAFETY: runs do not overlap.
        work(run.start, unsafe {
            rows.part(run.start * width..run.end * width)
        });
    });
}

/// A copy of rows `[rows][width]`, on which `work` is done as in [`share_rows`]: each thread copies those it
/// works on.
pub fn copy_rows<T: Copy + Send + Sync>(
    rows: &[T],
    width: usize,
    least: usize,
    work: impl Fn(usize, &mut [T]) + Sync,
) -> Vec<T> {
    let mut copy = Vec::with_capacity(rows.len());
    let places = &mut copy.spare_capacity_mut()[..rows.len()];
    share_rows(places, width, least, |first, places| {
        let rows = &rows[first * width..][..places.len()];
        work(first, places.write_copy_of_slice(rows));
    });
    // SAFETY: all rows have been copied, or this were not reached.
    unsafe { copy.set_len(rows.len() / width * width) };
    copy
}

/// What `work` makes of each item, in their order, on all threads.
pub fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if let [item] = items {
        return vec![work(item)];
    }
    let mut made: Vec<Option<R>> = items.iter().map(|_| None).collect();
    share_rows(&mut made, 1, 1, |first, places| {
        let items = &items[first..];
        places
            .iter_mut()
            .zip(items)
            .for_each(|(place, item)| *place = Some(work(item)));
    });
    made.into_iter().flatten().collect()
}
