//! The pool of threads: every part is done once, whatever happens in it, and no bit of a result
//! depends on how many threads there are.
#![cfg(not(target_arch = "wasm32"))]

#[path = "common/random.rs"]
mod random;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use random::Random;
use tokenscope::kernels::activation::Activations;
use tokenscope::kernels::attention::{PAGE, Sequence, Shape, attend};
use tokenscope::kernels::formats::TensorType;
use tokenscope::kernels::instruction::Dot;
use tokenscope::kernels::matrix::{Matrix, Packer};
use tokenscope::kernels::rotary::{Angles, Layout};
use tokenscope::kernels::{gated, math, norm, pool, scatter};

const THREADS: usize = 4;

/// The process has one pool, with its helpers: whoever else had a job meanwhile would do it alone.
fn pool_alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    pool::grow(THREADS).expect("threads");
    alone
}

/// Every kernel at sizes that are shared, one after another.
#[test]
fn results_are_the_same_bits_on_any_number_of_threads() {
    let _alone = pool_alone();
    // Within a job, jobs are done alone.
    let alone = Mutex::new(Vec::new());
    pool::share(2, 1, |part| {
        if part.start == 0 {
            *alone.lock().unwrap() = results();
        }
    });
    let alone = alone.into_inner().unwrap();
    for _ in 0..20 {
        assert!(results() == alone, "bits differ");
    }
}

fn results() -> Vec<Vec<u32>> {
    let mut random = Random(11);
    let mut all = Vec::new();
    for kind in [
        TensorType::Q4_1,
        TensorType::Q6_K,
        TensorType::Q8_0,
        TensorType::F16,
    ] {
        let matrix = matrix(&mut random, kind, 331, 512);
        for vectors in [1, 2, 7, 33] {
            all.push(matrix.matmul(&random.normals(vectors * 512)));
        }
    }
    for sequences in SEQUENCES {
        all.push(attention(sequences).0);
    }
    let rows = random.normals(100 * 576);
    let activations = Activations::quantize(&rows, 576, true);
    all.push(activations.quants.iter().map(|&q| f32::from(q)).collect());
    all.push(activations.scales);
    let rows = norm::rms_norm(&rows, &random.normals(576), 1e-5);
    let angles = Angles::new(&[1.0, 0.5, 0.25], 7..107);
    let first = |head: &mut [f32]| norm::normalise(head, &[0.5; 64], 1e-5);
    let rows = angles.rotated(&rows, [9, 64], Layout::Halves, first);
    let up = random.normals(100 * 576);
    all.push(gated::gate(&rows, &up, math::silu));
    all.push(rows);
    all.iter()
        .map(|values| values.iter().map(|x| x.to_bits()).collect())
        .collect()
}

fn matrix(random: &mut Random, kind: TensorType, rows: usize, cols: usize) -> Matrix {
    let mut packer = Packer::new(kind, Dot::of_host(), rows, cols, true).expect("memory");
    let mut left = rows;
    while left > 0 {
        let bytes = packer.next_rows() * packer.row_bytes();
        left -= packer.next_rows();
        // The exponents of any bytes would make sums that are no numbers.
        let raw: Vec<u8> = (0..bytes).map(|_| random.next() as u8 & 0x3b).collect();
        packer.push(&raw).expect("memory");
    }
    packer.finish().expect("all rows")
}

/// Start and number of queries of sequences that are attended to together.
const SEQUENCES: [&[(usize, usize)]; 4] = [
    &[(150, 1)],
    &[(1500, 1)],
    &[(150, 50)],
    &[(150, 1), (0, 40), (3, 1), (200, 2), (64, 1)],
];

/// Attention of sequences together, and of each alone.
fn attention(sequences: &[(usize, usize)]) -> (Vec<f32>, Vec<f32>) {
    let shape = Shape {
        heads: 9,
        kv_heads: 3,
        dim: 64,
        scale: 0.125,
        window: None,
    };
    let mut random = Random(7);
    let vectors = sequences.iter().map(|&(start, count)| {
        let pages = (start + count).div_ceil(PAGE);
        let mut pages =
            || -> Vec<Vec<f32>> { (0..pages).map(|_| random.normals(3 * PAGE * 64)).collect() };
        let (keys, values) = (pages(), pages());
        (random.normals(count * 9 * 64), keys, values)
    });
    let vectors: Vec<_> = vectors.collect();
    let sequences = sequences.iter().zip(&vectors);
    let sequences = sequences.map(|(&(start, _), (queries, keys, values))| Sequence {
        queries,
        start,
        keys: keys.iter().map(Vec::as_slice).collect(),
        values: values.iter().map(Vec::as_slice).collect(),
    });
    let sequences: Vec<Sequence<'_, &[f32], &[f32]>> = sequences.collect();
    let alone = sequences.chunks(1).flat_map(|one| attend(shape, one));
    (attend(shape, &sequences), alone.collect())
}

