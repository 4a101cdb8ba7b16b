"""Whether the wall clock can be believed, and how much time has passed for certain.

A machine may start in 1970 or in 2036, and its clock may be set at any time. So nothing is deleted,
and nobody's visit is reported, on the word of a wall clock alone:

- A clock is confirmed if the kernel or systemd says that it is synchronized, and nothing else.
- Each run under the wall clock has a mark: the boot, the clock's zero, and whether it is confirmed.
- Once it is, the runs of the same boot are moved to their true time; so are those whose dates are
  impossible when the clock is set to a possible one (movable).
- A row is deleted once `keep` has passed since for certain: by a confirmed clock, or by the time
  that the suite has watched since (deadlines).
- Reports leave out the runs whose dates cannot be true (misdated).

All times are milliseconds, of dates since 1970, unless they are said to be seconds.
"""
import contextlib
import ctypes
import datetime
import os
import time
import uuid
from typing import Dict, List, NamedTuple, Optional, Sequence

from posesuite.visits.rows import DAY, SECOND

SYSTEMD_FLAG = '/run/systemd/timesync/synchronized'  # touched at each answer of a time server
FLAG_AGE = 4096.0  # seconds for which it is believed: twice timesyncd's longest interval
BOOT_ID, UPTIME = '/proc/sys/kernel/random/boot_id', '/proc/uptime'
STA_UNSYNC = 0x40  # bit of timex.status: the kernel's clock is not synchronized
EARLIEST = 1577836800 * SECOND  # 1 January 2020; the suite is younger, and so is all that it stores
TOLERANCE = 3600 * SECOND  # by which dates may contradict each other
MAX_PAUSE = 366 * DAY  # in which nothing was recorded; what lies beyond is another clock's
# Share of `keep` that a clock that nothing confirms may claim to have been off from run to run.
# Machines that never meet a time server, but are on every day, keep their data hardly longer so.
BELIEVED = 1 / 30


class Timex(ctypes.Structure):
    """The begin of the kernel's struct timex, and room for the rest of it."""
    _fields_ = [('modes', ctypes.c_uint), ('offset', ctypes.c_long), ('freq', ctypes.c_long),
                ('maxerror', ctypes.c_long), ('esterror', ctypes.c_long), ('status', ctypes.c_int),
                ('constant', ctypes.c_long), ('precision', ctypes.c_long),
                ('tolerance', ctypes.c_long), ('seconds', ctypes.c_long),
                ('rest', ctypes.c_long * 64)]


class Clock:
    """The wall clock of this machine.

    Attributes: boot, an id of the time since the machine was started; where that is not known, or
    the monotonic clock is not the machine's, an id of this object.
    """

    def __init__(self) -> None:
        self.boot = uuid.uuid4().hex
        with contextlib.suppress(OSError), open(BOOT_ID) as boot, open(UPTIME) as uptime:
            if time.monotonic() < float(uptime.read().split()[0]) + 60:
                self.boot = boot.read().strip()

    def zero(self) -> float:
        """Wall-clock time at monotonic zero, seconds since 1970."""
        return time.time() - time.monotonic()

    def is_confirmed(self) -> bool:
        """Whether a time server stands behind the clock."""
        now = time.time()
        kernel = _synchronized_seconds()
        if kernel is not None and abs(kernel - now) < 2:  # else another clock than this process's
            return True
        with contextlib.suppress(OSError):
            return 0 <= now - os.stat(SYSTEMD_FLAG).st_mtime <= FLAG_AGE
        return False


def _synchronized_seconds() -> Optional[int]:
    """The kernel's time if it calls that synchronized; it does so for ntpd and chrony, too."""
    timex = Timex()
    try:
        failed = ctypes.CDLL(None).adjtimex(ctypes.byref(timex)) < 0
    except (AttributeError, OSError, TypeError):  # not Linux
        return None
    return None if failed or timex.status & STA_UNSYNC else timex.seconds


class Mark(NamedTuple):
    """The clock of a run under the wall clock, a row of the table clocks without its key."""
    boot: str
    zero: int  # wall-clock time at monotonic zero
    first: int  # monotonic time of the run's first frame
    last: int  # and of its latest one
    confirmed: int  # 1 if a time server stood behind the clock


class Run(NamedTuple):
    """A run: its number and dates. Without a mark its dates are those of a recording."""
    id: int
    begun: int
    ended: int
    mark: Optional[Mark]

    @property
    def since(self) -> int:
        """What the clock said at the first frame; its date in a file that is read at full speed."""
        return self.mark.zero + self.mark.first if self.mark else self.begun

    @property
    def until(self) -> int:
        """What the clock said at the latest frame."""
        return self.mark.zero + self.mark.last if self.mark else self.ended

    @property
    def watched(self) -> int:
        """The time that has passed for certain from the first to the latest frame."""
        return self.mark.last - self.mark.first if self.mark else 0

    @property
    def confirmed(self) -> bool:
        return self.mark is not None and bool(self.mark.confirmed)


