"""posesuite/visits/room.py: a store keeps the empty room's edges, or all of it, and forgets it."""
import datetime
import os
import sqlite3
from typing import Any, Optional

from figures import frame
from helpers import wait_for
from posesuite.visits import store as store_module
from posesuite.visits.queries import open_store
from posesuite.visits.room import StoredRoom, read_room, room_edges
from posesuite.visits.store import VisitStore
from stores import FOREVER, START, fill

import cv2
import numpy as np
import pytest

ROOM = np.full((480, 640, 3), (200, 180, 150), np.uint8)
ROOM[100:300, 200:400] = 60, 90, 120


def stored(path: Any) -> Optional[StoredRoom]:
    with open_store(str(path)) as store:
        return read_room(store)


def keep(path: Any, *rooms: Optional[np.ndarray], **options: Any) -> None:
    with VisitStore(str(path), FOREVER, **options) as store:
        for number, room in enumerate(rooms):
            store.keep_room(room)
            store.write(frame(number), {})


def test_it_keeps_the_edges(tmp_path):
    keep(tmp_path / 'visits.db', None, ROOM)
    room = stored(tmp_path / 'visits.db')
    assert not room.whole and room.media_type == 'image/png'
    image = room.image()
    assert set(np.unique(image)) == {0, 255} and (image[:, :, 0] == room_edges(ROOM)).all()
    assert 300 < (image > 0).sum() / 3 < 2000  # lines around one rectangle
    edges = cv2.boundingRect(image[:, :, 0])
    assert np.abs(np.subtract(edges, (200, 100, 200, 200))).max() <= 3


def test_it_keeps_the_picture_if_it_is_told_to(tmp_path):
    keep(tmp_path / 'visits.db', ROOM, whole_room=True)
    room = stored(tmp_path / 'visits.db')
    assert room.whole and room.media_type == 'image/jpeg'
    assert room.image().shape == ROOM.shape
    assert np.abs(room.image().astype(int) - ROOM).mean() < 2


def test_only_the_latest_is_kept(tmp_path):
    """Also one that was whole before the owner changed their mind."""
    keep(tmp_path / 'visits.db', ROOM, whole_room=True)
    keep(tmp_path / 'visits.db', ROOM[::-1])
    db = sqlite3.connect(str(tmp_path / 'visits.db'))
    (whole,), = db.execute('SELECT whole FROM rooms')
    db.close()
    assert not whole
    assert (stored(tmp_path / 'visits.db').image()[:, :, 0] == room_edges(ROOM[::-1])).all()


def test_what_is_no_longer_shown_is_no_longer_kept(tmp_path):
    """A part that turns out to be doubtful is grey in the next picture."""
    doubtful = ROOM.copy()
    doubtful[:, 150:450] = 128
    keep(tmp_path / 'visits.db', ROOM, doubtful, whole_room=True)
    assert np.abs(stored(tmp_path / 'visits.db').image().astype(int) - doubtful).max() < 30


def test_the_same_picture_is_written_once(tmp_path, monkeypatch):
    """Cards wear out by writing. An array of its own for each frame is the same picture."""
    monkeypatch.setattr(store_module, 'FLUSH_INTERVAL', 0.05)
    path = str(tmp_path / 'visits.db')
    with VisitStore(path, FOREVER) as store:
        store.keep_room(ROOM)
        store.write(frame(0), {})
        wait_for(lambda: os.path.exists(path) and stored(path))
        db = sqlite3.connect(path)
        db.execute('UPDATE rooms SET whole = 7')
        db.commit()
        db.close()
        store.keep_room(ROOM.copy())
        store.write(frame(1), {})
    db = sqlite3.connect(path)
    assert db.execute('SELECT whole FROM rooms').fetchall() == [(7,)]
    db.close()


def test_large_pictures_are_made_smaller(tmp_path):
    keep(tmp_path / 'visits.db', np.repeat(np.repeat(ROOM, 4, 0), 4, 1))
    assert stored(tmp_path / 'visits.db').image().shape == (960, 1280, 3)


def test_another_run_of_the_same_view_keeps_it(tmp_path):
    """A source that begins anew, with a picture that is as it was; another size has another."""
    path = tmp_path / 'visits.db'
    with VisitStore(str(path), FOREVER, start=START) as store:
        store.keep_room(ROOM)
        store.write(frame(5), {})
        store.write(frame(0), {})
        store.write(frame(0, image=ROOM[::2, ::2]), {})
    db = sqlite3.connect(str(path))
    (run,), = db.execute('SELECT run FROM rooms')
    runs = [number for number, in db.execute('SELECT id FROM runs')]
    db.close()
    assert (run, runs) == (2, [1, 2, 3])


def test_it_goes_with_its_run(tmp_path):
    old = START - datetime.timedelta(days=40)
    with VisitStore(str(tmp_path / 'visits.db'), FOREVER, start=old) as store:
        store.keep_room(ROOM)
        store.write(frame(0), {})
    assert stored(tmp_path / 'visits.db')
    fill(tmp_path / 'visits.db', {}, 1, keep_days=30)
    assert stored(tmp_path / 'visits.db') is None


def test_stores_of_before_have_none(tmp_path):
    fill(tmp_path / 'visits.db', {}, 1)
    db = sqlite3.connect(str(tmp_path / 'visits.db'))
    db.execute('DROP TABLE rooms')
    db.commit()
    db.close()
    assert stored(tmp_path / 'visits.db') is None
    keep(tmp_path / 'visits.db', ROOM)
    assert stored(tmp_path / 'visits.db')


def test_damage_is_one_line(tmp_path):
    with pytest.raises(ValueError, match='damaged'):
        StoredRoom(True, b'no picture').image()
    with pytest.raises(ValueError, match='damaged'):
        StoredRoom(True, b'').image()
    keep(tmp_path / 'visits.db', ROOM)
    db = sqlite3.connect(str(tmp_path / 'visits.db'))
    db.execute('UPDATE rooms SET picture = 3')
    db.commit()
    db.close()
    with pytest.raises(ValueError, match='wrong type: 3'):
        stored(tmp_path / 'visits.db')
