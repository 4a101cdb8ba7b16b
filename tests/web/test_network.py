"""The network and the decoder in real browsers: the same poses as in Python."""
import os

from helpers import ROOT, bundled_model
from pose_engine import PoseEngine
from posesuite.camera import Camera
from posesuite.pose import KeypointType
from sites import open_module, outcome, show

import numpy as np
import pytest
from PIL import Image

COUPLE = os.path.join(ROOT, 'samples', 'couple.jpg')
CLIP = os.path.join(ROOT, 'samples', 'three_people.mp4')


@pytest.fixture(scope='module')
def images():
    """Of sizes that are shrunk with and without an average, enlarged, and left as they are."""
    couple = Image.open(COUPLE)
    with Camera(CLIP) as camera:
        frames = [frame.image.copy() for frame, _ in zip(camera, range(40))]
    resized = [couple.resize(size) for size in ((1500, 1125), (962, 706), (300, 225), (481, 353))]
    return [*map(np.array, (couple, *resized, couple.crop((0, 0, 340, 480)))), frames[-1]]


def assert_same(found, poses):
    assert len(found) == len(poses)
    for pose, expected in zip(found, poses):
        assert pose['score'] == pytest.approx(expected.score, abs=1e-4)
        assert [each['part'] for each in pose['keypoints']] == [
            'nose', 'leftEye', 'rightEye', 'leftEar', 'rightEar', 'leftShoulder', 'rightShoulder',
            'leftElbow', 'rightElbow', 'leftWrist', 'rightWrist', 'leftHip', 'rightHip', 'leftKnee',
            'rightKnee', 'leftAnkle', 'rightAnkle']
        for each, keypoint in zip(pose['keypoints'], expected.keypoints.values()):
            assert each['score'] == pytest.approx(keypoint.score, abs=1e-4)
            assert each['position'] == pytest.approx(keypoint.point._asdict(), abs=0.01)


def test_poses_are_those_of_python(served, browser, images):
    open_module(browser, served.url)
    engine = PoseEngine(bundled_model(), score_threshold=0.1, nms_radius=20, max_poses=4,
                        mirror=True)
    one = PoseEngine(bundled_model(), single=True, score_threshold=0)
    people = []
    for image in images:
        show(browser, image)
        poses = engine.DetectPosesInImage(image)[0]
        people.append(len(poses))
        assert_same(browser.run('net.estimateMultiplePoses(frame, {scoreThreshold: 0.1, '
                                'nmsRadius: 20, maxDetections: 4, flipHorizontal: true})'), poses)
        assert_same([browser.run('net.estimateSinglePose(frame)')],
                    one.DetectPosesInImage(image)[0])
    assert people[0] == 2 and max(people) == 3


def test_heatmaps_are_those_of_python(served, browser, images):
    open_module(browser, served.url)
    engine, image = PoseEngine(bundled_model()), images[4]  # of the input's size
    assert image.shape == (353, 481, 3)
    engine.DetectPosesInImage(image)
    show(browser, image)
    browser.run('net.estimateMultiplePoses(frame)')
    for part, argument in ((KeypointType.LEFT_WRIST, '"leftWrist"'), (None, '')):
        heatmap = browser.run(f'net.heatmap({argument}).then(heatmap => '
                              '({...heatmap, scores: Array.from(heatmap.scores)}))')
        expected = engine.GetHeatmap(part)[::16, ::16]
        assert (heatmap['height'], heatmap['width']) == expected.shape == (23, 31)
        assert heatmap['scores'] == pytest.approx(expected.ravel().tolist(), abs=1e-4)
        assert {name: heatmap[name] for name in ('left', 'top', 'cellWidth', 'cellHeight',
                                                 'imageWidth', 'imageHeight')} == {
            'left': 0, 'top': 0, 'cellWidth': 16, 'cellHeight': 16, 'imageWidth': 481,
            'imageHeight': 353}


def test_sources_of_images_and_requests_at_once(served, browser, images):
    open_module(browser, served.url)
    show(browser, images[0])
    places = browser.run('''(async () => {
      const canvas = document.createElement('canvas');
      canvas.width = frame.width;
      canvas.height = frame.height;
      canvas.getContext('2d').putImageData(frame, 0, 0);
      const image = new Image();
      image.src = canvas.toDataURL();
      await image.decode();
      image.width = 100;  // as it is shown, which does not matter
      const black = new ImageData(64, 48);
      const all = await Promise.all([frame, black, canvas, image, await createImageBitmap(canvas)]
          .map(each => net.estimateMultiplePoses(each)));
      return all.map(poses => poses.map(({keypoints}) => keypoints[0].position));
    })()''')
    assert len(places) == 5 and len(places[0]) == 2 and places[1] == []
    assert places[2] == places[3] == places[4] == places[0]


FAILURES = [
    ('load({outputStride: 8})', 'no-model', 'outputStride 8'),
    ('load({inputResolution: -1})', 'options', 'inputResolution'),
    ('load({modelUrl: "nothing.tflite"})', 'network', '404'),
    ('load({modelUrl: "http://192.0.2.1/a.tflite"})', 'network', '192.0.2.1'),
    ('load({modelFile: new Blob(["version https://git-lfs.github.com/spec/v1"])})', 'bad-model',
     'Git LFS'),
    ('load({modelFile: new Blob(["<html>"])})', 'bad-model', 'web page'),
    ('load({modelFile: new Blob(["....TFL3...."])})', 'bad-model', 'damaged'),
    ('net.heatmap("nose")', 'image', 'no image yet'),
    ('net.estimateMultiplePoses(null)', 'image', 'got null'),
    ('net.estimateMultiplePoses(document.createElement("p"))', 'image', 'HTMLParagraphElement'),
    ('net.estimateMultiplePoses(document.createElement("video"))', 'image', 'play()'),
    ('net.estimateMultiplePoses(new Image())', 'image', 'decode()'),
    ('net.estimateMultiplePoses(new ImageData(9, 9), {maxDetections: 0})', 'options', '1 to 1000'),
    ('net.estimateMultiplePoses(new ImageData(9, 9), {scoreThreshold: NaN})', 'options', '0 to 1'),
    ('net.heatmap("elbow")', 'options', 'leftElbow'),
    ('openCamera()', 'no-camera', 'no camera'),
    ('(net.dispose(), net.estimateSinglePose(new ImageData(9, 9)))', 'disposed', 'disposed')]


def test_what_does_not_work_has_a_code_and_a_line(served, browser):
    open_module(browser, served.url)
    browser.run("import('/posenet.js').then(module => { Object.assign(self, module) })")
    failed = [outcome(browser, expression) for expression, *_ in FAILURES]
    assert [code for code, _ in failed] == [code for _, code, _ in FAILURES], failed
    for (_, line), (_, _, words) in zip(failed, FAILURES):
        assert words in line and '\n' not in line
