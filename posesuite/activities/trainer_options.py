"""The options of pose_trainer.py's steps, beside those of its camera, network and display."""
import argparse
from typing import Any, Dict, Tuple

from posesuite.activities.networks import MODELS, NEIGHBOURS
from posesuite.activities.recordings import check_label
from posesuite.arguments import between, whole

COUNTDOWN = 5.0  # seconds before a recording
LONGEST = 86400.0  # seconds of a recording


def add_steps(parser: argparse.ArgumentParser) -> Dict[str, argparse.ArgumentParser]:
    """Adds a parser for each step, whose name becomes `step`; returns them."""
    commands = parser.add_subparsers(dest='step', metavar='STEP', title='steps')
    steps = {}
    for step, (add, text, *examples) in _STEPS.items():
        lines = ''.join(f'\n  python3 pose_trainer.py {step} {example}' for example in examples)
        steps[step] = commands.add_parser(
            step, help=text, description=text[0].upper() + text[1:] + '.',
            epilog='examples:' + lines, formatter_class=argparse.RawDescriptionHelpFormatter)
        add(steps[step])
    return steps


def _add_collect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('labels', nargs='*', type=_label, metavar='LABEL',
                        help="what you will show, one after the other; 'other' is what else people "
                             'do (of a folder of pictures LABEL/*.jpg: which to take, default all)')
    parser.add_argument('--into', default='poses', metavar='FOLDER',
                        help='where recordings are added (default: %(default)s)')
    parser.add_argument('--seconds', type=between(0.1, LONGEST), metavar='S',
                        help='for which each label is recorded (default: 20, or the whole file)')
    parser.add_argument('--countdown', type=between(0, 60), default=COUNTDOWN, metavar='S',
                        help='before each recording (default: %(default)g)')
    _add_part(parser)


def _add_part(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--from', dest='start', type=between(0, 1e9), default=0.0, metavar='S',
                        help='second of the file at which it begins (default: 0)')
    parser.add_argument('--to', dest='end', type=between(0, 1e9), default=float('inf'),
                        metavar='S', help='second at which it ends (default: the end)')
    parser.add_argument('--person', type=whole(0, 1 << 50), metavar='ID',
                        help='of a pose log, whose poses to take (default: the largest, or who is '
                             'in view longest)')


def _add_label(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('folder', help='of recordings, as collect writes them')
    parser.add_argument('--port', type=whole(0, 65535), default=0,
                        help='of the page on this machine (default: a free one)')


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('folder', help='of recordings: LABEL/*.jsonl')
    parser.add_argument('--output', '-o', default='my.json', metavar='FILE.json',
                        help='the trained file (default: %(default)s)')
    parser.add_argument('--model', choices=MODELS, default=NEIGHBOURS,
                        help='logistic and network need scikit-learn (default: %(default)s)')
    parser.add_argument('--mirrored', choices=('auto', 'yes', 'no'), default='auto',
                        help='learn mirrored copies, too; auto: unless labels differ by left and '
                             'right')
    _add_hold(parser, 0.5)
    _add_confusion(parser)


def _add_hold(parser: argparse.ArgumentParser, default: Any) -> None:
    parser.add_argument('--hold', type=between(0, 3600), default=default, metavar='S',
                        help='seconds for which a label must last to be an event (default: '
                             + ('0.5)' if default else 'as trained)'))


def _add_confusion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--confusion', metavar='FILE.png',
                        help='draw what is taken for what')


def _add_test(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('model_file', metavar='FILE.json', help='as train writes it')
    parser.add_argument('recordings', nargs='+', metavar='RECORDINGS',
                        help='a folder LABEL/*.jsonl, or with --label a pose log')
    parser.add_argument('--label', type=_label, help='what the pose logs show')
    _add_part(parser)
    _add_confusion(parser)


def _add_watch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('model_file', metavar='FILE.json', help='as train writes it')
    _add_hold(parser, None)


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('source', help='a folder of recordings, or a trained FILE.json')
    parser.add_argument('output', help='recordings: .csv or .json (COCO); a trained file: .json, '
                                       'or .js for a page')


def _add_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('folder', help='of recordings, to which they are added')
    parser.add_argument('file', help='a .csv or a COCO .json')
    parser.add_argument('--label', type=_label, help='of poses without one')
    parser.add_argument('--size', type=_size, metavar='WxH',
                        help='of the pictures, where coordinates are 0 to 1 (default: square)')


def _label(text: str) -> str:
    """An argument that can name a label."""
    try:
        return check_label(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error))


def _size(text: str) -> Tuple[int, int]:
    """An argument such as 640x480."""
    width, _, height = text.partition('x')
    if not (width.isdigit() and height.isdigit() and 0 < int(width) < 20000
            and 0 < int(height) < 20000):
        raise argparse.ArgumentTypeError(f'must be WIDTHxHEIGHT in pixels, got {text!r}')
    return int(width), int(height)


_STEPS = {
    'collect': (_add_collect, 'record each label from a camera, a clip, pictures or a pose log',
                'tree warrior other --into poses',
                'tree --videosrc visit.jsonl --from 12 --to 15.5'),
    'label': (_add_label, 'look through the recordings in a browser, relabel and delete',
              'poses'),
    'train': (_add_train, 'train, and say how good it is',
              'poses --output my.json --confusion confusion.png'),
    'test': (_add_test, 'compare with recordings that were not trained on',
             'my.json poses_of_another_day',
             'my.json visit.jsonl --label tree --from 12 --to 15.5'),
    'watch': (_add_watch, 'recognise the labels, live or in a file',
              'my.json', 'my.json clip.mp4 --output labelled.mp4'),
    'export': (_add_export, 'recordings as CSV or COCO, or a trained file for a page',
               'poses poses.csv', 'my.json my.js'),
    'import': (_add_import, 'add labelled poses of other tools',
               'poses yoga.csv', 'poses annotations.json --label tree'),
}
