//! One run of a plan: the machine, its two processes, the ledger, and the checks after every step.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use codex_rollout::fs::{Crash, Fault, FaultFs, FsOp, SimFs};
use codex_thread_store::live::LiveThread;
use codex_thread_store::{IndexProgress, StoreErrorKind, StoreMaintenance as _, ThreadSearch as _, ThreadStore as _};

use crate::agent::NOW_MS;
use crate::answers::{answers, difference, list_query, read_query, search_query};
use crate::foreign::{self, ForeignTurn};
use crate::ledger::{Expected, Found, Known, Mark, Survives, found, word};
use crate::machine::{HOME, IndexFiles, IndexFolder, Machine, Process};
use crate::plan::{Act, Foreign, IndexChange};
use crate::writing::{Intent, is_failure};

/// Time between steps: beyond what a look at the folders is trusted for.
const STEP_MS: i64 = 2_000;
/// Every how many steps all answers are compared with those of a fresh index.
const FRESH_EVERY: usize = 4;
/// Time of lines that others write.
const FOREIGN_TIME: &str = "2027-02-01T09:00:00.000Z";

struct Quiet;

impl IndexProgress for Quiet {
    fn advance(&self, _: u64, _: u64, _: u64, _: u64) {}
}

/// What went wrong, and at which step.
#[derive(Debug, Clone)]
pub(crate) struct Failed {
    pub(crate) step: usize,
    pub(crate) reason: String,
}

/// What a run left, to be compared with another run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Trace {
    /// Files and what is in them; those under passing names, which no two processes share, do not count.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    pub(crate) operations: Vec<(FsOp, String)>,
    /// Acts by what became of them.
    pub(crate) counts: BTreeMap<String, u64>,
}

/// Threads, processes and the machine that they run on.
pub(crate) struct Simulation {
    // Handles go before the processes that they belong to.
    pub(crate) handles: Vec<Option<(usize, LiveThread)>>,
    processes: [Option<Process>; 2],
    pub(crate) machine: Machine,
    index: IndexFolder,
    kept_index: IndexFiles,
    pub(crate) threads: Vec<Known>,
    /// Threads that were opened so far, so that ids differ.
    pub(crate) openings: u64,
    /// Processes that were started so far.
    starts: u64,
    operations: Vec<(FsOp, String)>,
    counts: BTreeMap<String, u64>,
}

/// Returns the beginning of a name that is only used while a file is made: what follows differs from run to run.
fn passing(path: &Path) -> Option<String> {
    let text = path.to_string_lossy();
    let end = [".draft.", ".decompress.", ".tmp", "rollout-compress-"]
        .iter()
        .filter_map(|part| text.find(part))
        .min()?;
    Some(text[..end].to_owned())
}

/// Whether a fault came before an act was done.
fn struck(done: Option<bool>) -> &'static str {
    match done {
        None => "nothing to do",
        Some(true) => "behind the act",
        Some(false) => "during the act",
    }
}

/// Runs a plan.
pub(crate) fn run(plan: &[Act]) -> Result<Trace, Failed> {
    let mut step = 0;
    let run = catch_unwind(AssertUnwindSafe(|| {
        let mut simulation = Simulation::new();
        for (number, act) in plan.iter().enumerate() {
            step = number;
            simulation
                .step(act, number)
                .map_err(|reason| format!("{act:?}: {reason}"))?;
        }
        step = plan.len();
        simulation.check_all()?;
        Ok(simulation.end())
    }));
    let reason = match run {
        Ok(Ok(trace)) => return Ok(trace),
        Ok(Err(reason)) => reason,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
                .unwrap_or_else(|| "a panic without a text".to_owned())
        }
    };
    Err(Failed { step, reason })
}

