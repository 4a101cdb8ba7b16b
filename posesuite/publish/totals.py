"""Numbers of a room as they may be published: small counts of visits stay blank.

Whoever keeps the values of a count that grows can subtract each from the next. So a count grows by
at least as many visits at a time as a count must have to be published at all.
"""
from typing import Any, Dict, Optional, Tuple

Key = Tuple[str, ...]


class Totals:
    """Withholds small counts. min_visits: that a published count is based on; 1 withholds nothing.

    What is there at the moment is published as it is: people now, in each area.
    """

    def __init__(self, min_visits: int) -> None:
        self._least = min_visits
        self._shown: Dict[Key, int] = {}  # the latest published values

    def of(self, room: Dict[str, Any]) -> Dict[str, Any]:
        """What may be published of live numbers, as Live.numbers returns them."""
        if not room:
            return {}
        return {
            'visits': self._count(('visits',), room['visits']),
            'came': self._count(('came',), room['came']),
            'lines': [{'name': line['name'],
                       'came': self._count(('came', str(i)), line['came']),
                       'went': self._count(('went', str(i)), line['went'])}
                      for i, line in enumerate(room['lines'])],
            # How long one person has been somewhere is that person's.
            'areas': [dict(area, waited=area['waited'] if self._least <= 1 else None)
                      for area in room['areas']]}

    def _count(self, key: Key, count: int) -> Optional[int]:
        """A count of today, of which at most the published part is told."""
        shown = self._shown.get(key, 0)
        if count < shown:  # the day is a new one
            shown = 0
        if count - shown >= self._least:
            shown = count
        self._shown[key] = shown
        return shown if shown or not count else None
