"""Standard MIDI files, written while the music plays.

A file is whole after every second, so that a killed demo's can be played, though its tracks lie
one behind the other and each of them grows. So every track has room at its end, which is filled
with one meta event that players skip; new events are written over the beginning of that filler. A
track that is full doubles its room, for which the file is written anew: what is written is at most
a few times the size of the file, and memory holds only the last second.
"""
import struct
from typing import Any, Sequence, Set

from posesuite.files import written_whole
from posesuite.music.output import AudioError, Kind, Output, writing

BEATS_PER_MINUTE, TICKS_PER_BEAT = 120, 960
TICKS_PER_SECOND = TICKS_PER_BEAT * BEATS_PER_MINUTE // 60
MIN_ROOM = 4096  # bytes for further events in each track; more in a longer track
END_OF_TRACK = b'\x00\xff\x2f\x00'
FILLER = b'\x00\xff\x7f'  # delta time 0, a sequencer-specific meta event; its length follows
FILLER_HEADER = len(FILLER) + 4  # bytes, with the length
CHUNK_HEADER = 8  # bytes: a name and the length


class MidiFile(Output):
    """A MIDI file of type 1: a track with the tempo, then a track for each channel.

    names: of the tracks, in the order of the channels. Raises AudioError.
    """

    def __init__(self, path: str, names: Sequence[str]) -> None:
        self._mido, self._path = _mido(), path
        self._tracks = [_Track(self._mido, name) for name in names]
        self._now = self._written = 0  # ticks
        self._rewrite(MIN_ROOM)

    def send(self, message: bytes) -> None:
        self._tracks[message[0] & 0x0F].add(message, self._now)

    def advance(self, seconds: float) -> None:
        self._now = round(seconds * TICKS_PER_SECOND)
        if self._now - self._written >= TICKS_PER_SECOND:
            self._written = self._now
            if all(track.has_room(self._now) for track in self._tracks):
                self._append()
            else:
                self._rewrite(MIN_ROOM)

    def close(self) -> None:
        self._rewrite(0)

    def _append(self) -> None:
        """Writes the new events into the tracks' room."""
        with writing(self._path), open(self._path, 'r+b', buffering=0) as file:
            for track in self._tracks:
                room = track.capacity - track.size - len(track.pending)
                file.seek(track.start + track.size)
                # This is one call, so that a kill cannot leave half of it.
                file.write(track.pending + track.ending(room, self._now))
                track.size += len(track.pending)
                track.pending.clear()

    def _rewrite(self, min_room: int) -> None:
        """Writes the file with room for as many events again, and min_room at least; 0 for none."""
        tempo = _event(self._mido, 'set_tempo', tempo=self._mido.bpm2tempo(BEATS_PER_MINUTE))
        header = struct.pack('>4sLHHH', b'MThd', 6, 1, 1 + len(self._tracks), TICKS_PER_BEAT)
        places = []
        with writing(self._path):
            contents = [self._written_events(track) + track.pending for track in self._tracks]
            with written_whole(self._path, 'wb') as file:
                end = file.write(header + _chunk(tempo))
                for track, events in zip(self._tracks, contents):
                    room = max(min_room, len(events)) if min_room else 0
                    places.append((end + CHUNK_HEADER, len(events), len(events) + room))
                    whole = (events + track.ending(room, self._now)).ljust(places[-1][2], b'\0')
                    end += file.write(_chunk(whole))
        for track, place in zip(self._tracks, places):
            track.start, track.size, track.capacity = place
            track.pending.clear()

    def _written_events(self, track: '_Track') -> bytearray:
        """The events of a track that are in the file already."""
        if not track.size:
            return bytearray()
        with open(self._path, 'rb') as file:
            file.seek(track.start)
            return bytearray(file.read(track.size))


class _Track:
    """A track's place in the file, and its events that are not in the file yet."""

    def __init__(self, mido: Any, name: str) -> None:
        self._mido = mido
        self.start = self.size = self.capacity = 0  # bytes: its place; of its events; with room
        self.pending = _event(mido, 'track_name', name=name)
        self._ticks = 0  # time of the latest event
        self._sounding: Set[bytes] = set()  # the messages that will end its notes

    def add(self, message: bytes, now: int) -> None:
        kind = message[0] & 0xF0
        if kind in (Kind.NOTE_ON, Kind.NOTE_OFF):
            end = bytes((message[0] & 0x0F | Kind.NOTE_OFF, message[1], 0))
            (self._sounding.add if kind == Kind.NOTE_ON else self._sounding.discard)(end)
        self.pending += self._delta(now - self._ticks) + message
        self._ticks = now

    def has_room(self, now: int) -> bool:
        """Whether the pending events fit into the room."""
        return (self.size + len(self.pending) + len(self._note_ends(now)) + FILLER_HEADER
                <= self.capacity)

    def ending(self, room: int, now: int) -> bytes:
        """What follows the events: the ends of the notes that sound, and the head of a filler.

        room: bytes up to the end of the track; 0 for a track that does not grow any more.
        """
        ends = self._note_ends(now)
        if not room:
            return ends
        return ends + FILLER + _long_length(room - len(ends) - FILLER_HEADER)

    def _note_ends(self, now: int) -> bytes:
        deltas = [now - self._ticks] + [0] * len(self._sounding)
        return b''.join(self._delta(delta) + end for delta, end in zip(deltas, self._sounding))

    def _delta(self, ticks: int) -> bytes:
        return bytes(self._mido.midifiles.meta.encode_variable_int(ticks))


def _mido() -> Any:
    """The package that knows MIDI's formats. Raises AudioError."""
    try:
        import mido
        import mido.midifiles.meta
    except ImportError:
        raise AudioError('a .mid file needs the package mido: pip install mido')
    return mido


def _event(mido: Any, kind: str, **values: Any) -> bytearray:
    """A meta event at the time of the event before it."""
    return bytearray(b'\0') + mido.MetaMessage(kind, **values).bin()


def _chunk(events: bytes) -> bytes:
    """A track, complete."""
    return struct.pack('>4sL', b'MTrk', len(events) + len(END_OF_TRACK)) + events + END_OF_TRACK


def _long_length(number: int) -> bytes:
    """A number below 2 ** 28 as MIDI files have it, 7 bits a byte, in 4 bytes whatever it is."""
    return bytes((number >> 21 & 0x7F | 0x80, number >> 14 & 0x7F | 0x80, number >> 7 & 0x7F | 0x80,
                  number & 0x7F))
