//! How far a knob can move before a step's choice changes.

use super::knobs::{Kind, Knobs, spec};
use super::probe::Probe;
use super::ranked::RankedLogits;
use super::stage::Context;

/// The interval of values of one knob, around its present one and within its range, in which the
/// token that `u` draws stays the same, the other knobs held; both ends belong to it.
///
/// `None` for knobs that are no numbers, or that shape no distribution. The ends are exact: the choice
/// is this one at the end itself, and another one at the next value beyond (the next `f64`, or the next
/// whole number), unless the range ends there. Between present value and end the choice is the same
/// wherever it changes at most once on the way, as it does for temperature, top-k, top-p and min-p over
/// ranks that no penalty has changed. Otherwise (typical sampling, say) a choice that changes and changes
/// back again within an eighth of the way, on a scale of ratios, can be overlooked.
#[must_use]
pub fn interval(
    knobs: &Knobs,
    key: &str,
    logits: &RankedLogits,
    context: &Context<'_>,
    u: f64,
) -> Option<(f64, f64)> {
    let spec = spec(key).filter(|spec| spec.stage.is_some())?;
    let whole = match spec.kind {
        Kind::Integer => true,
        Kind::Number => false,
        _ => return None,
    };
    let (min, max) = (spec.min?, spec.max?);
    let mut probe = Probe::new(knobs, spec, logits, context, u)?;
    if !probe.reacts() {
        return Some((min, max));
    }
    let line = Line { whole };
    let start = probe.present();
    // More than all tokens is as many as all.
    let most = if key == "topK" {
        f64::min(max, logits.len() as f64).max(start)
    } else {
        max
    };
    let low = end(&mut probe, line, start, min);
    let high = end(&mut probe, line, start, most);
    #[expect(clippy::float_cmp, reason = "the limit itself, not a value near it")]
    let high = if high == most { max } else { high };
    Some((low, high))
}

/// The values of a knob in their order: whole numbers, or all `f64` that are not negative or above
/// another that is.
#[derive(Clone, Copy)]
struct Line {
    whole: bool,
}

impl Line {
    /// The place of a value on the line: neighbours are one apart.
    fn place(self, value: f64) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "whole, and at most 2^53")]
        if self.whole {
            return value as i64;
        }
        let bits = (value + 0.0).to_bits().cast_signed();
        if bits < 0 { i64::MIN - bits } else { bits }
    }

    fn value(self, place: i64) -> f64 {
        if self.whole {
            return place as f64;
        }
        let bits = if place < 0 { i64::MIN - place } else { place };
        f64::from_bits(bits.cast_unsigned())
    }
}

/// The last value on the way from `start` to `limit` at which the choice is that of `start`.
fn end(probe: &mut Probe<'_>, line: Line, start: f64, limit: f64) -> f64 {
    let (mut same, mut other) = (start, None);
    for next in ladder(line, start, limit) {
        if probe.same(next) {
            same = next;
        } else {
            other = Some(next);
            break;
        }
    }
    let Some(other) = other else { return limit };
    let (mut same, mut other) = if line.whole {
        (same, other)
    } else {
        approach(probe, same, other)
    };
    while line.place(same).abs_diff(line.place(other)) > 1 {
        let (a, b) = (line.place(same), line.place(other));
        let middle = line.value(a + (b - a) / 2);
        if probe.same(middle) {
            same = middle;
        } else {
            other = middle;
        }
    }
    same
}

/// The rungs between a value and a limit.
const RUNGS: i32 = 8;

/// Values on the way to the limit: the neighbour, some by their ratios, the limit's neighbour, the limit.
fn ladder(line: Line, start: f64, limit: f64) -> Vec<f64> {
    let (from, to) = (line.place(start), line.place(limit));
    let step = (to - from).signum();
    // Ratios of distances from zero, with a floor where that is not a ratio any more.
    let floor = if line.whole { 1.0 } else { 1e-4 };
    let sign = |value: f64| if value < 0.0 { -1.0 } else { 1.0 };
    let squeeze = |value: f64| sign(value) * libm::log1p(value.abs() / floor);
    let stretch = |value: f64| sign(value) * libm::expm1(value.abs()) * floor;
    let (a, b) = (squeeze(start), squeeze(limit));
    let rung = |index: i32| stretch(a + (b - a) * f64::from(index) / f64::from(RUNGS));
    let mut places = vec![from + step];
    places.extend((1..RUNGS).map(|index| line.place(rung(index))));
    places.extend([to - step, to]);
    let mut last = from;
    places.retain(|&place| {
        let onward = (place - last).signum() == step && (to - place).signum() != -step;
        if onward {
            last = place;
        }
        onward
    });
    places.into_iter().map(|place| line.value(place)).collect()
}

/// How many steps an approach may take before halving does the rest.
const APPROACHES: u32 = 14;

/// Narrows a bracket around the value at which `u` leaves the token's interval, by inverse quadratic
/// interpolation where that is safe (T. R. Chandrupatla, "A new hybrid quadratic/bisection algorithm",
/// 1997): a temperature moves that boundary smoothly, and a chain over a whole vocabulary is dear.
fn approach(probe: &mut Probe<'_>, same: f64, other: f64) -> (f64, f64) {
    let side = probe.side(other);
    let (mut a, mut b) = (same, other);
    let (mut fa, mut fb) = (probe.distance(a, side), probe.distance(b, side));
    let mut share: f64 = 0.5;
    for _ in 0..APPROACHES {
        let x = a + share * (b - a);
        let fx = probe.distance(x, side);
        let crossed = (fx > 0.0) != (fa > 0.0);
        let (c, fc) = if crossed { (b, fb) } else { (a, fa) };
        if crossed {
            (b, fb) = (a, fa);
        }
        (a, fa) = (x, fx);
        let least = 2.0 * f64::EPSILON * a.abs() / (b - a).abs();
        if least.is_nan() || least >= 0.5 {
            break;
        }
        share = if is_smooth([a, b, c], [fa, fb, fc]) {
            fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        } else {
            0.5
        };
        share = share.clamp(least, 1.0 - least);
    }
    if fa > 0.0 { (a, b) } else { (b, a) }
}

/// Whether the parabola through three points, sideways, may be trusted between the first two.
fn is_smooth([a, b, c]: [f64; 3], [fa, fb, fc]: [f64; 3]) -> bool {
    let (xi, phi) = ((a - b) / (c - b), (fa - fb) / (fc - fb));
    phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi
}