impl Simulation {
    fn new() -> Self {
        let disk = SimFs::new();
        disk.put(&Path::new(HOME).join("config.toml"), b"").expect("in memory");
        let mut simulation = Self {
            handles: Vec::new(),
            processes: [None, None],
            machine: Machine::new(disk, NOW_MS),
            index: IndexFolder::empty(),
            kept_index: IndexFiles::new(),
            threads: Vec::new(),
            openings: 0,
            starts: 0,
            operations: Vec::new(),
            counts: BTreeMap::new(),
        };
        simulation.start(0);
        simulation.start(1);
        simulation.handles.resize_with(64, || None);
        simulation
    }

    fn start(&mut self, process: usize) {
        self.starts += 1;
        let started = Process::start(&self.machine, self.index.path(), self.starts << 40);
        self.processes[process] = Some(started.expect("a home"));
    }

    fn stop(&mut self, process: usize) {
        for at in 0..self.threads.len() {
            if matches!(&self.handles[at], Some((holder, _)) if *holder == process) {
                self.forget_handle(at);
                self.threads[at].turn = None;
            }
        }
        if let Some(stopped) = self.processes[process].take() {
            let done = stopped.faults.operations().into_iter();
            let name = |path: PathBuf| passing(&path).unwrap_or_else(|| path.to_string_lossy().into_owned());
            self.operations.extend(done.map(|(op, path)| (op, name(path))));
        }
    }

    pub(crate) fn process(&self, process: usize) -> &Process {
        self.processes[process].as_ref().expect("both run between steps")
    }

    pub(crate) fn forget_handle(&mut self, at: usize) {
        self.handles[at] = None;
    }

    /// Picks a thread.
    pub(crate) fn pick(&self, number: u64) -> Option<usize> {
        usize::try_from(number).ok()?.checked_rem(self.threads.len())
    }

    /// Picks a thread with messages.
    pub(crate) fn recorded(&self, number: u64) -> Option<usize> {
        let at = self.pick(number)?;
        (!self.threads[at].expected.marks.is_empty()).then_some(at)
    }

    fn end(mut self) -> Trace {
        self.stop(0);
        self.stop(1);
        let disk = &self.machine.disk;
        let lasting = disk.files().into_iter().filter(|path| passing(path).is_none());
        let content = |path: PathBuf| (path.to_string_lossy().into_owned(), disk.bytes(&path).expect("a file"));
        Trace {
            files: lasting.map(content).collect(),
            operations: self.operations,
            counts: self.counts,
        }
    }

    fn count(&mut self, act: &Act, outcome: &str) {
        let act = format!("{act:?}");
        let name = act.split(['(', '{', ' ']).next().unwrap_or_default();
        *self.counts.entry(format!("{name} {outcome}")).or_default() += 1;
    }

