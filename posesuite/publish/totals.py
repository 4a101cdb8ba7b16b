"""Numbers of a room as they may be published: small counts of visits stay blank.

Whoever keeps the values of a count that grows can subtract each from the next. So a count is told
in steps of as many visits as a count must have to be published at all, and a restart of the program
changes nothing about them.
"""
from typing import Any, Dict, Optional


def publishable(room: Dict[str, Any], min_visits: int) -> Dict[str, Any]:
    """What may be published of live numbers, as Live.numbers returns them.

    What is so at the moment is published as it is: the people now, in each area.
    min_visits: that a published count and each step of it are based on; 1 withholds nothing.
    """
    if not room:
        return {}

    def count(value: int) -> Optional[int]:
        return (value - value % min_visits or None) if value else 0

    return {
        'visits': count(room['visits']), 'came': count(room['came']),
        'lines': [{'name': line['name'], 'came': count(line['came']), 'went': count(line['went'])}
                  for line in room['lines']],
        # How long one person has been somewhere is that person's.
        'areas': [dict(area, waited=area['waited'] if min_visits <= 1 else None)
                  for area in room['areas']]}
