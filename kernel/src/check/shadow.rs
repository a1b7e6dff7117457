//! Shadow memory: what happened to each element of a buffer or of workgroup memory, and whether an access agrees with
//! it. A write to a component may touch the whole vector (WGSL §14.2), so races are found per vector.

use std::ops::Range;
use std::panic::Location;

use crate::part::Part;
use crate::storage::AccessKind;

/// One access, as the shadow keeps it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trace {
    pub at: &'static Location<'static>,
    pub workgroup: u32,
    pub invocation: u32,
    /// Barriers of any kind passed.
    pub phase: u32,
    /// Barriers passed that order this memory.
    pub epoch: u32,
}

impl Trace {
    /// Whether one of the two happens before the other in every execution (WGSL §17.11).
    fn ordered_with(&self, other: &Self) -> bool {
        self.workgroup == other.workgroup && (self.invocation == other.invocation || self.epoch != other.epoch)
    }
}

/// An access and what it did.
type Peer = (AccessKind, Trace);

/// Accesses that do not conflict with each other: enough of them to find one that conflicts with a later access.
#[derive(Default)]
struct Peers {
    /// Of two invocations in the last workgroup's last epoch.
    latest: [Option<Peer>; 2],
    /// Of a workgroup before.
    earlier_workgroup: Option<Peer>,
}

impl Peers {
    fn add(&mut self, peer: Peer) {
        let trace = peer.1;
        match self.latest[0] {
            Some(before) if before.1.workgroup != trace.workgroup => {
                *self = Self { latest: [Some(peer), None], earlier_workgroup: Some(before) };
            }
            Some((_, before)) if before.epoch != trace.epoch => self.latest = [Some(peer), None],
            Some((_, before)) if before.invocation != trace.invocation => {
                self.latest[1].get_or_insert(peer);
            }
            Some(_) => {}
            None => self.latest[0] = Some(peer),
        }
    }

    fn conflict(&self, trace: &Trace) -> Option<Peer> {
        let peers = self.latest.iter().chain([&self.earlier_workgroup]).flatten();
        peers.copied().find(|(_, peer)| !peer.ordered_with(trace))
    }
}

#[derive(Default)]
struct Cell {
    dispatch: u32,
    write: Option<Trace>,
    reads: Peers,
    atomics: Peers,
}

/// Why an access is a mistake.
#[derive(Debug)]
pub(crate) enum Disagreement {
    Race(Peer),
    Uninitialised,
}

/// The history of one memory. Its grains are the smallest pieces that are accessed apart, 2 or 4 bytes.
pub(crate) struct Shadow {
    grain: usize,
    initialised: Vec<bool>,
    cells: Vec<Option<Box<Cell>>>,
    dispatch: u32,
}

impl Shadow {
    /// Of memory of `bytes` bytes that nobody wrote.
    pub fn new(bytes: usize) -> Self {
        let grain = 4;
        Self { grain, initialised: vec![false; bytes.div_ceil(grain)], cells: Vec::new(), dispatch: 0 }
    }

    /// A dispatch is about to use it as numbers of at least `smallest` bytes: it is ordered after the one before. Only
    /// where it is `written` can there be a race.
    pub fn start_dispatch(&mut self, smallest: usize, written: bool) {
        self.dispatch = self.dispatch.wrapping_add(1);
        while smallest < self.grain {
            self.grain /= 2;
            self.initialised = self.initialised.iter().flat_map(|initialised| [*initialised; 2]).collect();
            self.cells.clear();
        }
        if written || !self.cells.is_empty() {
            self.cells.resize_with(self.initialised.len(), || None);
        }
    }

    /// The host wrote these bytes, or did not.
    pub fn set_initialised(&mut self, bytes: Range<usize>, initialised: bool) {
        let end = bytes.end.div_ceil(self.grain).min(self.initialised.len());
        let start = (bytes.start / self.grain).min(end);
        self.initialised[start..end].fill(initialised);
    }

    /// Whether each of these bytes was written.
    pub fn is_initialised(&self, bytes: Range<usize>) -> bool {
        let grains = bytes.start / self.grain..bytes.end.div_ceil(self.grain);
        self.initialised.get(grains).is_none_or(|grains| grains.iter().all(|initialised| *initialised))
    }

    /// Notes an access to a part of an element, in bytes from the start of the memory.
    pub fn access(&mut self, part: Part, kind: AccessKind, trace: Trace) -> Result<(), Disagreement> {
        let Part { location, touched } = part;
        let cells = location.start / self.grain..location.end / self.grain;
        for cell in self.cells.get_mut(cells).unwrap_or_default() {
            note(cell.get_or_insert_default(), self.dispatch, kind, trace)?;
        }
        if !matches!(kind, AccessKind::Write | AccessKind::AtomicStore) && !self.is_initialised(touched.clone()) {
            return Err(Disagreement::Uninitialised);
        }
        if kind != AccessKind::Read {
            self.set_initialised(touched, true);
        }
        Ok(())
    }
}

fn note(cell: &mut Cell, dispatch: u32, kind: AccessKind, trace: Trace) -> Result<(), Disagreement> {
    if cell.dispatch != dispatch {
        *cell = Cell { dispatch, ..Cell::default() };
    }
    let race = |conflict: Option<Peer>| conflict.map_or(Ok(()), |other| Err(Disagreement::Race(other)));
    let is_atomic = matches!(kind, AccessKind::AtomicLoad | AccessKind::AtomicStore | AccessKind::AtomicUpdate);
    race(cell.write.map(|write| (AccessKind::Write, write)).filter(|(_, write)| !write.ordered_with(&trace)))?;
    if !matches!(kind, AccessKind::Read | AccessKind::AtomicLoad) {
        race(cell.reads.conflict(&trace))?;
    }
    if !is_atomic {
        race(cell.atomics.conflict(&trace))?;
    }
    match kind {
        AccessKind::Read => cell.reads.add((kind, trace)),
        AccessKind::Write => cell.write = Some(trace),
        _ => cell.atomics.add((kind, trace)),
    }
    Ok(())
}
