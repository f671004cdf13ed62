//! Threads that share the work of a kernel.
//!
//! A kernel splits its work into parts which write to different places and read only what nobody
//! writes, so neither the number of threads nor which of them takes a part can change a bit of the
//! result. The thread that calls takes parts like any other. Each has a share of neighbouring parts,
//! which it takes in ascending order, so that memory is read in long streams; who is done with its own
//! takes the last of another's. While a model runs, one kernel follows another at once, and helpers
//! look out for work without rest ([`stay_awake`]); soon after they sleep, and cost next to nothing
//! until the next pass.
//!
//! Natively [`grow`] starts the helpers; in a browser each is a worker that calls [`help`] again and
//! again.

#![allow(
    unsafe_code,
    reason = "a job lends its borrows to other threads; see the comments"
)]

use std::cell::UnsafeCell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Parts of a job for each thread: enough that one which comes late is not waited for long.
const PARTS_PER_THREAD: usize = 32;

/// Threads that have a share of their own; more take of the others' only.
const SHARES: usize = 64;

/// Work that repays calling another thread, about a microsecond's, in bytes of weights times vectors.
const WORTH_SHARING: usize = 1 << 14;

/// What computing one number takes, beside a byte of weights.
pub(super) const NUMBER: usize = 8;

/// How many items of this much work each repay calling another thread, for [`share`].
pub(super) fn worth(item: usize) -> usize {
    WORTH_SHARING / item.max(1)
}

/// Looks out for work, where none is announced, before a helper goes to sleep: tens of microseconds.
const LOOKS: u32 = if cfg!(target_arch = "wasm32") {
    40_000
} else {
    2_000
};

/// How long a helper sleeps without work before it looks after other things.
const REST: Duration = Duration::from_millis(250);

type Work<'a> = dyn Fn(usize) + Sync + 'a;

/// What stands on a cache line of its own, so that who writes it disturbs nobody who reads something else.
#[repr(align(64))]
struct Line<T>(T);

/// The job that is under way, for helpers to join.
struct Pool {
    /// Number of the latest job: by it those who look for work see that there is some.
    job: AtomicU32,
    /// In how many shares it is.
    shares: AtomicU32,
    /// What is left of each share.
    left: [Line<Left>; SHARES],
    /// Parts of it that are done.
    done: Line<AtomicU32>,
    /// What to do for each part. Written while no part can be taken, read by who has taken one.
    work: UnsafeCell<Option<*const Work<'static>>>,
    /// A job is under way: whoever else has one does it alone.
    busy: Line<AtomicBool>,
    /// A helper broke off in a part.
    failed: AtomicBool,
    helpers: AtomicU32,
    /// Passes that are under way; see [`stay_awake`].
    passes: AtomicU32,
    sleepers: AtomicU32,
    bed: Mutex<()>,
    alarm: Condvar,
}

// SAFETY: `work` is written by the thread that holds `busy`, and only while all parts of the job
// before are done; it is read by threads that have taken a part, which the writer waits for.
unsafe impl Sync for Pool {}

static POOL: Pool = Pool {
    job: AtomicU32::new(0),
    shares: AtomicU32::new(0),
    left: [const { Line(Left(AtomicU64::new(0))) }; SHARES],
    done: Line(AtomicU32::new(0)),
    work: UnsafeCell::new(None),
    busy: Line(AtomicBool::new(false)),
    failed: AtomicBool::new(false),
    helpers: AtomicU32::new(0),
    passes: AtomicU32::new(0),
    sleepers: AtomicU32::new(0),
    bed: Mutex::new(()),
    alarm: Condvar::new(),
};

/// Parts `next..end` of a job, which nobody has taken: `job << 32 | next << 16 | end`. The job's number
/// keeps a thread that looked at an older job from taking a part of this one by mistake.
struct Left(AtomicU64);

/// Which part of a share is taken.
#[derive(Clone, Copy)]
enum End {
    First,
    Last,
}

impl Left {
    fn put(&self, job: u32, parts: Range<usize>) {
        let parts = (parts.start as u64) << 16 | parts.end as u64;
        self.0
            .store(u64::from(job) << 32 | parts, Ordering::Relaxed);
    }

