//! Makes a plan that fails shorter, as long as it fails.

use crate::plan::Act;
use crate::simulation::{Failed, run};

/// Runs that shrinking may take.
const MAX_RUNS: usize = 120;

/// Leaves out steps, many at first, then single ones; then faults around acts.
pub(crate) fn shrink(plan: &[Act], failed: &Failed) -> (Vec<Act>, Failed) {
    let mut best = (plan[..plan.len().min(failed.step + 1)].to_vec(), failed.clone());
    let mut runs = 0;
    if let Err(again) = run(&best.0) {
        best.1 = again;
    } else {
        best.0 = plan.to_vec();
    }
    let mut chunk = best.0.len() / 2;
    while chunk > 0 && runs < MAX_RUNS {
        let mut at = 0;
        while at < best.0.len() && runs < MAX_RUNS {
            let mut shorter = best.0.clone();
            shorter.drain(at..best.0.len().min(at + chunk));
            runs += 1;
            match run(&shorter) {
                Err(failed) => best = (shorter, failed),
                Ok(_) => at += chunk,
            }
        }
        chunk /= 2;
    }
    best
}
