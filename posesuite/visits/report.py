"""The report on stored visits: one self-contained page, in words and plots, and its tables as CSV.

    make_report(['hall.db', 'shop.db'], 'report.html', areas='areas.json', language='de')

report.html beside this file is the page's template; charts.py and places.py say which plots it has,
plots.py where their parts lie and plots.html how they are drawn.
"""
import base64
import datetime
import importlib.util
import os
import time
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from posesuite.files import written_whole
from posesuite.language import Words, user_language
from posesuite.visits import charts, places
from posesuite.visits.activity_plots import activity_plots
from posesuite.visits.answers import answers, stops, this_week, too_little
from posesuite.visits.areas import Plan, read_plan
from posesuite.visits.blanks import blanked
from posesuite.visits.maps import Ground
from posesuite.visits.measure import measure
from posesuite.visits.queries import open_store
from posesuite.visits.room import StoredRoom, read_room
from posesuite.visits.statistics import MIN_VISIT, STAY, AreaUse, Room, waits
from posesuite.visits.tables import csv_tables

import numpy as np

FOLDER = os.path.dirname(os.path.abspath(__file__))
TEMPLATE = 'report.html'
NEEDED = ('jinja2',)  # packages that only the report needs
MAX_GAPS = 10  # interruptions that are listed


class Camera(NamedTuple):
    """What the page shows of one store."""
    room: Room
    plan: Plan
    picture: Optional[StoredRoom]


def make_report(stores: Sequence[str], output: str, areas: Optional[str] = None,
                csv_folder: Optional[str] = None, min_visits: int = 5,
                since: Optional[datetime.datetime] = None,
                until: Optional[datetime.datetime] = None, title: str = '',
                language: str = '', min_stay: float = MIN_VISIT) -> None:
    """Writes the report on some stores, one a camera, as an HTML page.

    areas: an areas.json. csv_folder: for the tables, which replace files of the same names there.
    min_visits: cells, hours and areas with fewer visits are left blank.
    since, until: limits of the visits' begin; without a time zone they are local.
    language: one of language.LANGUAGES; that of the locale if it is empty.
    min_stay: seconds of the shortest visit that counts.
    Raises OSError, ValueError or ImportError with one line.
    """
    need_jinja()
    if min_visits < 1:
        raise ValueError(f'min_visits must be 1 or more, got {min_visits}')
    cameras = _cameras(stores, areas, since, until, min_stay)
    page = _page(cameras, min_visits, title, Words(language or user_language()))
    _write(output, page)
    if csv_folder:
        write_tables(csv_folder, csv_tables([camera.room for camera in cameras], min_visits))


def write_tables(folder: str, texts: Mapping[str, str]) -> None:
    """Writes CSV files by their names into a folder, which may be new. Raises OSError."""
    os.makedirs(folder, exist_ok=True)
    for name, text in texts.items():
        _write(os.path.join(folder, name + '.csv'), text)


def _cameras(stores: Sequence[str], areas: Optional[str], since: Optional[datetime.datetime],
             until: Optional[datetime.datetime], min_stay: float) -> List[Camera]:
    names = [os.path.basename(store) for store in stores]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f'two stores are called {name}; rename one, because areas and tables '
                             'distinguish stores by their names')
    whole, cameras = read_plan(areas, stores) if areas else Plan(), []
    for path, name in zip(stores, names):
        plan = whole.of(name)
        room = measure(path, os.path.splitext(name)[0], plan.areas, since, until, plan.lines,
                       plan.floors[0] if plan.floors else None, min_stay)
        with open_store(path) as store:
            picture = read_room(store)
        cameras.append(Camera(room, plan, picture))
    return cameras


def _write(path: str, text: str) -> None:
    # A store's title or a file's name may hold what UTF-8 does not.
    with written_whole(path, errors='replace', newline='') as file:
        file.write(text)


def _page(cameras: List[Camera], min_visits: int, title: str, words: Words) -> str:
    seen = [places.Seen(camera.room, camera.plan, camera.plan.floors[0]) for camera in cameras
            if camera.plan.floors and len(camera.room.begins) >= min_visits]
    return _filled(
        words, min_visits, title or ', '.join(camera.room.label for camera in cameras),
        side_by_side=[_side_by_side(camera.room, min_visits, words) for camera in cameras],
        floor=places.floor_maps(words, seen, min_visits) if seen else [],
        rooms=[_room(camera, f'room{number}', min_visits, words)
               for number, camera in enumerate(cameras, 1)])


def write_page(path: str, words: Words, min_visits: int, title: str, room: Room,
               facts: Sequence[str], side_by_side: Sequence[Sequence[str]], enough: bool) -> None:
    """Writes a page on many cameras together.

    room: the sums of all of them by hours. facts: sentences on all. side_by_side: of each camera,
    its name, visits, median visit and time watched. enough: whether their visits may be shown.
    Raises OSError, or ImportError with one line.
    """
    need_jinja()
    page = {'label': room.label, 'id': 'all', 'picture': None, 'facts': facts, 'answers': [],
            'note': '' if enough else words.gettext(
                'Too little yet: fewer than %(n)d visits. Come back in a few days.') % {
                    'n': min_visits},
            'sections': [(words.gettext('When people come'), '',
                          charts.when_plots(words, room, min_visits))] if enough else [],
            'areas': [], 'order': None, 'now': words.moment(room.now), 'gaps': [], 'gap_count': 0}
    _write(path, _filled(words, min_visits, title, side_by_side=side_by_side, floor=[],
                         rooms=[page]))


