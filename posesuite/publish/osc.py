"""OSC: poses as PoseOSC sends them, for TouchDesigner, Max, Ableton and what else listens to it.

One bundle a frame, in one UDP packet. ?format=addr, an address for everything:

    /nPoses 2, /videoWidth 640, /videoHeight 480, /ids 3 7
    /poses/3/score 0.8, /poses/3/leftWrist/position 234.4 432.5, /poses/3/leftWrist/score 0.9 ...

The number after /poses is the person's, the same from frame to frame; a score of 0 says once that
the person is gone. With ?slots=3 it is a place from 0 to 2, which is free again a second after its
owner is gone, and /poses/0/id has the person's number. All poses in one message, in the order of
/ids: ?format=arr (/poses/arr), xml (/poses/xml) and json (/poses/json).

Besides, as they happen: /events/fall 3 12.4 (the person, or -1, and the time in seconds), /people
2, /areas/Till/people 1, /lines/Entrance/came 128 and /lines/Entrance/went 125. All addresses begin
with the path of osc://host:port/path, if there is one.
"""
import json
import logging
import re
import socket
from typing import Any, Dict, Iterator, List, Optional, Tuple

from posesuite.pose.json_poses import pose_as_json
from posesuite.pose.pose import Pose
from posesuite.pose.skeleton import JSON_NAMES
from posesuite.publish.messages import Happening, Numbers, Poses
from posesuite.publish.outbox import Outbox
from posesuite.publish.publisher import Sender
from posesuite.publish.targets import FORMATS, Target

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

MAX_PACKET = 65507  # bytes of a UDP packet's content
KEPT = 1.0  # seconds for which a place is kept for who is out of sight
LOGGER = logging.getLogger(__name__)

Message = Tuple[str, List[Any]]  # an address without what all begin with, and its values
Posed = List[Tuple[int, int, Pose]]  # address number, the person's id, the pose


class Places:
    """Gives people places from 0 to count - 1; with count 0, their ids are their places."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._owners: Dict[int, Tuple[int, float]] = {}  # id and last time seen, by place

    def of(self, poses: Poses) -> Posed:
        """The people who have a place."""
        if not self._count:
            return [(id, id, pose) for id, pose in poses.people.items()]
        self._owners = {place: (id, poses.time if id in poses.people else seen)
                        for place, (id, seen) in self._owners.items()
                        if id in poses.people or 0 <= poses.time - seen < KEPT}
        owned = {id for id, _ in self._owners.values()}
        for id in [id for id in poses.people if id not in owned]:
            free = [place for place in range(self._count) if place not in self._owners]
            if free:
                self._owners[free[0]] = id, poses.time
        return [(place, id, poses.people[id]) for place, (id, _) in sorted(self._owners.items())
                if id in poses.people]


class Osc(Sender):
    """Sends packets to a host. name: the camera's."""
    at_once = True
    takes_poses = True

    def __init__(self, target: Target, name: str, poses: bool) -> None:
        super().__init__(target.shown)
        self._target = target
        self._encode = ENCODERS[target.options.get('format', FORMATS[0])]
        self._places = Places(int(target.options.get('slots', 0)))
        self._begin = '/' + name_of(target.path, '/') if target.path.strip('/') else ''
        self._socket: Optional[socket.socket] = None
        self._address: Any = None
        self._shown: List[int] = []  # address numbers of the latest frame
        self._said = False

    def send(self, outbox: Outbox) -> bool:
        sent = False
        for lane, messages_of in ((outbox.events, event_messages),
                                  (outbox.numbers, number_messages)):
            for number, found in lane.peek(100):
                self._send_bundle(messages_of(found))
                lane.done(number)
                sent = True
        for number, poses in outbox.poses.peek(100):
            self._send_poses(poses)
            outbox.poses.done(number)
            sent = True
        return sent

    def reset(self) -> None:
        self._address = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send_poses(self, poses: Poses) -> None:
        posed = self._places.of(poses)
        gone = [number for number in self._shown if number not in {one[0] for one in posed}]
        self._shown = [number for number, _, _ in posed]
        for count in range(len(posed), -1, -1):
            messages = list(self._encode(poses, posed[:count]))
            if self._encode is addr:
                messages += [(f'/poses/{number}/score', [0.0]) for number in gone]
                if self._target.options.get('slots'):
                    messages += [(f'/poses/{number}/id', [id]) for number, id, _ in posed[:count]]
            if self._send_bundle(messages):
                return
            if not self._said:
                self._said = True
                LOGGER.warning('%s: a packet does not hold %d people; those who came last are '
                               'left out', self.name, len(posed))

    def _send_bundle(self, messages: Any) -> bool:
        """Sends one packet; returns whether it was small enough."""
        bundle = OscBundleBuilder(IMMEDIATELY)
        for address, values in messages:
            if None in values:  # not known
                continue
            builder = OscMessageBuilder(self._begin + address)
            for value in values:
                builder.add_arg(value)
            bundle.add_content(builder.build())
        packet = bundle.build().dgram
        if len(packet) > MAX_PACKET:
            return False
        if self._socket is None:
            kind, self._address = _resolved(self._target)
            self._socket = socket.socket(kind, socket.SOCK_DGRAM)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._socket.sendto(packet, self._address)
        return True


