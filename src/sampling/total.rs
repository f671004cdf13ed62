//! Sums that are the same to the bit whatever the order of their terms.

/// A sum of up to 2²⁰ numbers of `[0, 1]`, which no order or grouping of the additions changes.
///
/// Each term is cut into a multiple of 2⁻³³ and a rest, which is rounded to a multiple of 2⁻⁶⁶; the
/// sums of both kinds need no more than 53 bits, so that every addition is exact (J. Demmel and
/// H. D. Nguyen, "Fast reproducible floating-point summation", 2013). The error is at most 2⁻⁶⁷ a term.
/// Terms may be taken away again as exactly as they were added.
///
/// So what is in play can be summed as it lies in memory, in lanes, or from the sum of all less the
/// sum of the others, with one result.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Total {
    high: f64,
    low: f64,
}

/// Adding and subtracting 1.5·2⁵²·q rounds to a multiple of q.
const HIGH: f64 = 1.5 * (1_u64 << 19) as f64;
const LOW: f64 = 1.5 / (1_u64 << 14) as f64;

impl Total {
    #[inline]
    pub(crate) fn add(&mut self, term: f64) {
        let high = (term + HIGH) - HIGH;
        self.high += high;
        self.low += ((term - high) + LOW) - LOW;
    }

    /// This sum with all terms of another.
    #[must_use]
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            high: self.high + other.high,
            low: self.low + other.low,
        }
    }

    /// This sum without the terms of another, which must all be in it.
    #[must_use]
    pub(crate) fn minus(self, other: Self) -> Self {
        Self {
            high: self.high - other.high,
            low: self.low - other.low,
        }
    }

    pub(crate) fn value(self) -> f64 {
        self.high + self.low
    }
}

/// Running sums in [`Totals`], each of its own terms: a compiler makes vectors of a loop over them.
pub(crate) const LANES: usize = 256;

/// A [`Total`] in many running sums.
#[derive(Debug)]
pub(crate) struct Totals {
    high: [f64; LANES],
    low: [f64; LANES],
}

impl Totals {
    pub(crate) const ZERO: Self = Self {
        high: [0.0; LANES],
        low: [0.0; LANES],
    };

    /// Adds a term to one of the running sums, as [`Total::add`] does.
    #[inline(always)]
    pub(crate) fn add(&mut self, lane: usize, term: f64) {
        let high = (term + HIGH) - HIGH;
        self.high[lane] += high;
        self.low[lane] += ((term - high) + LOW) - LOW;
    }

    pub(crate) fn total(&self) -> Total {
        let pairs = self.high.iter().zip(&self.low);
        let lanes = pairs.map(|(&high, &low)| Total { high, low });
        lanes.fold(Total::default(), Total::plus)
    }
}

#[cfg(test)]
mod tests {
    use super::{LANES, Total, Totals};

    fn terms() -> Vec<f64> {
        let exponent = |i: u32| -f64::from(i.wrapping_mul(2_654_435_761) >> 16) / 2000.0;
        (0..100_000).map(|i| libm::exp(exponent(i))).collect()
    }

    fn sum<'a>(terms: impl IntoIterator<Item = &'a f64>) -> Total {
        let mut total = Total::default();
        terms.into_iter().for_each(|&term| total.add(term));
        total
    }

    #[test]
    fn no_order_and_no_grouping_changes_a_bit() {
        let terms = terms();
        let mut sorted = terms.clone();
        sorted.sort_by(f64::total_cmp);
        let plain: f64 = terms.iter().sum();
        let backwards: f64 = terms.iter().rev().sum();
        assert!(plain.to_bits() != backwards.to_bits(), "too easy");
        let whole = sum(&terms);
        assert_eq!(whole, sum(terms.iter().rev()));
        assert_eq!(whole, sum(&sorted));
        let mut lanes = Totals::ZERO;
        let places = (0..LANES).cycle().zip(&terms);
        places.for_each(|(lane, &term)| lanes.add(lane, term));
        assert_eq!(whole, lanes.total());
        let (few, many) = terms.split_at(777);
        assert_eq!(whole, sum(many).plus(sum(few)));
        assert_eq!(whole.minus(sum(many)), sum(few));
        assert_eq!(whole.minus(sum(few)), sum(many));
    }

    #[test]
    fn is_as_near_as_it_says() {
        let mut sorted = terms();
        sorted.sort_by(f64::total_cmp);
        let plain: f64 = sorted.iter().sum();
        assert!((sum(&sorted).value() - plain).abs() < 1e-15 * plain);
        let tiny = [1e-12; 1000];
        assert!((sum(&tiny).value() - 1e-9).abs() < 1e-17);
    }
}