    /// A part of this job, for the caller alone.
    fn take(&self, job: u32, which: End) -> Option<usize> {
        let mut left = self.0.load(Ordering::Acquire);
        loop {
            let (next, end) = ((left >> 16) as usize & 0xffff, left as usize & 0xffff);
            if (left >> 32) as u32 != job || next >= end {
                return None;
            }
            let (part, less) = match which {
                End::First => (next, left + (1 << 16)),
                End::Last => (end - 1, left - 1),
            };
            let swap =
                self.0
                    .compare_exchange_weak(left, less, Ordering::Acquire, Ordering::Acquire);
            match swap {
                Ok(_) => return Some(part),
                Err(now) => left = now,
            }
        }
    }
}

/// Threads that share the work, the caller included.
pub fn threads() -> usize {
    1 + POOL.helpers.load(Ordering::Relaxed) as usize
}

/// Starts helpers until `threads` threads share the work, the caller included. Those that run
/// already stay.
///
/// # Errors
/// If the system gives no more threads; those that were started stay.
#[cfg(not(target_arch = "wasm32"))]
pub fn grow(threads: usize) -> std::io::Result<()> {
    static GROWING: Mutex<()> = Mutex::new(());
    let _alone = GROWING.lock().unwrap_or_else(PoisonError::into_inner);
    while self::threads() < threads {
        let own = self::threads();
        std::thread::Builder::new()
            .name("tokenscope-helper".to_owned())
            .spawn(move || {
                loop {
                    POOL.help(own);
                }
            })?;
        POOL.helpers.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Makes this thread a helper, until there has been nothing to do for a while ([`REST`]). Whoever runs
/// it then calls this again: a worker can be ended at once only between two calls, and the memory that
/// it shares lives as long as it.
pub fn help() {
    thread_local! {
        /// Which of the threads this is.
        static OWN: usize = 1 + POOL.helpers.fetch_add(1, Ordering::Relaxed) as usize;
    }
    OWN.with(|own| POOL.help(*own));
}

/// Announces one job after another, until what it returns is dropped: helpers then look out for them
/// without rest. To wake one takes longer than many a job.
pub fn stay_awake() -> impl Drop {
    struct Pass;
    impl Drop for Pass {
        fn drop(&mut self) {
            POOL.passes.fetch_sub(1, Ordering::Relaxed);
        }
    }
    POOL.passes.fetch_add(1, Ordering::SeqCst);
    POOL.wake();
    Pass
}

/// Where a helper that broke off says so, since it can no longer be called: anything but zero at
/// this address makes the job that waits for it fail instead of waiting for ever.
pub fn failure_flag() -> *const u8 {
    POOL.failed.as_ptr().cast()
}

/// Calls `work` with ranges that make up `0..count`, each of at least `least` items but the last,
/// on all threads. It may be called from several threads at once and from within itself: the later
/// caller then works alone.
pub fn share(count: usize, least: usize, work: impl Fn(Range<usize>) + Sync) {
    let threads = threads();
    let parts = usize::min(threads * PARTS_PER_THREAD, count / least.max(1));
    if threads == 1 || parts < 2 || POOL.busy.0.swap(true, Ordering::Acquire) {
        return work(0..count);
    }
    let parts = parts.min(usize::from(u16::MAX));
    // Lengths differ by one at most.
    let start = |part: usize| part * (count / parts) + part.min(count % parts);
    POOL.run(parts as u16, &|part| work(start(part)..start(part + 1)));
}

impl Pool {
    /// Does a job; the caller has set `busy`.
    fn run(&self, parts: u16, work: &Work<'_>) {
        /// Waits for the others, even if the caller's own part panics: they use what it lent.
        struct Wait<'a>(&'a Pool, u32);
        impl Drop for Wait<'_> {
            fn drop(&mut self) {
                self.0.wait(self.1);
                self.0.busy.0.store(false, Ordering::Release);
            }
        }
        // SAFETY: only the lifetime changes; `Wait` keeps this frame until every part is done.
        let lent = unsafe { std::mem::transmute::<*const Work<'_>, *const Work<'static>>(work) };
        // SAFETY: `busy` is ours, and no part can be taken before the job's number is out.
        unsafe { *self.work.get() = Some(lent) };
        self.failed.store(false, Ordering::Relaxed);
        self.done.0.store(0, Ordering::Relaxed);
        let job = self.job.load(Ordering::Relaxed).wrapping_add(1);
        let shares = usize::min(threads(), SHARES);
        let start = |share: usize| share * usize::from(parts) / shares;
        for (share, left) in self.left[..shares].iter().enumerate() {
            left.0.put(job, start(share)..start(share + 1));
        }
        self.shares.store(shares as u32, Ordering::Relaxed);
        let waiting = Wait(self, u32::from(parts));
        self.job.store(job, Ordering::SeqCst);
        self.wake();
        self.take_parts(job, 0);
        drop(waiting);
        let failed = self.failed.load(Ordering::Relaxed);
        assert!(!failed, "a helper broke off in its part of a kernel");
    }

    /// Wakes helpers that sleep, after what they are to wake for.
    fn wake(&self) {
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            let _bed = self.bed.lock().unwrap_or_else(PoisonError::into_inner);
            self.alarm.notify_all();
        }
    }

    fn wait(&self, parts: u32) {
        while self.done.0.load(Ordering::Acquire) < parts && !self.has_died() {
            std::hint::spin_loop();
        }
    }

    /// Whether a helper is gone with its part undone. Natively a panic is caught, and its part
    /// counts as done.
    fn has_died(&self) -> bool {
        cfg!(target_arch = "wasm32") && self.failed.load(Ordering::Relaxed)
    }

    /// Takes parts of a job until none is left, first those of its own share.
    fn take_parts(&self, job: u32, own: usize) {
        /// A part is over, one way or the other.
        struct Part<'a>(&'a Pool);
        impl Drop for Part<'_> {
            fn drop(&mut self) {
                if std::thread::panicking() {
                    self.0.failed.store(true, Ordering::Relaxed);
                }
                self.0.done.0.fetch_add(1, Ordering::Release);
            }
        }
        while let Some(index) = self.take(job, own) {
            let _part = Part(self);
            // SAFETY: a part is taken and not yet done, so the job's owner waits, and `work` is
            // what it lent.
            if let Some(work) = unsafe { *self.work.get() } {
                // SAFETY: as above.
                unsafe { (*work)(index) };
            }
        }
    }

    /// The next part of a job, for the caller alone.
    fn take(&self, job: u32, own: usize) -> Option<usize> {
        let shares = self.shares.load(Ordering::Relaxed) as usize;
        let mine = self.left[..shares].get(own);
        let mine = mine.and_then(|left| left.0.take(job, End::First));
        let mut others = (own + 1..own + shares).map(|share| &self.left[share % shares]);
        mine.or_else(|| others.find_map(|left| left.0.take(job, End::Last)))
    }

    /// Takes parts of one job after another, until none has come for a while.
    fn help(&self, own: usize) {
        let mut done = 0;
        while let Some(job) = self.look_out(done) {
            done = job;
            let work = || catch_unwind(AssertUnwindSafe(|| self.take_parts(job, own)));
            // A panic is told to the job's owner. The helper lives on, and goes on: the owner, whose
            // own part may have failed, waits for every part.
            while work().is_err() {}
        }
    }

    /// Returns the number of the latest job, once it is another than `done`: awake for a while and as
    /// long as jobs are announced, then asleep. `None` after a [`REST`] without any.
    fn look_out(&self, done: u32) -> Option<u32> {
        let (latest, announced) = (
            || self.job.load(Ordering::SeqCst),
            || self.passes.load(Ordering::SeqCst) > 0,
        );
        let mut looks = 0;
        while latest() == done {
            if looks < LOOKS || announced() {
                looks = looks.saturating_add(1);
                std::hint::spin_loop();
            } else if self.rest_while(|| latest() == done && !announced()) {
                return None;
            }
        }
        Some(latest())
    }

    /// Sleeps until it is woken, or returns true after a [`REST`].
    fn rest_while(&self, idle: impl Fn() -> bool) -> bool {
        let bed = self.bed.lock().unwrap_or_else(PoisonError::into_inner);
        // Before the last look, so that who brings work after it sees a sleeper.
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        let rested = idle() && {
            let slept = self.alarm.wait_timeout(bed, REST);
            let (_bed, slept) = slept.unwrap_or_else(PoisonError::into_inner);
            slept.timed_out() && idle()
        };
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
        rested
    }
}