def deadlines(runs: Sequence[Run], keep: float, sure: bool) -> Dict[int, float]:
    """The dates in each run up to which its rows are older than `keep` for certain.

    runs: all in the order of their numbers, which is that in which they were recorded; the last
    one goes on. sure: whether that one's date is confirmed, or that of a recording.
    """
    found, passed, following = {}, 0.0, None
    now = None  # the date, as the latest run tells it that is confirmed
    for run in reversed(runs):
        if following is not None:
            passed += following.watched + _pause(run, following, keep * BELIEVED)
        if now is None and (run.confirmed or following is None and sure):
            now = run.until + passed
        if now is not None and (run.confirmed or run.mark is None and (
                run.begun >= EARLIEST and run.ended <= now)):
            passed = max(passed, now - run.until)
        found[run.id] = run.ended + passed - keep
        following = run
    return found


def _pause(run: Run, following: Run, most: float) -> float:
    """Time that has passed for certain from a run to the following one, `most` on a clock's word.
    """
    if run.mark is None or following.mark is None:
        return 0
    if run.mark.boot == following.mark.boot:
        return max(0, following.mark.first - run.mark.last)
    return min(max(0, following.since - run.until), most)


def movable(runs: Sequence[Run]) -> List[Run]:
    """The runs whose dates the clock of the last run sets right, because it is of the same boot.

    runs: as for deadlines. A clock that is confirmed does so for all that are not; another one that
    fits to the rest of the store, for those that lie before EARLIEST, in its future, or out of
    order.
    """
    *earlier, run = runs
    mine = [other for other in earlier if run.mark and other.mark and not other.confirmed
            and other.mark.boot == run.mark.boot and other.mark.zero != run.mark.zero]
    if run.confirmed:
        return mine
    rest = [other for other in earlier if other not in mine and other.until >= EARLIEST]
    newest = max((other.until for other in rest), default=run.since)
    if not max(EARLIEST, newest - TOLERANCE) <= run.since <= newest + MAX_PAUSE:
        return []
    return [other for other in mine if other.since < EARLIEST
            or rest and other.until > run.until + TOLERANCE
            or any(before.id < other.id and before.until > other.until + TOLERANCE
                   for before in rest)]


def misdated(runs: Sequence[Run], now: float) -> List[Run]:
    """The runs whose dates cannot be true.

    runs: as for deadlines. now: the date. They lie before EARLIEST or in the future, or nothing
    confirms them and they contradict the order of confirmed ones or lie MAX_PAUSE from all others.
    """
    if now < EARLIEST:
        now = float('inf')
    now = max([now, *(run.until for run in runs if run.confirmed)]) + TOLERANCE
    wrong = {run.id for run in runs if run.since < EARLIEST or run.since > now}
    latest = -float('inf')  # confirmed date up to here
    for run in runs:
        if run.confirmed:
            latest = max(latest, run.until)
        elif run.mark and run.until < latest - TOLERANCE:
            wrong.add(run.id)
    earliest = float('inf')
    for run in reversed(runs):
        if run.confirmed:
            earliest = min(earliest, run.since)
        elif run.mark and run.since > earliest + TOLERANCE:
            wrong.add(run.id)
    eras = _eras([run for run in runs if run.id not in wrong])
    believed = [era for era in eras if any(run.confirmed or not run.mark for run in era)] or (
        [max(eras, key=lambda era: sum(run.watched for run in era))] if eras else [])
    kept = {run.id for era in believed for run in era}
    return [run for run in runs if run.id not in kept]


def _eras(runs: Sequence[Run]) -> List[List[Run]]:
    """The runs by date, cut where nothing was recorded for MAX_PAUSE."""
    eras: List[List[Run]] = []
    ended = 0
    for run in sorted(runs, key=lambda run: run.since):
        if not eras or run.since - ended > MAX_PAUSE:
            eras.append([])
        eras[-1].append(run)
        ended = max(ended, run.until)
    return eras


def doubt(runs: Sequence[Run], keep: float) -> str:
    """What speaks against the clock of the last run, in a clause after 'the clock'; or ''.

    runs: as for deadlines.
    """
    *earlier, run = runs
    says = f'says {date(run.until)}'
    if run.until < EARLIEST:
        return says
    if not earlier:
        return ''
    last = earlier[-1]
    if last.mark and run.mark and last.mark.boot == run.mark.boot:
        moved = run.mark.zero - last.mark.zero
        if abs(moved) > TOLERANCE:
            return (f'was set {"forward" if moved > 0 else "back"} by {duration(abs(moved))} and '
                    + says)
    newest = max(other.until for other in earlier)
    if newest > run.until + TOLERANCE:
        return f'{says}, but the store has data of {date(newest)}'
    if run.since - newest > keep:
        return f'{says}, {duration(run.since - newest)} after the latest data in the store'
    return ''


def duration(milliseconds: float) -> str:
    """A duration in words, such as '9.2 years'."""
    hours = milliseconds / (3600 * SECOND)
    if hours < 48:
        return f'{hours:.1f} hours'
    return f'{hours / 24:.0f} days' if hours < 24 * 730 else f'{hours / 8766:.1f} years'


def date(milliseconds: float) -> str:
    """A date as its local time."""
    try:
        return datetime.datetime.fromtimestamp(milliseconds / SECOND).strftime('%Y-%m-%d %H:%M')
    except (OverflowError, OSError, ValueError):
        return f'{milliseconds / DAY / 365.25 + 1970:.0f}'