    fn step(&mut self, act: &Act, step: usize) -> Result<(), String> {
        self.machine.wait(STEP_MS);
        match act {
            Act::Close(at) => self.close(*at)?,
            Act::Drop(at) => {
                if let Some(at) = self.pick(*at) {
                    self.forget_handle(at);
                    self.threads[at].turn = None;
                }
            }
            Act::Clock(ms) => {
                self.count(act, "done");
                self.machine.wait(*ms);
            }
            Act::Foreign(kind, at) => self.foreign(*kind, *at, step)?,
            Act::Index(change) => {
                self.count(act, &format!("{change:?}"));
                self.change_index(*change);
            }
            Act::Restart(process) => {
                self.stop(*process);
                self.start(*process);
            }
            Act::Kill(process, after, inner) => {
                let outcome = self.doomed(*process, *after, inner, step);
                self.count(act, struck(outcome.as_ref().map(|(_, done)| *done)));
                self.stop(*process);
                self.start(*process);
                return self.settle(outcome, Survives::Written, step);
            }
            Act::PowerLoss(process, after, way, inner) => {
                let outcome = self.doomed(*process, *after, inner, step);
                self.count(act, struck(outcome.as_ref().map(|(_, done)| *done)));
                let disk = self.machine.disk.crash(Crash::ALL[*way]);
                self.stop(0);
                self.stop(1);
                self.machine = Machine::new(disk, self.machine.now_ms());
                self.start(0);
                self.start(1);
                return self.settle(outcome, Survives::Synced, step);
            }
            Act::Error(process, after, inner) => {
                let at = self.process(*process).faults.operation_count() + after;
                let kind = std::io::ErrorKind::Other;
                let (struck, settled) = self.unlucky(*process, Fault::FailAt { at, kind }, inner, step);
                self.count(act, struck);
                return settled;
            }
            Act::Full(process, after, inner) => {
                let at = self.process(*process).faults.operation_count() + after;
                let (struck, settled) = self.unlucky(*process, Fault::FullFrom { at }, inner, step);
                self.count(act, struck);
                return settled;
            }
            act => match self.change(act, step) {
                None => self.count(act, "nothing to do"),
                Some((intent, Ok(()))) => {
                    self.count(act, "done");
                    self.believe(intent);
                }
                Some((intent, Err(error))) if intent.must_succeed || is_failure(&error) => {
                    return Err(format!("refused: {error:?}"));
                }
                Some((_, Err(error))) => self.count(act, &format!("refused {:?}", error.kind())),
            },
        }
        self.check(step)
    }

    fn believe(&mut self, intent: Intent) {
        let known = &mut self.threads[intent.at];
        known.believe(intent.after);
        known.turn = intent.turn;
    }

    /// Does an act on a process that fails for good at an operation of the disk.
    fn doomed(&mut self, process: usize, after: u64, act: &Act, step: usize) -> Option<(Intent, bool)> {
        let faults: FaultFs = self.process(process).faults.clone();
        let at = faults.operation_count() + after;
        let kind = std::io::ErrorKind::Other;
        faults.add(Fault::FailFrom { at, kind });
        let outcome = self.change(act, step);
        outcome.map(|(intent, done)| (intent, done.is_ok()))
    }

    /// Does an act while the disk fails, on a process that goes on afterwards.
    fn unlucky(&mut self, process: usize, fault: Fault, act: &Act, step: usize) -> (&'static str, Result<(), String>) {
        let faults: FaultFs = self.process(process).faults.clone();
        faults.add(fault);
        let outcome = self.change(act, step);
        faults.heal();
        self.machine.wait(STEP_MS);
        if let (Some((intent, _)), Act::Revert(..)) = (&outcome, act) {
            // A thread that cannot be opened again behind its revert gives its lock back.
            self.forget_handle(intent.at);
        }
        let was_struck = struck(outcome.as_ref().map(|(_, done)| done.is_ok()));
        let settled = match outcome {
            None => Ok(()),
            Some((intent, Ok(()))) => {
                self.believe(intent);
                Ok(())
            }
            Some((intent, Err(_))) => self.settle_failure(process, &intent),
        };
        (was_struck, settled.and_then(|()| self.check(step)))
    }

    fn settle_failure(&mut self, process: usize, intent: &Intent) -> Result<(), String> {
        let found = self.find(process)?;
        let known = &mut self.threads[intent.at];
        let left = found[intent.at].as_ref();
        let settled = Expected::settle(&known.expected, &intent.after, left, Survives::Written);
        known.expected = settled.map_err(|reason| format!("after a failure: {reason}"))?;
        known.turn = None;
        Ok(())
    }

