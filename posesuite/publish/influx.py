"""InfluxDB: numbers and events as points of a time series, in line protocol over HTTP.

    room,camera=hall people=2i,watching=true,fault="",fps=29.9,visits=131i,came=128i
    area,camera=hall,area=Till,kind=queue people=2i,lately=95i,usual=80i
    line,camera=hall,line=Entrance came=128i,went=125i
    event,camera=hall,event=fall id=3i,seconds=12.4,number=17i

Of version 1 (/write?db=) or, with ?org=, of version 2 and later (/api/v2/write with a token). What
is not known is left out. Points that are sent again replace themselves.
"""
import logging
import urllib.parse
from typing import Any, Dict, List, Optional, Tuple

from posesuite.publish.http import Http, Refused, basic
from posesuite.publish.messages import Happening, Numbers
from posesuite.publish.outbox import Outbox
from posesuite.publish.publisher import Sender
from posesuite.publish.targets import Target

MAX_POINTS = 500  # messages of a request
EARLIEST = 1577836800 * 10 ** 9  # nanoseconds; 1 January 2020, and the suite is younger
LOGGER = logging.getLogger(__name__)


class Influx(Sender):
    """Writes into a database or bucket. name: the camera's."""
    max_numbers = 20000  # messages; more than two days at 10 seconds

    def __init__(self, target: Target, name: str, poses: bool) -> None:
        super().__init__(target.shown)
        self._http, self._said = Http(target), ''
        host = f'[{target.host}]' if ':' in target.host else target.host
        scheme = 'https' if target.tls else 'http'
        path, query = '/write', {'db': target.path, 'precision': 'ns'}
        self._headers = {'Content-Type': 'text/plain; charset=utf-8'}
        if 'org' in target.options:
            path, query = '/api/v2/write', {'org': target.options['org'], 'bucket': target.path,
                                            'precision': 'ns'}
            self._headers['Authorization'] = f'Token {target.secret}'
        elif target.user:
            self._headers['Authorization'] = basic(target.user, target.secret)
        self._url = (f'{scheme}://{host}:{target.port}{path}?'
                     + urllib.parse.urlencode(query, quote_via=urllib.parse.quote))

    def send(self, outbox: Outbox) -> bool:
        events, numbers = outbox.events.peek(MAX_POINTS), outbox.numbers.peek(MAX_POINTS)
        points = [event_point(event) for _, event in events]
        for _, found in numbers:
            points += number_points(found)
        if not points:
            return False
        try:
            self._http.post(self._url, '\n'.join(points).encode(), self._headers)
        except Refused as error:
            if str(error) != self._said:
                self._said = str(error)
                LOGGER.warning('%s refuses points (%s): they are left out', self.name, error)
        for lane, sent in ((outbox.events, events), (outbox.numbers, numbers)):
            if sent:
                lane.done(sent[-1][0])
        if outbox.events or outbox.numbers:
            outbox.wake()
        return True


def number_points(numbers: Numbers) -> List[str]:
    """The points of numbers, a line each."""
    at, camera = round(numbers.at * 1e9), ('camera', numbers.camera)
    found = [_point('room', [camera], {
        'people': numbers.people, 'watching': numbers.people is not None, 'fault': numbers.fault,
        'fps': float(round(numbers.fps, 1)), 'visits': numbers.room.get('visits'),
        'came': numbers.room.get('came')}, at)]
    found += [_point('area', [camera, ('area', area['name']), ('kind', area['kind'])],
                     {key: area[key] for key in ('people', 'waited', 'lately', 'usual')}, at)
              for area in numbers.areas()]
    found += [_point('line', [camera, ('line', line['name'])],
                     {key: line[key] for key in ('came', 'went')}, at) for line in numbers.lines()]
    return [point for point in found if point]


def event_point(event: Happening) -> str:
    """The point of an event; those of one moment differ by nanoseconds, or they would be one."""
    said = event.event
    return _point('event', [('camera', event.camera), ('event', said.event)], {
        'id': said.id, 'seconds': float(said.time), 'count': said.count, 'number': event.number,
        'value': None if said.value is None else float(said.value)},
        round(event.at * 1e6) * 1000 + event.number % 1000)


def _point(measurement: str, tags: List[Tuple[str, str]], fields: Dict[str, Any], at: int) -> str:
    """A line; '' without a field."""
    written = [f'{key}={text}' for key, text in
               ((key, _field(value)) for key, value in fields.items()) if text]
    if not written:
        return ''
    words = ''.join(f',{key}={_tag(value)}' for key, value in tags if value)
    moment = f' {at}' if at > EARLIEST else ''  # else this clock is wrong: the server's counts
    return f'{measurement}{words} {",".join(written)}{moment}'


def _field(value: Any) -> Optional[str]:
    if value is None:
        return None
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, int):
        return f'{value}i'
    if isinstance(value, float):
        return repr(value)
    return '"' + value.replace('\\', '\\\\').replace('"', '\\"') + '"'


def _tag(value: str) -> str:
    """A tag's value. A backslash cannot be written at its end, and a line break nowhere."""
    value = ''.join(c if c.isprintable() else '?' for c in value).replace('\\', '/')
    return value.replace(',', '\\,').replace('=', '\\=').replace(' ', '\\ ')
