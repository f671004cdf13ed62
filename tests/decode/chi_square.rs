//! Pearson's test: whether counts may come from a distribution.

/// The least expected count of a cell; smaller ones are put together.
const LEAST: f64 = 5.0;

/// Asserts that the counts of `n` independent draws fit the probabilities of their cells, at the
/// level 0.001. Draws and probability outside the given cells make one more cell.
///
/// The seeds of the callers are fixed, so that a test passes always or never.
pub(crate) fn assert_fits(cells: &[(usize, f64)], n: usize) {
    let total = n as f64;
    let (mut statistic, mut used) = (0.0, 0);
    let (mut rest_count, mut rest_mass) = (n, 1.0);
    for &(count, mass) in cells.iter().filter(|(_, mass)| mass * total >= LEAST) {
        statistic += (count as f64 - mass * total).powi(2) / (mass * total);
        used += 1;
        rest_count -= count;
        rest_mass -= mass;
    }
    if rest_mass * total >= LEAST {
        statistic += (rest_count as f64 - rest_mass * total).powi(2) / (rest_mass * total);
        used += 1;
    }
    assert!(used >= 3, "too few cells to say anything");
    let critical = critical(used - 1);
    assert!(
        statistic < critical,
        "χ² = {statistic} with {} degrees of freedom, critical is {critical}",
        used - 1
    );
}

/// The 0.999 quantile of χ² (E. B. Wilson and M. M. Hilferty 1931; within 3 % from 2 degrees on).
fn critical(degrees: usize) -> f64 {
    const NORMAL: f64 = 3.0902;
    let degrees = degrees as f64;
    let part = 2.0 / (9.0 * degrees);
    degrees * (1.0 - part + NORMAL * part.sqrt()).powi(3)
}

#[test]
fn the_quantile_is_that_of_tables() {
    for (degrees, table) in [(2, 13.816), (7, 24.322), (30, 59.703), (100, 149.449)] {
        assert!((critical(degrees) / table - 1.0).abs() < 0.03, "{degrees}");
    }
}

#[test]
fn the_test_tells_a_wrong_distribution() {
    assert_fits(&[(250, 0.25), (260, 0.25), (490, 0.5)], 1000);
    let wrong = [(250, 0.25), (350, 0.25), (400, 0.5)];
    assert!(std::panic::catch_unwind(|| assert_fits(&wrong, 1000)).is_err());
}