def addr(poses: Poses, posed: Posed) -> Iterator[Message]:
    """Everything at an address of its own."""
    yield '/nPoses', [len(posed)]
    yield '/videoWidth', [poses.width]
    yield '/videoHeight', [poses.height]
    yield '/ids', [id for _, id, _ in posed]
    for number, _, pose in posed:
        yield f'/poses/{number}/score', [float(pose.score)]
        for part, (point, score) in pose.keypoints.items():
            place = f'/poses/{number}/{JSON_NAMES[part]}'
            yield f'{place}/position', [float(point.x), float(point.y)]
            yield f'{place}/score', [float(score)]


def arr(poses: Poses, posed: Posed) -> Iterator[Message]:
    """Width, height, the number of poses, and of each its score and 17 times x, y and score."""
    values: List[Any] = [poses.width, poses.height, len(posed)]
    for _, _, pose in posed:
        values.append(float(pose.score))
        for point, score in pose.keypoints.values():
            values += [float(point.x), float(point.y), float(score)]
    yield '/poses/arr', values
    yield '/ids', [id for _, id, _ in posed]


def xml(poses: Poses, posed: Posed) -> Iterator[Message]:
    """A text of XML, numbers rounded to hundredths."""
    said = [f'<poses videoWidth="{poses.width}" videoHeight="{poses.height}" '
            f'nPoses="{len(posed)}">']
    for _, id, pose in posed:
        said.append(f'<pose score="{pose.score:.2f}" id="{id}">')
        said += [f'<keypoint part="{JSON_NAMES[part]}" x="{point.x:.2f}" y="{point.y:.2f}" '
                 f'score="{score:.2f}"/>' for part, (point, score) in pose.keypoints.items()]
        said.append('</pose>')
    yield '/poses/xml', [''.join([*said, '</poses>'])]


def as_json(poses: Poses, posed: Posed) -> Iterator[Message]:
    """A text of JSON, as PoseNet has it, with each person's id."""
    yield '/poses/json', [json.dumps([dict(id=int(id), **pose_as_json(pose))
                                      for _, id, pose in posed], separators=(',', ':'))]


ENCODERS: Dict[str, Any] = dict(zip(FORMATS, (addr, arr, xml, as_json)))


def event_messages(event: Happening) -> Iterator[Message]:
    """An event, which has no sender to wait for."""
    id = -1 if event.event.id is None else int(event.event.id)
    yield f'/events/{name_of(event.event.event)}', [id, float(event.event.time)]


def number_messages(numbers: Numbers) -> Iterator[Message]:
    """What is known of the numbers."""
    yield '/people', [numbers.people]
    for area in numbers.areas():
        yield f'/areas/{name_of(area["name"])}/people', [area['people']]
    for line in numbers.lines():
        for key in ('came', 'went'):
            yield f'/lines/{name_of(line["name"])}/{key}', [line[key]]


def name_of(text: str, also: str = '') -> str:
    """A text as a part of an address, which is ASCII without what means something in patterns.

    also: further characters that it may have.
    """
    return re.sub(rf'[^\w.{re.escape(also)}-]', '_', text.strip('/'), flags=re.ASCII) or '_'


def _resolved(target: Target) -> Tuple[int, Any]:
    kind, _, _, _, address = socket.getaddrinfo(target.host, target.port,
                                                type=socket.SOCK_DGRAM)[0]
    return kind, address
