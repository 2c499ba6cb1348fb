//! Quantiles of the normal distribution.

/// Returns the number that a standard normal variable stays below with probability `p`.
///
/// Acklam's approximation: the relative error is below 1.2e-9. Beyond 0 and 1 it is infinite.
#[must_use]
pub fn quantile(p: f64) -> f64 {
    /// Where the tails begin.
    const TAIL: f64 = 0.024_25;
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    if p < TAIL {
        return tail((-2.0 * p.ln()).sqrt());
    }
    if p > 1.0 - TAIL {
        return -tail((-2.0 * (1.0 - p).ln()).sqrt());
    }
    let q = p - 0.5;
    let r = q * q;
    let above = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    let below = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
        1.0,
    ];
    q * polynomial(&above, r) / polynomial(&below, r)
}

fn tail(q: f64) -> f64 {
    let above = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    let below = [7.784_695_709_041_462e-3, 3.224_671_290_700_398e-1, 2.445_134_137_142_996, 3.754_408_661_907_416, 1.0];
    polynomial(&above, q) / polynomial(&below, q)
}

/// The highest power's factor comes first.
fn polynomial(factors: &[f64], x: f64) -> f64 {
    factors.iter().fold(0.0, |sum, factor| sum * x + factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        let cases =
            [(0.5, 0.0), (0.975, 1.959_963_985), (0.95, 1.644_853_627), (0.8, 0.841_621_234), (0.001, -3.090_232_306)];

        for (p, expected) in cases {
            assert!((quantile(p) - expected).abs() < 1e-6, "{p}: {}", quantile(p));
        }
        assert_eq!((quantile(0.0), quantile(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
    }
}
