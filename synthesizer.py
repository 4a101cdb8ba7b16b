"""Up to three people in front of a camera play music with their arms.

The height of the right wrist is the pitch, that of the left one the volume, both from the hips to
above the head. Each of the three has an instrument of their own; who comes later waits, in grey.

examples:
  python3 synthesizer.py --demo                    # hear and see it without a camera
  python3 synthesizer.py --mirror                  # screen and camera both face you
  python3 synthesizer.py --scale blues --key A --instruments "alto sax" "acoustic bass" --octave 3 1
  python3 synthesizer.py --demo --mute --headless --record take.wav --record take.mid
"""
import argparse
import os
import sys
import time
from typing import Callable, Dict, List, Optional, Tuple

import cv2
import numpy as np

import music
from audio import Audio, AudioError, add_audio_options
from camera import Camera, CameraError, add_camera_options
from display import Display, DisplayError, add_display_options
from overlay import WHITE, draw_pose, line_width, shadow_text
from pose_engine import EngineError, KeypointType, Pose, PoseEngine, __version__
from pose_log import PoseLog
from pose_runtime import add_engine_options, default_model
from pose_tracker import PoseTracker

DEMO = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'samples', 'trio.jsonl')
INSTRUMENTS, OCTAVES = ('overdriven guitar', 'fingered bass', 'voice oohs'), (3, 2, 4)
COLORS = (0, 255, 255), (255, 0, 255), (255, 255, 0)  # cyan, magenta, yellow
WAITING, UNLIT = (150, 150, 150), (90, 90, 90)


