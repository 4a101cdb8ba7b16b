"""Learns poses that you show it, and recognises them in any camera, clip or pose log.

The steps: collect recordings of each label, look through them, train, test, and watch:
  python3 pose_trainer.py collect tree warrior other --into poses
  python3 pose_trainer.py label poses
  python3 pose_trainer.py train poses --output my.json
  python3 pose_trainer.py test my.json poses_of_another_day
  python3 pose_trainer.py watch my.json

Only skeletons are kept: poses/LABEL/TIME.jsonl are pose logs, which pose_camera.py plays. What is
recorded as 'other' is what is to be none of the labels. Each step has its own --help.
"""
import argparse
import json
import logging
import os
import sys
from typing import Any, List

from pose_engine import PoseEngine
from posesuite import script
from posesuite.activities.activities import Activities
from posesuite.activities.classifier import Classifier
from posesuite.activities.collecting import Collector, picture_folders, takes_of
from posesuite.activities.exchange import export_samples, import_samples
from posesuite.activities.label_server import serve_labels
from posesuite.activities.networks import fitter
from posesuite.activities.recordings import Recording, read_recording, read_recordings
from posesuite.activities.report import advice, confusion_picture, table
from posesuite.activities.trainer_options import add_steps
from posesuite.activities.training import Report, test, train
from posesuite.camera import Camera, add_camera_options, files_of
from posesuite.display import Display, add_display_options, draw_people
from posesuite.display.overlay import YELLOW, shadow_text
from posesuite.display.picture_file import write_png
from posesuite.engine import add_engine_options, open_engine
from posesuite.files import command
from posesuite.pose import PeopleFinder

LOGGER = logging.getLogger('posesuite')
LABEL_SIZE = 3.0  # letter size, relative to the line of text at the bottom


def main() -> int:
    args = parse_args()
    return script.run(STEPS[args.step], args)


def collect(args: argparse.Namespace) -> None:
    pictures = picture_folders(args.videosrc, args.labels)
    for label in pictures:
        of_label = {'videosrc': os.path.join(args.videosrc, label), 'labels': [label]}
        record(argparse.Namespace(**{**vars(args), **of_label}))
    if not pictures:
        record(args)


def record(args: argparse.Namespace) -> None:
    with script.stopped_by_signals(Camera.from_args(args)) as camera:
        takes = takes_of(args.labels, args.seconds, args.countdown, args.start, args.end,
                         whole=not camera.live)
        engine = None if camera.has_poses else open_engine(PoseEngine, args, camera.size)
        finder = PeopleFinder(engine, args.threshold, trusts_faulty=False, lying=True)
        with Collector(args.into, takes, camera.source, engine and engine.model_path, camera.fps,
                       args.person) as collector:

            def draw(image: Any, people: Any) -> None:
                draw_people(image, people)
                width = image.shape[1]
                shadow_text(image, .02 * width, .07 * width, collector.text, YELLOW, LABEL_SIZE)

            with Display.from_args(args, 'pose_trainer', camera, draw=draw) as display:
                for frame in camera:
                    frame, people, _, _ = finder.find(frame)
                    collector.add(frame, people)
                    if not display.show(frame, people, collector.text) or collector.done:
                        break


def label(args: argparse.Namespace) -> None:
    serve_labels(args.folder, args.port)


def train_on(args: argparse.Namespace) -> None:
    found = list(read_recordings(args.folder))
    if not found:
        raise ValueError(f'{args.folder} has no recordings: need {args.folder}/LABEL/*.jsonl, as '
                         'collect writes them')
    mirror = {'auto': None, 'yes': True, 'no': False}[args.mirrored]
    classifier, report = train(found, mirror, args.hold, fitter(args.model), progress)
    show_report(args, report)
    print(f'{100 * report.accuracy:.1f} % of the frames of recordings not seen in training are '
          f'found, mean of the labels; mirrored copies {"" if report.mirrored else "not "}learnt')
    for line in advice(report):
        print(f'- {line}')
    classifier.write(args.output)
    LOGGER.info('%s: try it with %s watch %s', args.output, command('pose_trainer.py'), args.output)


def test_on(args: argparse.Namespace) -> None:
    classifier, found = Classifier.read(args.model_file), []  # type: ignore[var-annotated]
    for path in args.recordings:
        found += samples_of(path, args)
    if not any(len(recording.times) for recording in found):
        raise ValueError('no recording shows enough of a person')
    report = test(classifier, found)
    show_report(args, report)
    print(f'{100 * report.accuracy:.1f} % of the frames are found, mean of the labels')


