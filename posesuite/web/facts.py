"""What the page must know of the suite, made of the constants that stand in the suite itself."""
import json
from typing import Any, Dict

from posesuite import __version__
from posesuite.activities import (
    classifier,
    collecting,
    features,
    model_file,
    neighbours,
    recordings,
    rules,
    training,
)
from posesuite.display import overlay, palette
from posesuite.display.web_server import skeleton_facts
from posesuite.music import options, pitch, players, theory
from posesuite.pose import log, smoothing, tracker
from posesuite.pose.skeleton import FACE, JSON_NAMES, KEYPOINT_TYPES, MIRRORED
from posesuite.privacy import background, composition, evidence, look, room


def script() -> str:
    """facts.js: a module that exports FACTS."""
    return f'export const FACTS = {json.dumps(facts(), separators=(",", ":"))};\n'


def facts() -> Dict[str, Any]:
    """The constants by the modules of the page that use them, under their names in Python."""
    return {
        'version': __version__,
        'parts': [JSON_NAMES[part] for part in KEYPOINT_TYPES], 'face': FACE, 'mirrored': MIRRORED,
        'skeleton': skeleton_facts(), 'colors': palette.COLORS,
        'look': _of(overlay, 'LINE_WIDTH LETTER MIN_LETTER MAX_LETTER DIGIT'),
        'log': _of(log, 'VERSION'),
        'tracker': {'PAIRS': tracker.PAIRS, 'WEIGHTS': tracker.WEIGHTS.tolist(),
                    **_of(tracker, 'SHOULDERS HIPS NEAR NEAR_SIZE MIN_TORSO')},
        'smoothing': _of(smoothing, 'MIN_CUTOFF BETA SPEED_CUTOFF MAX_STEP'),
        'classifier': {'script': classifier.script_facts(), 'features': classifier.definition(),
                       **_of(classifier, 'HOLD RELEASE MAX_LABELS NEGATIVE NONE'),
                       **_of(recordings, 'STEADY_TIME LEAST MAX_GAP MAX_LABEL'),
                       **_of(rules, 'FLICKER UNSEEN'), **_of(features, 'RIM'),
                       **_of(collecting, 'MIN_SCORE'),
                       **_of(model_file, 'FORMAT VERSION MAX_BYTES')},
        'training': {**_of(training, 'BLOCKS WITHIN MARGIN SINGLE LOWEST HIGHEST SINGLE_LOWEST '
                                     'SINGLE_HIGHEST WITH_OTHER WHOLE CHANGES KNOWN'),
                     **_of(neighbours, 'NEIGHBOURS MIN_KNOWN FAR MAX_SAMPLES NEAR TURNS'),
                     'AHEAD': features.AHEAD, 'ORDER': features.ORDER.tolist(),
                     'SIGNS': features.SIGNS.tolist()},
        'music': {**_of(theory, 'SCALES NOTE_NAMES'), **_of(options, 'INSTRUMENTS OCTAVES'),
                  **_of(players, 'MAX_PLAYERS MIN_SCORE WRIST_TIMEOUT PLACE_TIMEOUT REACH '
                                 'TORSO_IN_WIDTHS MIN_TORSO BODY_TIME'),
                  **_of(pitch, 'HYSTERESIS LOG_ODDS WINDOW SECOND_DIFFERENCE UNCERTAIN_FRAMES')},
        'privacy': {**_of(evidence, 'GREY CELL EVIDENCE PARTS RIM BODY POSE_MARGIN'),
                    'RIM_FACTOR': evidence.RIM_FACTORS['part'],
                    'BUNDLED': look.BUNDLED[0],
                    **_of(composition, 'NOISE_FACTOR MIN_NOISE MAX_NOISE JOIN MARGIN'),
                    **_of(background, 'PATIENCE MIN_SHARE FIRST_DISTANCE MAX_DISTANCE MOVED_FOR'),
                    **_of(room, 'UNCHANGED CHANGE_MARGIN OUTDATED MAX_OUTDATED REMAINS BETRAYS '
                                'CALM CALM_AT_RIM CALM_RIM')}}


def _of(module: Any, names: str) -> Dict[str, Any]:
    return {name: getattr(module, name) for name in names.split()}
