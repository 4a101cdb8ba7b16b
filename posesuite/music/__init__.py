"""Music from poses: what is played, and how it is heard and recorded."""
from posesuite.music import stage
from posesuite.music.audio import Audio, add_audio_options
from posesuite.music.delays import Delays
from posesuite.music.options import add_music_options, players
from posesuite.music.players import Trio

__all__ = ['Audio', 'Delays', 'Trio', 'add_audio_options', 'add_music_options', 'players', 'stage']
