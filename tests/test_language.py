"""posesuite/language.py and its catalogues: every message in every language."""
import ast
import datetime
import glob
import os
import re
from typing import Set, Tuple

from helpers import ROOT
from posesuite.language import (
    FOLDER,
    LANGUAGES,
    MONTHS,
    SHORT_WEEKDAYS,
    VARIABLES,
    WEEKDAYS,
    Words,
    read_catalogue,
    script_messages,
    script_words,
    user_language,
)
from posesuite.pose.pose import FaultKind
from posesuite.visits.live_numbers import NOT_RUNNING

import pytest

SUITE = os.path.join(ROOT, 'posesuite')
Message = Tuple[str, ...]


def sources(folder: str, pattern: str) -> Set[str]:
    found = set()
    for path in glob.glob(os.path.join(glob.escape(SUITE), folder, pattern)):
        with open(path, encoding='utf-8') as file:
            found.add(file.read())
    return found


def messages() -> Set[Message]:
    """All that the report's code and templates and the page of --serve have translated."""
    jinja2 = pytest.importorskip('jinja2')
    found = {(name,) for name in (*WEEKDAYS, *SHORT_WEEKDAYS, *MONTHS, 'no frames', NOT_RUNNING,
                                  *(kind.value for kind in FaultKind))}
    for source in (sources('visits', '*.py') | sources('fleet', '*.py')
                   | sources('', 'language.py')):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call):
                name = getattr(node.func, 'id', getattr(node.func, 'attr', ''))
                values = [getattr(value, 'value', getattr(value, 's', None)) for value in node.args]
                texts = tuple(value for value in values if isinstance(value, str))
                if name in ('_', 'gettext', 'ngettext') and texts:
                    found.add(texts)
    for source in sources('display', '*.html'):
        found |= script_messages(source)
    environment = jinja2.Environment(extensions=['jinja2.ext.i18n'])
    for source in sources('visits', '*.html'):
        for _, _, texts in environment.extract_translations(source):
            found.add(tuple(filter(None, texts)) if isinstance(texts, tuple) else (texts,))
    return found


def catalogue_messages(language: str) -> Set[Message]:
    with open(os.path.join(FOLDER, language + '.po'), encoding='utf-8') as file:
        blocks = file.read().split('\n\n')[1:]
    found = [[ast.literal_eval(text) for text in re.findall(
        r'^msgid(?:_plural)? (".*")$', block, re.MULTILINE)] for block in blocks]
    assert len(found) == len(blocks) and len({tuple(texts) for texts in found}) == len(found)
    return {tuple(texts) for texts in found}


def test_there_are_four_languages():
    assert LANGUAGES == ['de', 'en', 'es', 'fr']


@pytest.mark.parametrize('language', ['de', 'es', 'fr'])
def test_every_message_is_translated_and_no_other(language):
    expected, words = messages(), Words(language)
    assert len(expected) > 100
    assert catalogue_messages(language) == expected
    for texts in expected:
        for count in (1, 2):
            said = (words.ngettext(*texts, count) if len(texts) > 1 else words.gettext(texts[0]))
            source = texts[min(count, len(texts)) - 1]
            assert said
            assert sorted(re.findall(r'%\(\w+\)[sd]|%%', said)) == sorted(
                re.findall(r'%\(\w+\)[sd]|%%', source)), source


def test_numbers_times_and_dates():
    english, german, french = Words('en'), Words('de'), Words('fr')
    assert [words.number(1234.5, 1) for words in (english, german, french)] == [
        '1,234.5', '1.234,5', '1\u202f234,5']
    assert [english.rough(value) for value in (0, 0.123, 2, 2.96, 4.56, 78.9,
                                                   float('nan'))] == [
        '0', '0.12', '2', '3', '4.6', '79', '']
    assert [german.duration(value) for value in (0, 99, 100, 5969, 7200, float('nan'))] == [
        '0 s', '99 s', '1,7 min', '99 min', '2 h', '']
    assert [words.hours(11, 13) for words in (english, german, french)] == [
        '11:00–13:00', '11–13 Uhr', '11 h–13 h']
    assert [english.people(value) for value in (0, 0.38, 0.6, 1.3, 2.1, 12.8)] == [
        'nobody', 'hardly anybody', '1 person', '1 or 2 people', '2 people', '13 people']
    assert Words('es').people(7.5) == 'entre 7 y 8 personas'
    assert german.share(1, 4) == '25 %' and german.share(1, 0) == ''


@pytest.mark.parametrize('language, expected', [
    ('en', 'Monday, 2 Mar'), ('de', 'Montag, 2. März'), ('fr', 'lundi 2 mars'),
    ('es', 'lunes, 2 mar')])
def test_days(language, expected):
    moment = datetime.datetime(2026, 3, 2, 14, 5).timestamp()
    assert Words(language).day(moment) == expected
    assert Words(language).moment(moment).endswith('2026, 14:05')


@pytest.mark.parametrize('environment, expected', [
    ({}, 'en'), ({'LANG': 'C.UTF-8'}, 'en'), ({'LANG': 'de_DE.UTF-8'}, 'de'),
    ({'LANG': 'de_DE.UTF-8', 'LC_ALL': 'fr_FR.UTF-8'}, 'fr'), ({'LANG': 'ja_JP.UTF-8'}, 'en'),
    ({'LANGUAGE': 'ja:es:de', 'LANG': 'de_DE.UTF-8'}, 'es'),
    ({'LC_ALL': 'C', 'LANG': 'de_DE.UTF-8'}, 'en')])
def test_the_language_is_that_of_the_locale(monkeypatch, environment, expected):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert user_language() == expected


def test_a_catalogue_of_an_editor(tmp_path):
    """Lines that go on, plurals, comments, and what is fuzzy, obsolete or not yet translated."""
    (tmp_path / 'xx.po').write_text(
        '# Words\nmsgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
        '"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n==2 ? 1 : 2);\\n"\n\n'
        '#: report.py:1\n#, python-format\n'
        'msgid ""\n"one "\n"two"\nmsgstr ""\n"é \\"1\\" "\n"2\\n"\n\n'
        'msgid "a cat"\nmsgid_plural "cats"\nmsgstr[0] "c0"\nmsgstr[1] "c1"\nmsgstr[2] "c2"\n\n'
        '#, fuzzy\nmsgid "maybe"\nmsgstr "perhaps"\n\nmsgid "later"\nmsgstr ""\n\n'
        '#~ msgid "old"\n#~ msgstr "former"\n', encoding='utf-8')
    catalogue = read_catalogue(str(tmp_path / 'xx.po'))
    assert catalogue.gettext('one two') == 'é "1" 2\n'
    assert [catalogue.ngettext('a cat', 'cats', n) for n in (1, 2, 3)] == ['c0', 'c1', 'c2']
    assert [catalogue.gettext(text) for text in ('maybe', 'later', 'old')] == [
        'maybe', 'later', 'old']


def test_the_words_of_a_script():
    assert script_messages("_('Today') plural('visit', 'visits', n) make_('this')") == {
        ('Today',), ('visit', 'visits')}
    words = script_words("_('Today') plural('visit', 'visits', n)")
    assert sorted(words) == ['de', 'es', 'fr']
    assert words['de'] == {'Today': ['Heute'], 'visit': ['Besuch', 'Besuche']}


def test_the_page_of_serve_has_words_for_every_fault():
    with open(os.path.join(SUITE, 'display', 'web_page.html'), encoding='utf-8') as file:
        found = script_messages(file.read())
    assert {(kind.value,) for kind in FaultKind} | {('no frames',), (NOT_RUNNING,)} <= found
