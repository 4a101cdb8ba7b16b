"""What the anonymizer's store keeps of the room: its edges, or the picture of the empty room."""
from canary import CANARY, CLIP, SET, is_planted, messages, run
from posesuite.visits.queries import open_store
from posesuite.visits.room import read_room, room_edges

import numpy as np
import pytest


@pytest.mark.parametrize('whole', [False, True])
def test_only_the_proven_room_is_kept(tmp_path, canaries, room, whole):
    """Nothing of the camera from after the proof, although the store is written until the end."""
    path = str(tmp_path / 'visits.db')
    done = run('--videosrc', canaries, '--headless', '--store', path,
               *['--keep-background'] * whole)
    assert messages(done)[-1].startswith(SET)
    with open_store(path) as store:
        kept = read_room(store)
    image = kept.image()
    assert kept.whole == whole and image.shape == (480, 640, 3)
    assert not is_planted(image)
    if whole:
        assert np.abs(image.astype(int) - room[:, :, ::-1]).mean() < 8
    else:
        assert set(np.unique(image)) == {0, 255}
        edges, found = room_edges(np.ascontiguousarray(room[:, :, ::-1])), image[:, :, 0]
        assert abs(np.mean(found[CANARY] > 0) - np.mean(edges[CANARY] > 0)) < 0.05


@pytest.mark.parametrize('arguments', [[], ['--keep-background']])
def test_without_a_proof_nothing_is_kept(tmp_path, arguments):
    """Of a log, which has no picture, and so no background."""
    path = str(tmp_path / 'visits.db')
    run('--videosrc', CLIP.replace('.mp4', '.jsonl'), '--headless', '--store', path, *arguments)
    with open_store(path) as store:
        assert read_room(store) is None


@pytest.mark.parametrize('arguments', [[], ['--store', 'visits.db', '--no-background']])
def test_what_cannot_be_kept_is_wrong_usage(tmp_path, arguments):
    said = run('--keep-background', '--headless', *arguments, status=2, cwd=str(tmp_path)).stderr
    assert said.startswith('error: --keep-background needs --store and a background')
    assert said.count('\n') == 1