def samples_of(path: str, args: argparse.Namespace) -> List[Recording]:
    if os.path.isdir(path):
        found = list(read_recordings(path))
        if not found:
            raise ValueError(f'{path} has no recordings: need {path}/LABEL/*.jsonl; collect makes '
                             'them of pictures and clips')
        return found
    if not args.label:
        raise ValueError(f'{path} needs --label, what it shows; or a folder {path}/LABEL/*.jsonl')
    return [read_recording(path, args.label, args.start, args.end, args.person)]


def show_report(args: argparse.Namespace, report: Report) -> None:
    for line in table(report):
        print(line)
    if args.confusion:
        write_png(args.confusion, confusion_picture(report))


def progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f'\r{text:40}\r', end='', file=sys.stderr, flush=True)


def watch(args: argparse.Namespace) -> None:
    classifier = Classifier.read(args.model_file)
    classifier.hold = classifier.hold if args.hold is None else args.hold
    activities = Activities([classifier])
    with script.stopped_by_signals(Camera.from_args(args)) as camera:
        engine = None if camera.has_poses else open_engine(PoseEngine, args, camera.size)
        finder = PeopleFinder(engine, args.threshold, trusts_faulty=False,
                              lying=classifier.lying)
        with Display.from_args(args, 'pose_trainer', camera) as display:
            for frame in camera:
                frame, people, _, _ = finder.find(frame)
                if frame.name:  # another picture, which shows others
                    activities = Activities([classifier])
                size = frame.image.shape[1], frame.image.shape[0]
                _, events = activities.update(people, frame.time, size)
                for event in events:
                    said = event._replace(time=round(event.time, 3))._asdict().items()
                    print(json.dumps({key: value for key, value in said if value is not None}),
                          flush=True)
                shown = {id: [f'{answer.label} {100 * answer.confidence:.0f} %']
                         for id, answer in classifier.latest.items()}
                text = ', '.join(f'{id}: {words}' for id, (words,) in shown.items())
                if not display.show(frame, people, text or 'nobody', labels=shown):
                    break


def export(args: argparse.Namespace) -> None:
    if os.path.isdir(args.source):
        if args.output.lower().endswith('.js'):
            raise ValueError(f'{args.source} is a folder of recordings, of which .csv and .json '
                             'can be made; a .js is made of a trained file')
        count = export_samples(args.source, args.output)
        LOGGER.info('%s: %s poses', args.output, count)
        return
    classifier = Classifier.read(args.source)
    if args.output.lower().endswith('.csv'):
        raise ValueError(f'{args.source} is a trained file, of which .json and .js can be made; '
                         'a .csv is made of a folder of recordings')
    (classifier.write_script if args.output.lower().endswith('.js') else
     classifier.write)(args.output)
    LOGGER.info('%s: %s labels', args.output, len(classifier.labels))


def import_from(args: argparse.Namespace) -> None:
    for name, count in import_samples(args.folder, args.file, args.label or '', args.size).items():
        LOGGER.info('%s: %s poses', name, count)


STEPS = {'collect': collect, 'label': label, 'train': train_on, 'test': test_on, 'watch': watch,
         'export': export, 'import': import_from}


def parse_args() -> argparse.Namespace:
    parser = script.parser(__doc__)
    for step, options in add_steps(parser).items():
        if step in ('collect', 'watch'):
            add_camera_options(options, positional=step == 'watch')
            add_engine_options(options)
            add_display_options(options)
    args = parser.parse_args()
    if args.step is None:
        parser.error(f"a step is needed: {', '.join(STEPS)}")
    outputs = [getattr(args, key, None) for key in ('output', 'confusion')]
    script.refuse_overwriting(parser, outputs, [
        *files_of(getattr(args, 'videosrc', None)), getattr(args, 'model_file', None),
        getattr(args, 'source', None), *getattr(args, 'recordings', [])])
    if args.step == 'collect' and not args.labels and not picture_folders(args.videosrc, []):
        parser.error('collect needs a label, such as: collect tree warrior other')
    if args.step == 'export' and not args.output.lower().endswith(('.csv', '.json', '.js')):
        parser.error(f'the output must end in .csv, .json or .js, got {args.output}')
    return args


if __name__ == '__main__':
    sys.exit(main())
