"""What Home Assistant must be told to find a camera at a broker by itself: MQTT discovery."""
import hashlib
from typing import Any, Dict, Iterable, Iterator, Optional, Tuple

from posesuite import __version__
from posesuite.publish.messages import Numbers

PREFIX = 'homeassistant'  # of the topics that Home Assistant listens to
NAME = 'Edge TPU pose suite'
# What entities have by their kinds. Statistics of what has a state_class are kept for ever.
NOW = {'state_class': 'measurement', 'unit_of_measurement': 'people', 'icon': 'mdi:account-group'}
TODAY = {'state_class': 'total_increasing', 'unit_of_measurement': 'people',
         'icon': 'mdi:counter'}
STAY = {'state_class': 'measurement', 'device_class': 'duration', 'unit_of_measurement': 's',
        'entity_category': 'diagnostic'}
RATE = {'state_class': 'measurement', 'unit_of_measurement': 'fps', 'icon': 'mdi:speedometer',
        'entity_category': 'diagnostic'}
PROBLEM = {'device_class': 'problem', 'entity_category': 'diagnostic'}
# An event as Home Assistant has it: all of it, and its name as its type.
EVENT = '{{ dict(value_json, event_type=value_json.event) | tojson }}'

Entity = Tuple[str, str, str, str, Dict[str, Any]]  # component, key, name, template, the rest


def configurations(prefix: str, topic: str, camera: str, numbers: Optional[Numbers],
                   kinds: Iterable[str]) -> Dict[str, Dict[str, Any]]:
    """The retained messages by their topics, for the entities that the numbers have.

    prefix: '' for none. topic: of the camera's messages. kinds: names of events.
    """
    if not prefix:
        return {}
    device = 'posesuite_' + _digest(topic)
    common = {'availability_topic': f'{topic}/status',
              'device': {'identifiers': [device], 'name': camera, 'manufacturer': NAME,
                         'model': 'camera', 'sw_version': __version__},
              'origin': {'name': NAME, 'sw_version': __version__}}
    found = {}
    for component, key, name, template, more in _entities(topic, numbers, sorted(kinds)):
        found[f'{prefix}/{component}/{device}/{key}/config'] = {
            'name': name, 'unique_id': f'{device}_{key}', 'state_topic': f'{topic}/numbers',
            'value_template': template, **more, **common}
    return found


def _entities(topic: str, numbers: Optional[Numbers], kinds: Any) -> Iterator[Entity]:
    # Names are not in the templates, which are programs: areas are told by their places.
    if numbers:
        yield 'sensor', 'people', 'People', '{{ value_json.people }}', NOW
        yield 'sensor', 'rate', 'Frame rate', '{{ value_json.frames_per_second }}', RATE
        yield ('binary_sensor', 'fault', 'Camera fault',
               "{{ 'ON' if value_json.fault else 'OFF' }}",
               dict(PROBLEM, json_attributes_topic=f'{topic}/numbers',
                    json_attributes_template="{{ {'fault': value_json.fault} | tojson }}"))
        if numbers.room:
            yield 'sensor', 'visits', 'Visits today', '{{ value_json.visits }}', TODAY
            yield 'sensor', 'came', 'Came in today', '{{ value_json.came }}', TODAY
        seen: Dict[str, int] = {}
        for i, line in enumerate(numbers.lines()):
            key, value = _key('line', line['name'], seen), f'value_json.lines[{i}]'
            for name, words in (('came', 'in today'), ('went', 'out today')):
                yield ('sensor', f'{key}_{name}', f'{line["name"]}: {words}',
                       f'{{{{ {value}.{name} }}}}', TODAY)
        for i, area in enumerate(numbers.areas()):
            key, value = _key('area', area['name'], seen), f'value_json.areas[{i}]'
            waits = 'waiting' if area['kind'] == 'queue' else 'people'
            yield ('sensor', key, f'{area["name"]}: {waits}', f'{{{{ {value}.people }}}}', NOW)
            for name, words in (('lately', 'stay lately'), ('usual', 'stay today')):
                yield ('sensor', f'{key}_{name}', f'{area["name"]}: {words}',
                       f'{{{{ {value}.{name} }}}}', STAY)
    if kinds:
        yield 'event', 'activity', 'Activity', EVENT, {
            'event_types': kinds, 'state_topic': f'{topic}/events', 'qos': 1,
            'icon': 'mdi:human'}


def _key(kind: str, name: str, seen: Dict[str, int]) -> str:
    """What stays the same for an area or a line wherever it stands among the others."""
    key = f'{kind}_{_digest(name)}'
    seen[key] = seen.get(key, 0) + 1
    return key if seen[key] == 1 else f'{key}_{seen[key]}'


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:10]
