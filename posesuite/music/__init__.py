"""Music from poses: what is played, and how it is heard and recorded."""
import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from posesuite.music import stage
    from posesuite.music.audio import Audio
    from posesuite.music.delays import Delays
    from posesuite.music.options import add_audio_options, add_music_options
    from posesuite.music.output import AudioError
    from posesuite.music.players import Trio

__all__ = ['Audio', 'AudioError', 'Delays', 'Trio', 'add_audio_options', 'add_music_options',
           'stage']
_MODULES = {'Audio': 'audio', 'AudioError': 'output', 'Delays': 'delays', 'Trio': 'players',
            'add_audio_options': 'options', 'add_music_options': 'options'}


def __getattr__(name: str) -> Any:
    """Imports what is asked for, and no more.

    The installer and doctor.py import soundfonts.py where NumPy or OpenCV may not work, and the
    process that holds a MIDI port starts faster without them.
    """
    if name not in _MODULES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(importlib.import_module(f'{__name__}.{_MODULES[name]}'), name)