def main() -> int:
    args = parse_args()
    try:
        with Camera(args) as camera:
            run(args, camera)
    except (AudioError, CameraError, DisplayError, EngineError, OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


def run(args: argparse.Namespace, camera: Camera) -> None:
    engine = None  # a pose log needs none
    if not camera.has_poses:
        engine = PoseEngine(args.model or default_model(args.res), device=args.device)
    trio = music.Trio(args.players)
    tracker, delays = PoseTracker(), Delays()
    with Audio(args, [player.program for player in trio.players]) as audio, \
            PoseLog(args.log, camera.source, engine and engine.model_path, camera.fps) as log, \
            Display(args, 'synthesizer', draw=stage(trio), fps=camera.fps) as display:
        for frame in camera:
            people, inference_time = frame.people, 0.0
            if people is None:
                poses, inference_time = engine.DetectPosesInImage(frame.image)
                people = tracker.update([pose for pose in poses if pose.score >= args.threshold],
                                        frame.time)
            sounds = trio.update(people, frame.time, frame.image.shape[0])
            audio.play(sounds, frame.time)
            delays.add(sounds, frame.captured, inference_time)
            log.write(frame, people)
            if not display.show(frame, people, text_for(trio) if args.serve else ''):
                break
    if args.stats:
        print(delays.line(audio.buffer), file=sys.stderr)


def text_for(trio: music.Trio) -> str:
    """What is played, for browsers, which draw skeletons only."""
    return ', '.join(f'{music.INSTRUMENTS[player.program]} {music.note_name(player.sound.note)}'
                     for player in trio.players if player.sound)


class Delays:
    """From the capture of a frame to the note that it begins."""

    def __init__(self) -> None:
        self._notes: List[Optional[int]] = []
        self._seconds: List[float] = []
        self._inference_times: List[float] = []

    def add(self, sounds: List[Optional[music.Sound]], captured: float,
            inference_time: float) -> None:
        notes = [sound and sound.note for sound in sounds]
        if any(note is not None and note != before
               for note, before in zip(notes, self._notes or [None] * len(notes))):
            self._seconds.append(time.monotonic() - captured)
            self._inference_times.append(inference_time)
        self._notes = notes

    def line(self, buffer: float) -> str:
        """buffer: seconds of the audio driver's."""
        if not self._seconds:
            return 'no note was played'
        p50, p95 = np.percentile(self._seconds, [50, 95]) * 1000
        network = np.median(self._inference_times) * 1000
        return (f'from capture to note: p50 {p50:.1f} ms, p95 {p95:.1f} ms, of which the network '
                f'{network:.1f} ms; {len(self._seconds)} notes. The audio buffer adds '
                f'{buffer * 1000:.1f} ms')


def stage(trio: music.Trio) -> Callable[[np.ndarray, Dict[int, Pose]], None]:
    """What draws people: players with what they play on, others in grey."""
    def draw(image: np.ndarray, people: Dict[int, Pose]) -> None:
        places = trio.places
        for identity, pose in people.items():
            place = places.get(identity)
            draw_pose(image, pose, WAITING if place is None else COLORS[place])
            if place is not None:
                draw_player(image, pose, trio.players[place], COLORS[place])
    return draw


def draw_player(image: np.ndarray, pose: Pose, player: music.Player,
                color: Tuple[int, int, int]) -> None:
    """Draws a ruler of the notes beside the right arm and a bar of the volume beside the left.

    image: uint8 array [Y, X, RGB], in place; pose: in its pixels.
    """
    ladder, sound = player.ladder, player.sound  # both may change meanwhile
    if ladder is None:
        return
    low, high = ladder
    left, right = (pose.keypoints[part].point.x for part in (KeypointType.LEFT_SHOULDER,
                                                             KeypointType.RIGHT_SHOULDER))
    away = max(abs(right - left), 0.2 * (low - high)) * (1 if right > left else -1)
    width = image.shape[1]
    ruler, bar = (int(np.clip(x, 0.05 * width, 0.95 * width))
                  for x in (right + 0.8 * away, left - 0.8 * away))
    thickness, top = line_width(image), len(player.notes) - 1
    tick = 4 * thickness
    lit = sound and min(player.notes, key=lambda note: abs(note - sound.note - sound.bend))
    for i, note in enumerate(player.notes):
        y = round(low - i / top * (low - high))
        here = note == lit
        cv2.line(image, (ruler - tick * (1 + here), y), (ruler + tick * (1 + here), y),
                 color if here else UNLIT, thickness * (1 + here), cv2.LINE_AA)
        if here:
            shadow_text(image, ruler + 3 * tick, y + tick, music.note_name(note), color, 1.2)
    ends = round(low), round(high)
    cv2.line(image, (ruler, ends[0]), (ruler, ends[1]), UNLIT, thickness, cv2.LINE_AA)
    if sound:
        level = round(low - sound.volume * (low - high))
        cv2.rectangle(image, (bar - tick, ends[0]), (bar + tick, level), color, -1)
    cv2.rectangle(image, (bar - tick, ends[0]), (bar + tick, ends[1]), UNLIT, thickness)
    name = music.INSTRUMENTS[player.program]
    shadow_text(image, (ruler + bar) / 2 - 0.008 * width * len(name), high - 3 * tick, name, WHITE)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    group = parser.add_argument_group('music')
    group.add_argument('--demo', action='store_true', help='three stick figures play, no camera')
    group.add_argument('--instruments', nargs='+', type=music.instrument, metavar='NAME',
                       default=[music.instrument(name) for name in INSTRUMENTS],
                       help='one to three of General MIDI, by name or number from 1 (default: '
                       + ', '.join(INSTRUMENTS) + ')')
    group.add_argument('--octave', nargs='+', type=int, default=OCTAVES, metavar='N',
                       help="of each one's lowest note (default: 3 2 4)")
    group.add_argument('--octaves', type=int, default=2, metavar='N',
                       help='that each has (default: %(default)s)')
    group.add_argument('--scale', type=music.scale, default=music.SCALES['major pentatonic'],
                       metavar='NAME', help=f"{', '.join(music.SCALES)}, or semitones above the "
                       'key as 0,3,5,7,10 (default: major pentatonic)')
    group.add_argument('--key', type=music.key, default=0, help='as C, F# or Bb (default: C)')
    group.add_argument('--range', choices=['body', 'image'], default='body',
                       help="what the wrists' height is measured on: the player, so that it plays "
                       'the same near and far, or the picture (default: body)')
    group.add_argument('--glide', action='store_true', help='the pitch bends instead of stepping')
    add_audio_options(parser)
    add_camera_options(parser)
    add_engine_options(parser)
    add_display_options(parser)
    parser.add_argument('--log', metavar='FILE.jsonl', help='write the poses of every frame')
    parser.add_argument('--version', action='version', version=__version__)
    args = parser.parse_args()
    count = len(args.instruments)
    if count > len(COLORS):
        parser.error(f'--instruments takes one to {len(COLORS)}, got {count}')
    if not len(args.octave) >= count:
        parser.error(f'--octave must name one for each of {count} instruments')
    if args.demo:
        if args.videosrc:
            parser.error('--demo is a source of its own: leave --videosrc out')
        args.videosrc = DEMO
    args.realtime = args.realtime or not args.mute  # a file is heard at its own pace
    try:
        args.players = [music.Player(music.notes(args.scale, args.key, octave, args.octaves),
                                     program, args.range == 'image', args.glide)
                        for program, octave in zip(args.instruments, args.octave)]
    except ValueError as error:
        parser.error(str(error))
    return args


if __name__ == '__main__':
    sys.exit(main())
