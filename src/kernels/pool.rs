//! Threads that share the work of a kernel.
//!
//! A kernel splits its work into parts which write to different places and read only what nobody
//! writes, so neither the number of threads nor which of them takes a part can change a bit of the
//! result. The thread that calls takes parts like any other. Helpers look out for work for some
//! microseconds after their last part, since one kernel follows another at once while the model
//! runs; then they sleep, and cost nothing until the next pass.
//!
//! Natively [`grow`] starts the helpers; in a browser each is a worker that calls [`help`].

#![allow(
    unsafe_code,
    reason = "a job lends its borrows to other threads; see the comments"
)]

use std::cell::UnsafeCell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// Parts of a job for each thread: enough that one which comes late is not waited for long.
const PARTS_PER_THREAD: usize = 4;

/// Work that repays calling another thread, some microseconds' worth: numbers of a vector that are
/// read and written, or bytes of weights times vectors.
const WORTH_SHARING: usize = 1 << 14;

/// How many items of this much work each repay calling another thread, for [`share`].
pub(super) fn worth(item: usize) -> usize {
    WORTH_SHARING / item.max(1)
}

/// Looks at the ticket before a helper goes to sleep: tens of microseconds.
const LOOKS: u32 = if cfg!(target_arch = "wasm32") {
    40_000
} else {
    2_000
};

type Work<'a> = dyn Fn(usize) + Sync + 'a;

/// The job that is under way, for helpers to join.
struct Pool {
    /// Of the latest job: its number, its parts, and how many of them are taken; see [`Ticket`].
    ticket: AtomicU64,
    /// Parts of it that are done.
    done: AtomicU32,
    /// What to do for each part. Written while no part can be taken, read by who has taken one.
    work: UnsafeCell<Option<*const Work<'static>>>,
    /// A job is under way: whoever else has one does it alone.
    busy: AtomicBool,
    /// A helper broke off in a part.
    failed: AtomicBool,
    helpers: AtomicU32,
    sleepers: AtomicU32,
    bed: Mutex<()>,
    wake: Condvar,
}

// SAFETY: `work` is written by the thread that holds `busy`, and only while all parts of the job
// before are done; it is read by threads that have taken a part, which the writer waits for.
unsafe impl Sync for Pool {}

static POOL: Pool = Pool {
    ticket: AtomicU64::new(0),
    done: AtomicU32::new(0),
    work: UnsafeCell::new(None),
    busy: AtomicBool::new(false),
    failed: AtomicBool::new(false),
    helpers: AtomicU32::new(0),
    sleepers: AtomicU32::new(0),
    bed: Mutex::new(()),
    wake: Condvar::new(),
};

/// `number << 32 | parts << 16 | taken`. The number keeps a thread that looked at an older job
/// from taking a part of this one by mistake.
#[derive(Clone, Copy)]
struct Ticket(u64);

impl Ticket {
    const fn parts(self) -> usize {
        (self.0 >> 16) as usize & 0xffff
    }

    const fn taken(self) -> usize {
        self.0 as usize & 0xffff
    }

    const fn is_open(self) -> bool {
        self.taken() < self.parts()
    }

    /// The next job's, of so many parts.
    const fn next(self, parts: u16) -> Self {
        let number = (self.0 >> 32).wrapping_add(1);
        Self(number << 32 | (parts as u64) << 16)
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
        std::thread::Builder::new()
            .name("tokenscope-helper".to_owned())
            .spawn(|| POOL.help())?;
        POOL.helpers.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Makes this thread a helper for good.
pub fn help() -> ! {
    POOL.helpers.fetch_add(1, Ordering::Relaxed);
    POOL.help()
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
    if threads == 1 || parts < 2 || POOL.busy.swap(true, Ordering::Acquire) {
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
                self.0.busy.store(false, Ordering::Release);
            }
        }
        // SAFETY: only the lifetime changes; `Wait` keeps this frame until every part is done.
        let lent = unsafe { std::mem::transmute::<*const Work<'_>, *const Work<'static>>(work) };
        // SAFETY: `busy` is ours, and no part can be taken before the ticket is out.
        unsafe { *self.work.get() = Some(lent) };
        self.failed.store(false, Ordering::Relaxed);
        self.done.store(0, Ordering::Relaxed);
        let before = Ticket(self.ticket.load(Ordering::Relaxed));
        let waiting = Wait(self, u32::from(parts));
        self.ticket.store(before.next(parts).0, Ordering::SeqCst);
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            let _bed = self.bed.lock().unwrap_or_else(PoisonError::into_inner);
            self.wake.notify_all();
        }
        self.take_parts();
        drop(waiting);
        let failed = self.failed.load(Ordering::Relaxed);
        assert!(!failed, "a helper broke off in its part of a kernel");
    }

    fn wait(&self, parts: u32) {
        while self.done.load(Ordering::Acquire) < parts && !self.has_died() {
            std::hint::spin_loop();
        }
    }

    /// Whether a helper is gone with its part undone. Natively a panic is caught, and its part
    /// counts as done.
    fn has_died(&self) -> bool {
        cfg!(target_arch = "wasm32") && self.failed.load(Ordering::Relaxed)
    }

    /// Takes parts of the present job until none is left.
    fn take_parts(&self) {
        /// A part is over, one way or the other.
        struct Part<'a>(&'a Pool);
        impl Drop for Part<'_> {
            fn drop(&mut self) {
                if std::thread::panicking() {
                    self.0.failed.store(true, Ordering::Relaxed);
                }
                self.0.done.fetch_add(1, Ordering::Release);
            }
        }
        while let Some(index) = self.take() {
            let _part = Part(self);
            // SAFETY: a part is taken and not yet done, so the job's owner waits, and `work` is
            // what it lent.
            if let Some(work) = unsafe { *self.work.get() } {
                // SAFETY: as above.
                unsafe { (*work)(index) };
            }
        }
    }

    /// The next part of the present job, for the caller alone.
    fn take(&self) -> Option<usize> {
        let mut ticket = Ticket(self.ticket.load(Ordering::Acquire));
        while ticket.is_open() {
            let (old, new) = (ticket.0, ticket.0 + 1);
            let swap =
                self.ticket
                    .compare_exchange_weak(old, new, Ordering::Acquire, Ordering::Acquire);
            match swap {
                Ok(_) => return Some(ticket.taken()),
                Err(now) => ticket = Ticket(now),
            }
        }
        None
    }

    fn is_open(&self) -> bool {
        Ticket(self.ticket.load(Ordering::SeqCst)).is_open()
    }

    fn help(&self) -> ! {
        loop {
            self.look_out();
            // A panic is told to the job's owner; the helper lives on.
            let _ = catch_unwind(AssertUnwindSafe(|| self.take_parts()));
        }
    }

    /// Returns when there is work: awake for a while, then asleep.
    fn look_out(&self) {
        for _ in 0..LOOKS {
            if self.is_open() {
                return;
            }
            std::hint::spin_loop();
        }
        let mut bed = self.bed.lock().unwrap_or_else(PoisonError::into_inner);
        // Before the last look, so that who brings work after it sees a sleeper.
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        while !self.is_open() {
            bed = self.wake.wait(bed).unwrap_or_else(PoisonError::into_inner);
        }
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
    }
}
