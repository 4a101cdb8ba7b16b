"""Players: what people want to be heard, by their wrists, and whose place is whose. No audio.

    ladder = notes(SCALES['major pentatonic'], key('C'), octave=3, octaves=2)
    trio = Trio([Player(ladder, instrument('overdriven guitar'))])
    sounds = trio.update(people, frame.time, frame.image.shape[0])  # [Sound or None]
"""
import argparse
import math
from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from posesuite.music.pitch import Glide, Steps
from posesuite.music.theory import instrument, notes, scale
from posesuite.pose import body
from posesuite.pose.event import Event
from posesuite.pose.pose import People, Pose
from posesuite.pose.skeleton import KeypointType as K

MAX_PLAYERS = 3  # people who play at a time
MIN_SCORE = 0.2  # lowest score of a keypoint that counts
WRIST_TIMEOUT = 0.3  # seconds for which a wrist that is not visible is assumed not to have moved
PLACE_TIMEOUT = 1.0  # seconds for which a place waits for its owner
REACH = 1.8  # torsos from the hips to the wrist of a hand above the head, whose top is at 1.7
# Length of the torso in shoulder widths: 1.3 to 1.5 in samples/, for people who face the camera.
TORSO_IN_WIDTHS = 1.4
MIN_TORSO = 1.0  # pixels of the shortest torso that counts
BODY_TIME = 0.5  # seconds over which the body is averaged, so that only arms make music


class Sound(NamedTuple):
    """What a player wants to be heard at a frame."""
    note: int  # MIDI note number, 0 to 127; 60 is C4
    volume: float  # 0 to 1
    bend: float = 0.0  # semitones from the note to the pitch


class Change(NamedTuple):
    """What a place plays from some pose on; None stays as it is."""
    notes: Optional[Tuple[int, ...]] = None
    program: Optional[int] = None


class Player:
    """One place among those who play: turns its owner's pose into a sound.

    The right wrist's height is the pitch, the left one's the volume, from the hips to above the
    head. Lengths are in torsos, so that neither distance nor age matters.

    notes: MIDI notes from low to high; program: of General MIDI, 0 to 127.
    by_image: heights are measured from the image's lower edge to its upper one instead.
    glide: the pitch passes through everything between the notes.

    Attributes: notes; program; sound, the latest, or None for silence; ladder, the y of the lowest
    and of the highest note in pixels of the latest pose, or None while it is unknown.
    """

    def __init__(self, notes: Sequence[int], program: int, by_image: bool = False,
                 glide: bool = False) -> None:
        self.notes, self.program = self._own = Change(tuple(notes), program)
        self.sound: Optional[Sound] = None
        self.ladder: Optional[Tuple[float, float]] = None
        self._by_image, self._pitch_type = by_image, Glide if glide else Steps
        self._pitch = self._pitch_type(self.notes)
        self._volume = 0.0
        # Timestamps of the latest pose, and of the latest one in which each wrist was visible.
        self._time = self._left_seen = self._right_seen = -math.inf

    def update(self, pose: Optional[Pose], time: float, image_height: int) -> Optional[Sound]:
        """Returns what is to be heard at a frame; None for silence.

        pose: the owner's, in pixels of an image of this height; None while nobody is visible.
        time: of the frame, in seconds; when it jumps, the player starts over.
        """
        if not 0 <= time - self._time < WRIST_TIMEOUT:
            self._forget()
        if pose:
            self._measure(pose, time - self._time, image_height)
            self._time = time
            left, right = self._height(pose, K.LEFT_WRIST), self._height(pose, K.RIGHT_WRIST)
            if left is not None:
                self._volume, self._left_seen = min(max(left, 0.0), 1.0), time
            if right is not None:
                if time - self._right_seen >= WRIST_TIMEOUT:
                    self._pitch = self._pitch_type(self.notes)
                self._pitch.follow(right)
                self._right_seen = time
        self.sound = None
        if time - min(self._left_seen, self._right_seen) < WRIST_TIMEOUT:
            self.sound = Sound(self._pitch.note, self._volume, self._pitch.bend)
        return self.sound

    def change(self, change: Change) -> None:
        """Plays other notes or another instrument; the same change again takes it back."""
        if change.program is not None:
            self.program = (self._own.program if self.program == change.program else
                            change.program)
        if change.notes:
            self.notes = self._own.notes if self.notes == change.notes else change.notes
            self._pitch = self._pitch_type(self.notes)

    def reset(self) -> None:
        """Takes back all changes."""
        self.change(Change(self.notes, self.program))

    def _forget(self) -> None:
        self.sound = self.ladder = None
        self._time = self._left_seen = self._right_seen = -math.inf

    def _measure(self, pose: Pose, step: float, image_height: int) -> None:
        """Moves the ladder to the body; step: seconds since the pose before."""
        ladder = (image_height, 0.0) if self._by_image else _ladder(pose, self.ladder)
        if ladder and self.ladder:
            share = 1 - math.exp(-step / BODY_TIME)
            ladder = tuple(old + share * (new - old) for old, new in zip(self.ladder, ladder))
        self.ladder = ladder or self.ladder

    def _height(self, pose: Pose, part: K) -> Optional[float]:
        """The height of a keypoint on the ladder: 0 to 1, or beyond; None if it does not count."""
        point, score = pose.keypoints[part]
        if score < MIN_SCORE or not self.ladder:
            return None
        low, high = self.ladder
        return (low - point.y) / (low - high)


