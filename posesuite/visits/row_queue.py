"""Rows that wait for the disk: a bounded queue. Knows no thread and no disk."""
import itertools

from posesuite.visits.rows import Rows, add_rows, no_rows

MAX_QUEUED = 20000  # rows of a table that wait; almost two hours of positions of three people


class RowQueue:
    """Keeps rows until they are written. Of more than `max_queued` in a table, drops the oldest.

    Dropped positions are recorded as a gap.

    Attributes: max_queued; lost, the number of positions dropped since it was last set to 0.
    """

    def __init__(self, max_queued: int = MAX_QUEUED) -> None:
        self.max_queued = max_queued
        self._rows = no_rows()
        self._gap_begun = 0  # UTC milliseconds of the first position of the present gap, or 0
        self._gap_lost = 0  # positions that were dropped in it
        self.lost = 0

    def __bool__(self) -> bool:
        return any(self._rows.values())

    def count(self, table: str) -> int:
        """Number of a table's rows that wait."""
        return len(self._rows[table])

    def add(self, rows: Rows, run: int) -> None:
        """Adds rows, in place of those with the same key; run: number of the present run."""
        add_rows(self._rows, rows)
        self._drop(run)

    def take(self) -> Rows:
        """All rows, which wait no longer."""
        rows, self._rows = self._rows, no_rows()
        self._end_gap()  # what is being written now may be lost or not
        return rows

    def put_back(self, rows: Rows, run: int) -> None:
        """Puts back rows of take() that could not be written; newer ones replace them."""
        newer, self._rows = self._rows, rows
        self._end_gap()
        self.add(newer, run)

    def _end_gap(self) -> None:
        self._gap_begun = self._gap_lost = 0

    def _drop(self, run: int) -> None:
        for table, rows in self._rows.items():
            excess = len(rows) - self.max_queued
            if excess <= 0:
                continue
            # In tenths, because each drop changes the gap's row.
            dropped = list(itertools.islice(rows, max(self.max_queued // 10, excess)))
            for key in dropped:
                del rows[key]
            if table == 'positions':
                self._record_loss(run, dropped[0][1], dropped[-1][1], len(dropped))

    def _record_loss(self, run: int, begun: int, ended: int, count: int) -> None:
        self.lost += count
        self._gap_begun = self._gap_begun or begun
        self._gap_lost += count
        self._rows['gaps'][run, self._gap_begun] = (
            ended, f'the disk could not be written: {self._gap_lost} positions were dropped')
