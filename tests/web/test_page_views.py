"""The page's views of music and of training."""
import json
import os
import re

from figures import standing
from helpers import ROOT, wait_for
from pages import poses_of
from posesuite.activities.classifier import Classifier
from posesuite.activities.recordings import read_recording
from posesuite.pose.json_poses import pose_as_json

import pytest

TRIO = os.path.join(ROOT, 'samples', 'trio.jsonl')


def test_three_people_play(page):
    page.open(poses_of(TRIO))
    page.view('music')
    page.start()
    wait_for(lambda: re.fullmatch('Guitar [A-G]#?[345], Bass [A-G]#?[234], Voice [A-G]#?[456]',
                                  page.text('notes')))
    page.click('#sound')
    assert page.text('sound') == 'Sound off'
    heard = page.run_async("""
        const {Band} = await import('/page/sound.js'), band = new Band();
        band.loudness = 1;
        const analyser = new AnalyserNode(band.context, {fftSize: 16384});
        band.master.connect(analyser);
        const bins = new Float32Array(analyser.frequencyBinCount), found = [];
        for (const place of [0, 1, 2]) {
          band.play([0, 1, 2].map(other => other === place ? {note: 57, volume: .8} : null));
          await new Promise(resolve => setTimeout(resolve, 1200));
          analyser.getFloatFrequencyData(bins);
          const width = band.context.sampleRate / analyser.fftSize;
          const low = bins.slice(0, 300 / width | 0);
          found.push([low.indexOf(Math.max(...low)) * width, Math.max(...low)]);
        }
        await band.close();
        return found;""")
    for frequency, level in heard:
        assert frequency == pytest.approx(220, abs=8)  # A3
        assert level > -60  # decibels


def test_poses_are_collected_trained_and_recognized(page):
    """What the page writes is what pose_trainer.py reads, and the other way round."""
    standers = [dict(id=1, **pose_as_json(standing(480)))]
    pointers = [dict(id=1, **pose_as_json(standing(
        480, LEFT_WRIST=(580, 150), LEFT_ELBOW=(540, 150), RIGHT_WRIST=(380, 150),
        RIGHT_ELBOW=(420, 150))))]
    page.open([standers])
    page.view('trainer')
    page.type('#label', 'tree/')
    page.click('#add')
    assert page.text('error').startswith('A label needs 1 to 60 letters')
    page.run("document.getElementById('label').value = ''")
    for label in ('standing', 't_pose'):
        page.type('#label', label + '\n')
    assert page.run("document.querySelectorAll('#labels li').length") == 2
    page.set('countdown', 0)
    page.set('length', 2)
    page.start()
    for label in ('standing', 't_pose'):
        page.click(f'[aria-label="Record {label}"]')
        wait_for(lambda label=label: page.text('training').startswith('Recorded')
                 and label in page.text('training'))
        page.run_async(f"""stub.frames = {json.dumps([pointers])};""")
    page.click('[aria-label="Save the recordings of t_pose as pose logs"]')
    recording = read_recording(page.saved(r't_pose-.*\.jsonl'), 't_pose')
    assert len(recording.times) > 5
    page.click('#train')
    wait_for(lambda: page.text('training') == 'Person 1: t_pose')
    page.click('#save-classifier')
    path = page.saved(r'classifier-.*\.json')
    classifier = Classifier.read(path)
    assert classifier.labels == ['standing', 't_pose']
    assert {answer.label for answer in classifier.answers(recording.bodies)} == {'t_pose'}
    classifier.labels[1] = 'star'
    classifier.write(path)
    page.type('#classifier', path)
    wait_for(lambda: page.text('training') == 'Person 1: star')
