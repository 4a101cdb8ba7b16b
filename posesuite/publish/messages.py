"""What is published: numbers of a moment, events and poses; and their JSON.

    {"camera": "hall", "at": "2026-11-26T19:41:37.123Z",            numbers; in UTC
     "people": 2, "fault": "", "frames_per_second": 29.9,           people: null while blind
     "visits": 131, "came": 128,                                    today, with areas and lines only
     "lines": [{"name": "Entrance", "came": 128, "went": 125}],
     "areas": [{"name": "Till", "kind": "queue", "people": 2, "waited": null,
                "lately": 95, "usual": 80}]}
    {"camera": "hall", "at": "2026-11-26T19:41:37.123Z",            an event
     "event": "fall", "id": 3, "time": 12.4,                        as in pose logs
     "run": "9f86d081884c7d65", "number": 17}                       one pair for each event
    {"camera": "hall", "at": "2026-11-26T19:41:37.123Z",            poses
     "frame": 371, "time": 12.4, "width": 640, "height": 480, "fault": "",
     "poses": [{"id": 3, "score": 0.9, "keypoints": [...]}]}        as in pose logs
"""
import datetime
from typing import Any, Dict, List, NamedTuple, Optional

from posesuite.pose.event import Event, event_as_json
from posesuite.pose.json_poses import pose_as_json, printable
from posesuite.pose.pose import People


class Numbers(NamedTuple):
    """The numbers of a moment."""
    camera: str  # its name
    at: float  # UTC, seconds
    people: Optional[int]  # None while the camera sees nothing
    fault: str  # '' without one
    fps: float  # frames a second
    room: Dict[str, Any]  # visits, came, lines, areas; {} without areas and lines

    def content(self) -> Any:
        """What matters of it to somebody who wants to know of changes."""
        return self.people, self.fault, self.room

    def as_json(self) -> Dict[str, Any]:
        return {'camera': self.camera, 'at': iso(self.at), 'people': self.people,
                'fault': self.fault, 'frames_per_second': round(self.fps, 1), **self.room}

    def areas(self) -> List[Dict[str, Any]]:
        """The areas' numbers."""
        return self.room.get('areas', [])

    def lines(self) -> List[Dict[str, Any]]:
        """The lines' numbers."""
        return self.room.get('lines', [])


class Happening(NamedTuple):
    """An event, and when and where it happened."""
    camera: str
    at: float  # UTC, seconds
    event: Event
    run: str  # of the program, unique
    number: int  # of the event in the run, from 0

    def as_json(self) -> Dict[str, Any]:
        return {'camera': self.camera, 'at': iso(self.at), **event_as_json(self.event),
                'run': self.run, 'number': self.number}


class Poses(NamedTuple):
    """The poses of a frame."""
    camera: str
    at: float  # UTC, seconds
    frame: int  # its number in its source
    time: float  # seconds since the source began
    width: int  # pixels
    height: int  # pixels
    fault: str
    people: People

    def as_json(self) -> Dict[str, Any]:
        return {'camera': self.camera, 'at': iso(self.at), 'frame': self.frame,
                'time': round(self.time, 4), 'width': self.width, 'height': self.height,
                'fault': printable(self.fault),
                'poses': [dict(id=int(id), **pose_as_json(pose))
                          for id, pose in self.people.items()]}


def iso(at: float) -> str:
    """A UTC time, in milliseconds, as ISO 8601 has it."""
    moment = datetime.datetime.fromtimestamp(at, datetime.timezone.utc)
    return moment.isoformat(timespec='milliseconds').replace('+00:00', 'Z')