#[test]
fn sequences_are_attended_to_as_if_alone() {
    let _alone = pool_alone();
    for sequences in SEQUENCES {
        let (together, alone) = attention(sequences);
        assert_eq!(together, alone, "{sequences:?}");
    }
}

#[test]
fn every_item_is_worked_on_once() {
    let _alone = pool_alone();
    for count in (0..50).chain([1000, 100_000]) {
        for least in [0, 1, 3, 64, 5000] {
            let mut seen = vec![0_u8; count];
            scatter::share_rows(&mut seen, 1, least, |_, run| {
                assert!(
                    run.len() >= least.min(count),
                    "a run is shorter than it may be"
                );
                run.iter_mut().for_each(|seen| *seen += 1);
            });
            assert!(
                seen.iter().all(|&seen| seen == 1),
                "{count} items, {least} at least"
            );
        }
    }
}

#[test]
fn what_is_made_of_items_stands_in_their_order() {
    let _alone = pool_alone();
    for count in [0, 1, 2, 17, 1000] {
        let items: Vec<usize> = (0..count).collect();
        let made = scatter::map(&items, |item| item.to_string());
        let wanted: Vec<String> = items.iter().map(usize::to_string).collect();
        assert_eq!(made, wanted);
    }
}

#[test]
fn jobs_may_come_from_many_threads_and_from_within_jobs() {
    let _alone = pool_alone();
    let total = AtomicUsize::new(0);
    let job = || {
        pool::share(100, 1, |outer| {
            for _ in outer {
                pool::share(10, 1, |inner| {
                    total.fetch_add(inner.len(), Ordering::Relaxed);
                });
            }
        });
    };
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..50).for_each(|_| job()));
        }
    });
    assert_eq!(total.into_inner(), 8 * 50 * 1000);
}

#[test]
fn helpers_that_slept_wake_up() {
    let _alone = pool_alone();
    let rest = || std::thread::sleep(std::time::Duration::from_millis(5));
    rest();
    assert!(everyone_comes(), "some helper never woke up");
    let announced = pool::stay_awake();
    rest();
    assert!(everyone_comes(), "some helper fell asleep for good");
    drop(announced);
    rest();
    assert!(everyone_comes(), "some helper did not wake up again");
}

/// Whether each thread takes parts of one of some jobs.
fn everyone_comes() -> bool {
    (0..20).any(|_| {
        let threads = Mutex::new(std::collections::HashSet::new());
        // Parts long enough for every helper to come.
        pool::share(64, 1, |_| {
            std::thread::sleep(std::time::Duration::from_millis(1));
            threads.lock().unwrap().insert(std::thread::current().id());
        });
        threads.into_inner().unwrap().len() == THREADS
    })
}

#[test]
fn a_helper_leaves_when_it_has_nothing_to_do_and_may_come_back() {
    let _alone = pool_alone();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for _ in 0..2 {
            pool::help();
            tell.send(pool::threads()).expect("the test waits");
        }
    });
    let patience = std::time::Duration::from_secs(60);
    for _ in 0..2 {
        let threads = told.recv_timeout(patience).expect("the helper is back");
        assert_eq!(threads, THREADS + 1, "it counts once");
    }
    // It is counted, but does not come: the others do its share.
    let total = AtomicUsize::new(0);
    pool::share(64, 1, |run| {
        total.fetch_add(run.len(), Ordering::Relaxed);
    });
    assert_eq!(total.into_inner(), 64);
}

#[test]
fn a_panic_in_a_part_reaches_the_caller_and_the_pool_goes_on() {
    let _alone = pool_alone();
    for bad in [0, 13, 63] {
        let broken = catch_unwind(AssertUnwindSafe(|| {
            pool::share(64, 1, |run| assert!(!run.contains(&bad), "on purpose"));
        }));
        assert!(broken.is_err());
        // Nobody is left who did not break off.
        let broken = catch_unwind(AssertUnwindSafe(|| {
            pool::share(64, 1, |_| panic!("on purpose"));
        }));
        assert!(broken.is_err());
        let total = AtomicUsize::new(0);
        pool::share(64, 1, |run| {
            total.fetch_add(run.len(), Ordering::Relaxed);
        });
        assert_eq!(total.into_inner(), 64);
    }
}