    /// Compares what a crash left with the ledger, and takes it over.
    fn settle(&mut self, outcome: Option<(Intent, bool)>, survives: Survives, step: usize) -> Result<(), String> {
        let found = self.find(0)?;
        for (at, found) in found.iter().enumerate() {
            let before = self.threads[at].expected.clone();
            let (base, after) = match &outcome {
                // Acknowledged: it counts as what was there.
                Some((intent, true)) if intent.at == at => (intent.after.clone(), intent.after.clone()),
                Some((intent, false)) if intent.at == at => (before.clone(), intent.after.clone()),
                _ => (before.clone(), before),
            };
            let known = &mut self.threads[at];
            let settled = known.settle(&base, &after, found.as_ref(), survives);
            let id = known.thread_id;
            settled.map_err(|reason| format!("after a crash, {id}: {reason}"))?;
            if survives == Survives::Synced || self.handles[at].is_none() {
                self.threads[at].turn = None;
            }
        }
        self.check(step)?;
        self.check_fresh(step % 2)
    }

    fn close(&mut self, at: u64) -> Result<(), String> {
        let Some(at) = self.pick(at) else { return Ok(()) };
        let Some((process, live)) = self.handles[at].take() else {
            return Ok(());
        };
        let closed = self.process(process).run(live.close());
        closed.map_err(|error| format!("cannot close: {error:?}"))?;
        drop(live);
        let known = &mut self.threads[at];
        known.turn = None;
        known.expected.marks.iter_mut().for_each(|mark| mark.synced = true);
        known.undoable.clear();
        Ok(())
    }

    fn foreign(&mut self, kind: Foreign, at: u64, step: usize) -> Result<(), String> {
        let Some(at) = self.recorded(at) else { return Ok(()) };
        // The lock keeps others away until it is given back.
        self.close(at as u64)?;
        let process = self.process(step % 2);
        let id = self.threads[at].thread_id;
        let record = process.run(process.store.read_thread(read_query(id)));
        let record = record.map_err(|error| format!("{id}: {error:?}"))?;
        let (thread_id, turn_id) = (id.to_string(), format!("foreign-{step}"));
        let words = [word(step, 0), word(step, 1)];
        let turn = ForeignTurn {
            thread_id: &thread_id,
            mode: self.threads[at].mode,
            turn_id: &turn_id,
            words: [&words[0], &words[1]],
            at: FOREIGN_TIME,
        };
        let written = foreign::write(&self.machine.disk, &record.path, kind, &turn);
        let written = written.map_err(|error| format!("somebody else cannot write: {error}"))?;
        let Some(synced) = written else { return Ok(()) };
        // What others do to files is seen a second later.
        self.machine.wait(STEP_MS);
        self.count(&Act::Foreign(kind, 0), &format!("{kind:?}"));
        let known = &mut self.threads[at];
        if matches!(
            kind,
            Foreign::Turn | Foreign::Unterminated | Foreign::NoOrdinals | Foreign::RenamedOver
        ) {
            known.expected.marks.extend(words.map(|word| Mark {
                turn_id: turn_id.clone(),
                word,
                synced: false,
            }));
        }
        if synced {
            known.expected.marks.iter_mut().for_each(|mark| mark.synced = true);
        }
        known.turn = None;
        Ok(())
    }

    fn change_index(&mut self, change: IndexChange) {
        let files = match change {
            IndexChange::Copied => {
                self.kept_index = self.index.files();
                return;
            }
            IndexChange::DeletedInUse => {
                self.index.replace(&IndexFiles::new());
                return;
            }
            IndexChange::Older => self.kept_index.clone(),
            IndexChange::Deleted => IndexFiles::new(),
            IndexChange::Garbage => {
                let files = self.index.files().into_iter();
                files.map(|(name, bytes)| (name, vec![0x55; bytes.len()])).collect()
            }
        };
        self.stop(0);
        self.stop(1);
        self.index.replace(&files);
        self.start(0);
        self.start(1);
    }

