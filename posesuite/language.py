"""Languages of what an owner reads: catalogues, and how numbers, times and dates are written.

    words = Words('de')
    words.gettext('Today'), words.number(1234), words.duration(80)

English is in the code; languages/*.po are the translations.
"""
import ast
import datetime
import gettext
import glob
import io
import os
import re
import struct
from typing import Dict, List, Optional, Set, Tuple

import numpy as np

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'languages')
LANGUAGES = sorted(['en', *(os.path.splitext(os.path.basename(path))[0] for path in
                            glob.glob(os.path.join(glob.escape(FOLDER), '*.po')))])
VARIABLES = 'LANGUAGE', 'LC_ALL', 'LC_MESSAGES', 'LANG'  # name the user's language, first to last
# Between thousands and before decimals; a narrow space in French.
SEPARATORS = {'en': (',', '.'), 'de': ('.', ','), 'es': ('.', ','), 'fr': ('\u202f', ',')}
WEEKDAYS = ('Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday')
SHORT_WEEKDAYS = ('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')
MONTHS = ('Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec')
MAGIC = 0x950412de  # of a compiled catalogue
SCRIPT_MESSAGE = re.compile(r"""\b(?:_|plural)\('([^']+)'(?:, '([^']+)')?""")
PART = re.compile(r'(?:(msgid|msgid_plural|msgstr(?:\[\d+\])?)\s+)?(".*")\s*$')


def user_language() -> str:
    """The language of the user's locale, one of LANGUAGES; English if there is no other."""
    for name in filter(None, map(os.environ.get, VARIABLES)):
        for language in name.split(':'):
            if language[:2] in LANGUAGES:
                return language[:2]
        break  # a locale of another language, such as C
    return 'en'


class Words:
    """A language: its catalogue, and its numbers, durations, times and dates in words.

    language: one of LANGUAGES. Times are seconds since 1970 and written in local time.
    """

    def __init__(self, language: str = 'en') -> None:
        self.language = language
        self.catalogue = (gettext.NullTranslations() if language == 'en' else
                          read_catalogue(os.path.join(FOLDER, language + '.po')))
        self.gettext, self.ngettext = self.catalogue.gettext, self.catalogue.ngettext

    def number(self, value: float, decimals: int = 0) -> str:
        """A number; an empty text for NaN."""
        if np.isnan(value):
            return ''
        thousands, point = SEPARATORS.get(self.language, SEPARATORS['en'])
        return f'{value:,.{decimals}f}'.translate({ord(','): thousands, ord('.'): point})

    def rough(self, value: float) -> str:
        """A number with as many decimals as it needs to say something; an empty text for NaN."""
        if np.isnan(value):
            return ''
        decimals = 0 if value >= 10 else 1 if value >= 1 else 2
        return self.number(value, 0 if round(value % 1, decimals) in (0, 1) else decimals)

    def share(self, part: float, whole: float = 1) -> str:
        """A percentage."""
        _ = self.gettext
        return _('%(n)s %%') % {'n': self.number(100 * part / whole)} if whole else ''

    def duration(self, seconds: float) -> str:
        """A duration in seconds, minutes or hours; an empty text for NaN."""
        if np.isnan(seconds):
            return ''
        unit, text = self._unit(seconds)
        return text % {'n': self.rough(seconds / unit)}

    def durations(self, least: float, most: float) -> str:
        """A range of durations in seconds, both in the unit of the longer one."""
        unit, text = self._unit(most)
        return text % {'n': f'{self.rough(least / unit)}–{self.rough(most / unit)}'}

    def _unit(self, seconds: float) -> Tuple[float, str]:
        """Seconds of the unit of a duration, and how it is written."""
        _ = self.gettext
        if seconds < 99.5:
            return 1, _('%(n)s s')
        return (60, _('%(n)s min')) if seconds < 5970 else (3600, _('%(n)s h'))

    def metres(self, metres: float) -> str:
        """A length; an empty text for NaN."""
        return '' if np.isnan(metres) else self.gettext('%(n)s m') % {'n': self.number(metres, 1)}

    def hours(self, begin: int, end: Optional[int] = None) -> str:
        """An hour of the day or some in a row; end is begin + 1 if left out."""
        _ = self.gettext
        return _('%(begin)d:00–%(end)d:00') % {'begin': begin,
                                               'end': begin + 1 if end is None else end}

    def weekday(self, day: int, short: bool = False) -> str:
        """The name of a weekday, from Monday 0."""
        return self.gettext((SHORT_WEEKDAYS if short else WEEKDAYS)[day])

    def day(self, seconds: float) -> str:
        """A weekday and its date, without the year."""
        _, local = self.gettext, datetime.datetime.fromtimestamp(seconds)
        return _('%(weekday)s, %(day)d %(month)s') % {
            'weekday': self.weekday(local.weekday()), 'day': local.day,
            'month': _(MONTHS[local.month - 1])}

    def short_date(self, seconds: float) -> str:
        """A date without the year."""
        _, local = self.gettext, datetime.datetime.fromtimestamp(seconds)
        return _('%(day)d %(month)s') % {'day': local.day, 'month': _(MONTHS[local.month - 1])}

    def date(self, seconds: float) -> str:
        """A date with its year."""
        return f'{self.short_date(seconds)} {datetime.datetime.fromtimestamp(seconds).year}'

    def clock(self, seconds: float) -> str:
        """A time of the day."""
        return f'{datetime.datetime.fromtimestamp(seconds):%H:%M}'

    def moment(self, seconds: float) -> str:
        """A date and a time of the day."""
        return f'{self.date(seconds)}, {self.clock(seconds)}'