def _ladder(pose: Pose, before: Optional[Tuple[float, float]]) -> Optional[Tuple[float, float]]:
    """The y of the hips and of REACH above them, in pixels; None if too little is visible.

    before: the same of an earlier frame. Without hips, as close to the camera, the torso is
    assumed to be as long as before, or as long as the width of the shoulders suggests if that is
    more: they look narrow from the side.
    """
    points = body.sure_points(pose, MIN_SCORE, body.SHOULDERS + body.HIPS)
    shoulders, hips = body.shoulders(points), body.hips(points)
    if not shoulders:
        return None
    if hips:
        torso, low = body.torso(points), hips.y
    else:
        torso = max(TORSO_IN_WIDTHS * (body.shoulder_width(points) or 0.0),
                    (before[0] - before[1]) / REACH if before else 0.0)
        low = shoulders.y + torso
    return (low, low - REACH * torso) if torso >= MIN_TORSO else None


class Trio:
    """Those who play, and whose places these are.

    changes: by the name of an event, what it changes at each place.
    Attributes: players, one a place; places, the place of everyone who has one, by identity. It is
    a new dict at each frame, so that other threads can read it.
    """

    def __init__(self, players: Sequence[Player],
                 changes: Optional[Dict[str, Sequence[Change]]] = None) -> None:
        self.players, self._changes = tuple(players), changes or {}
        self.places: Dict[int, int] = {}
        self._seen: Dict[int, float] = {}  # time at which each owner was seen last

    @property
    def programs(self) -> List[int]:
        """The programs of General MIDI that the places play, 0 to 127."""
        return [player.program for player in self.players]

    @classmethod
    def from_args(cls, args: argparse.Namespace) -> 'Trio':
        """The players that add_music_options describes. Raises ValueError with one line."""
        count = len(args.instruments)
        if count > MAX_PLAYERS:
            raise ValueError(f'--instruments must be one to {MAX_PLAYERS}, got {count}')
        if len(args.octave) < count:
            raise ValueError(f'--octave must name one for each of {count} instruments')

        def ladders(scale: Sequence[int]) -> List[Tuple[int, ...]]:
            return [notes(scale, args.key, octave, args.octaves)
                    for _, octave in zip(args.instruments, args.octave)]

        own, changes = ladders(args.scale), {}
        for pose, what in args.change:
            try:
                changes[pose] = [Change(notes=ladder) for ladder in ladders(scale(what))]
            except ValueError:
                changes[pose] = [Change(program=_instrument(pose, what))] * count
        return cls([Player(ladder, program, args.range == 'image', args.glide)
                    for ladder, program in zip(own, args.instruments)], changes)

    def change(self, events: Iterable[Event]) -> None:
        """Changes what those play for whom an event says so."""
        for event in events:
            place = self.places.get(event.id)
            if place is not None and event.event in self._changes:
                self.players[place].change(self._changes[event.event][place])

    def update(self, people: People, time: float, image_height: int) -> List[Optional[Sound]]:
        """Returns what each place wants to be heard at a frame; None for silence.

        people: poses by identity, in pixels of an image of this height; time: in seconds. A
        newcomer gets the first free place, the smallest identity first, and keeps it until
        PLACE_TIMEOUT after they were seen last. Others wait.
        """
        places = {identity: place for identity, place in self.places.items()
                  if identity in people or 0 <= time - self._seen[identity] < PLACE_TIMEOUT}
        for identity in sorted(set(people) - set(places)):
            free = set(range(len(self.players))) - set(places.values())
            if free:
                places[identity] = min(free)
                self.players[min(free)].reset()
        self._seen = {identity: time if identity in people else self._seen[identity]
                      for identity in places}
        self.places = places
        owners = {place: identity for identity, place in places.items()}
        return [player.update(people.get(owners.get(place)), time, image_height)
                for place, player in enumerate(self.players)]


def _instrument(pose: str, name: str) -> int:
    try:
        return instrument(name)
    except ValueError as error:
        raise ValueError(f'--change {pose!r:.40}: a scale of --scale, or an instrument: {error}')