    /// Reads all threads; each is listed exactly if it can be read.
    fn find(&self, process: usize) -> Result<Vec<Option<Found>>, String> {
        let process = self.process(process);
        let page = process.run(process.store.list_threads(list_query()));
        let page = page.map_err(|error| format!("no list: {error:?}"))?;
        let mut all = Vec::new();
        for known in &self.threads {
            let id = known.thread_id;
            let read = match process.run(process.store.read_thread(read_query(id))) {
                Ok(record) => Some(record),
                Err(error) if error.kind() == StoreErrorKind::NotFound => None,
                // A file without a header is no thread; whether there should be one is for the ledger to say.
                Err(error) if error.kind() == StoreErrorKind::Unreadable => None,
                Err(error) => return Err(format!("{id}: {error:?}")),
            };
            let listed = page.threads.iter().filter(|record| record.thread_id == id).count();
            if listed != usize::from(read.is_some()) {
                let path = read.map(|record| record.path);
                return Err(format!("{id} is listed {listed} times, and read from {path:?}"));
            }
            all.push(read.as_ref().map(found));
        }
        let is_known = |id| self.threads.iter().any(|known| known.thread_id == id);
        match page.threads.iter().find(|record| !is_known(record.thread_id)) {
            Some(record) => Err(format!("{} is listed and was never made", record.thread_id)),
            None => Ok(all),
        }
    }

    fn check(&self, step: usize) -> Result<(), String> {
        let process = step % 2;
        let found = self.find(process)?;
        for (known, found) in self.threads.iter().zip(&found) {
            let checked = known.expected.check(found.as_ref());
            checked.map_err(|reason| format!("process {process}, {}: {reason}", known.thread_id))?;
        }
        self.check_search(process, step)?;
        match step % FRESH_EVERY {
            0 => self.check_fresh(process),
            2 => self.check_rows(process),
            _ => Ok(()),
        }
    }

    /// A word that was said is found in the threads that contain it, and in no others.
    fn check_search(&self, process: usize, step: usize) -> Result<(), String> {
        let marks: Vec<&Mark> = self.threads.iter().flat_map(|known| &known.expected.marks).collect();
        let Some(mark) = marks.len().checked_sub(1).map(|last| marks[step * 7 % (last + 1)]) else {
            return Ok(());
        };
        let process = self.process(process);
        let page = process.run(process.store.search_threads(search_query(&mark.word)));
        let page = page.map_err(|error| format!("no search: {error:?}"))?;
        let mut hits: Vec<_> = page.hits.iter().map(|hit| hit.thread.thread_id).collect();
        hits.sort_by_key(|id| id.0);
        let contains = |known: &&Known| known.expected.marks.iter().any(|other| other.word == mark.word);
        let expected: Vec<_> = self
            .threads
            .iter()
            .filter(contains)
            .map(|known| known.thread_id)
            .collect();
        match hits == expected {
            true => Ok(()),
            false => Err(format!("{} is in {expected:?}, found in {hits:?}", mark.word)),
        }
    }

    /// A process answers as one with a fresh index does.
    fn check_fresh(&self, process: usize) -> Result<(), String> {
        let threads: Vec<_> = self.threads.iter().map(|known| known.thread_id).collect();
        let index = IndexFolder::empty();
        let other = Process::start(&self.machine, index.path(), 1 << 60);
        let other = other.map_err(|error| format!("no third process: {error:?}"))?;
        let fresh = other.run(answers(&other.store, &threads));
        let process = self.process(process);
        let answers = process.run(answers(&process.store, &threads));
        match difference(&answers, &fresh) {
            Some(difference) => Err(format!("a fresh index says otherwise: {difference}")),
            None => Ok(()),
        }
    }

    fn check_rows(&self, process: usize) -> Result<(), String> {
        let process = self.process(process);
        let report = process.run(process.store.verify(Arc::new(Quiet)));
        let report = report.map_err(|error| format!("no verification: {error:?}"))?;
        match report.differing.is_empty() {
            true => Ok(()),
            false => Err(format!("the index differs: {:?}", report.differing)),
        }
    }

    fn check_all(&self) -> Result<(), String> {
        self.check(0)?;
        self.check(1)?;
        self.check_rows(0)?;
        self.check_fresh(1)
    }
}