def _filled(words: Words, min_visits: int, title: str, **values: Any) -> str:
    """The template, filled."""
    import jinja2
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
        extensions=['jinja2.ext.i18n'])
    environment.install_gettext_translations(words.catalogue, newstyle=True)
    return environment.get_template(TEMPLATE).render(
        title=title, language=words.language, zone='/'.join(dict.fromkeys(time.tzname)),
        min_visits=min_visits, stay=words.duration(STAY), made=words.moment(time.time()), **values)


def need_jinja() -> None:
    """Raises ImportError with one line if what only the report needs is missing."""
    missing = [package for package in NEEDED if importlib.util.find_spec(package) is None]
    if missing:
        raise ImportError(f'the report needs {" and ".join(missing)}, which this Python lacks: '
                          f'pip install {" ".join(missing)}')


def _room(camera: Camera, name: str, min_visits: int, words: Words) -> Dict[str, Any]:
    """The template's values for one camera. name: an id of its own on the page."""
    room, picture = camera.room, camera.picture
    enough = len(room.begins) >= min_visits
    longest = sorted(room.gaps, key=lambda gap: gap.begun - gap.ended)[:MAX_GAPS]
    ground = places.picture(room, camera.plan, name if picture else '')
    return {
        'label': room.label, 'id': name, 'picture': picture and {
            'edges': not picture.whole, 'source': f'data:{picture.media_type};base64,'
                                                  + base64.b64encode(picture.picture).decode()},
        'facts': _facts(room, min_visits, words), 'note': too_little(words, room, min_visits),
        'answers': answers(words, room, min_visits) if enough else [],
        'sections': _sections(room, min_visits, words, ground) if enough else [],
        'areas': [[use.area.name, *_area_in_words(room, use, min_visits, words)]
                  for use in room.areas] if enough else [],
        'order': _order(room, min_visits, words) if enough and len(room.areas) > 1 else None,
        'now': words.moment(room.now), 'gap_count': len(room.gaps),
        'gaps': [[words.moment(gap.begun), words.duration(gap.ended - gap.begun),
                  words.gettext(gap.why)] for gap in sorted(longest)]}


def _sections(room: Room, min_visits: int, words: Words, ground: Ground) -> List[Any]:
    """Title, first sentence and plots of each section."""
    _ = words.gettext
    areas = [plot for use in room.areas
             for plot in charts.area_plots(words, room, use, min_visits)]
    found = [(_('Today'), '', charts.today_plots(words, room, min_visits)),
             (_('When people come'), this_week(words, room, min_visits),
              charts.when_plots(words, room, min_visits)),
             (_('Where people stop and walk'), '',
              places.picture_maps(words, room, min_visits, ground)),
             (_('What people do'), '', activity_plots(words, room, min_visits, ground)),
             (_('What people do there'), '', places.attention_plots(words, room, min_visits)),
             (_('How long people stay'), '', charts.stay_plots(words, room, min_visits)),
             (_('Areas by hour'), '', areas)]
    return [section for section in found if section[2]]


def _facts(room: Room, min_visits: int, words: Words) -> List[str]:
    """What is known of a camera's room as a whole, in sentences."""
    _, count = words.gettext, len(room.begins)
    few = words.fewer_than(min_visits)
    facts = []
    if count >= min_visits:
        facts.append(words.ngettext(
            '%(n)s visit from %(begin)s to %(end)s.', '%(n)s visits from %(begin)s to %(end)s.',
            count) % {'n': words.number(count), 'begin': words.date(room.begins.min()),
                      'end': words.date(room.begins.max())})
        low, middle, high = map(words.duration, np.percentile(room.dwell, (25, 50, 75)))
        facts.append(_('The median visit lasts %(middle)s; half of all visits last between '
                       '%(low)s and %(high)s.') % {'middle': middle, 'low': low, 'high': high})
    if np.isfinite(room.speed).sum() >= min_visits:
        facts.append(_('The median walking speed is %(n)s m/s.') % {
            'n': words.number(float(np.nanmedian(room.speed)), 1)})
    facts.append(_('Watched for %(time)s.') % {'time': words.duration(room.watched.sum())})
    if room.gaps:
        lost = sum(gap.ended - gap.begun for gap in room.gaps)
        facts.append(words.ngettext(
            '%(n)d interruption, %(time)s in all.', '%(n)d interruptions, %(time)s in all.',
            len(room.gaps)) % {'n': len(room.gaps), 'time': words.duration(lost)})
    if room.short:
        facts.append(_('Not counted, because shorter than %(time)s: %(n)s.') % {
            'time': words.duration(room.min_stay),
            'n': words.number(room.short) if room.short >= min_visits else few})
    return facts


def _side_by_side(room: Room, min_visits: int, words: Words) -> List[str]:
    """Name, visits, median visit and time watched."""
    enough = len(room.begins) >= min_visits
    return [room.label, words.number(len(room.begins)) if enough else
            words.fewer_than(min_visits),
            words.duration(np.median(room.dwell)) if enough else '',
            words.duration(room.watched.sum())]


def _area_in_words(room: Room, use: AreaUse, min_visits: int, words: Words) -> List[str]:
    """Visits, their share, median stay, that in the last half hour and usually at its hour."""
    few = words.fewer_than(min_visits)
    if stops(use) < min_visits:
        return [few, '', '', '', '']
    recent, usual = (words.duration(np.median(stays)) if len(stays) >= min_visits else few
                     for stays in waits(room, use))
    return [words.number(stops(use)), words.share(stops(use), len(room.begins)),
            words.duration(np.median(use.dwell)) if len(use.dwell) >= min_visits else few,
            recent, usual]


def _order(room: Room, min_visits: int, words: Words) -> Dict[str, Any]:
    _, names = words.gettext, [use.area.name for use in room.areas]
    return {'header': ['', *names, _('leaves')],
            'rows': [[name, *map(words.number, row)] for name, row in zip(
                [_('enters'), *names], blanked(room.steps, min_visits))]}
