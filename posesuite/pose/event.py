"""What people begin or complete at some moment of a source, such as a fall; to and from JSON."""
from typing import Any, Dict, NamedTuple, Optional

from posesuite.pose.json_poses import number, text

MAX_ID = 1 << 53  # largest identity that JavaScript holds exactly
MAX_TIME = 1e12  # seconds of a timestamp
MAX_VALUE = 1e9  # of a value, to either side


class Event(NamedTuple):
    """Something that has begun, or a repetition that is complete."""
    event: str
    id: Optional[int]  # the person's; None: of the whole picture
    time: float  # of the frame, seconds
    value: Optional[float] = None  # a counter's depth, a classifier's confidence
    # Of repetitions so far. It hides the count() that tuples have, which says nothing of an event.
    count: Optional[int] = None  # type: ignore[assignment]


def event_as_json(event: Event) -> Dict[str, Any]:
    """An event as {"event": "fall", "id": 3, "time": 12.4}, with "value" and "count" if it has
    them; without "id" if it is of the whole picture.
    """
    found = {key: value for key, value in event._asdict().items() if value is not None}
    return dict(found, time=round(float(event.time), 4))


def event_from_json(value: Any) -> Event:
    """The inverse of event_as_json. Raises ValueError."""
    name = text(value, 'event')
    id, count = (number(value, key, 0, MAX_ID, int) if key in value else None
                 for key in ('id', 'count'))
    return Event(name, id, number(value, 'time', 0, MAX_TIME),
                 number(value, 'value', -MAX_VALUE, MAX_VALUE) if 'value' in value else None, count)