def script_messages(page: str) -> Set[Tuple[str, ...]]:
    """The messages of a page's script: of _('…') one text, of plural('…', '…', number) two."""
    return {tuple(filter(None, found)) for found in SCRIPT_MESSAGE.findall(page)}


def script_words(page: str) -> Dict[str, Dict[str, List[str]]]:
    """For each language but English the translations of a page's script: by the first text of a
    message, its translation, or those for one and for many.
    """
    found = {}
    for language in LANGUAGES:
        if language != 'en':
            words = Words(language)
            found[language] = {texts[0]: [words.gettext(texts[0])] if len(texts) == 1 else [
                words.ngettext(*texts, number) for number in (1, 2)]
                for texts in sorted(script_messages(page))}
    return found


def read_catalogue(path: str) -> gettext.GNUTranslations:
    """The catalogue of a .po file. gettext reads compiled ones only, so it is compiled in memory.

    Entries marked fuzzy are left out.
    """
    with open(path, encoding='utf-8') as file:
        blocks = file.read().split('\n\n')
    texts = {}
    for block in blocks:
        parts: Dict[str, str] = {}
        key = ''
        for found in filter(None, map(PART.match, block.splitlines())):
            key = found.group(1) or key
            parts[key] = parts.get(key, '') + ast.literal_eval(found.group(2))
        translated = [text for key, text in sorted(parts.items()) if key.startswith('msgstr')]
        if any(translated) and not re.search(r'^#,.*\bfuzzy\b', block, re.MULTILINE):
            source = [parts[key] for key in ('msgid', 'msgid_plural') if key in parts]
            texts['\0'.join(source)] = '\0'.join(translated)
    return gettext.GNUTranslations(io.BytesIO(_compiled(texts)))


def _compiled(texts: Dict[str, str]) -> bytes:
    """A catalogue as in a .mo file: a header, the places of all texts, the texts."""
    pairs = sorted((source.encode(), text.encode()) for source, text in texts.items())
    count, data, places = len(pairs), b'', []
    for text in [*(source for source, _ in pairs), *(text for _, text in pairs)]:
        places += [len(text), 28 + 16 * count + len(data)]
        data += text + b'\0'
    return struct.pack(f'<7I{4 * count}I', MAGIC, 0, count, 28, 28 + 8 * count, 0, 0,
                       *places) + data
