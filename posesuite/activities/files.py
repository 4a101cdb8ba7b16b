"""Files of activities by their path or, where they are shipped with the suite, by their name."""
import glob
import os
from typing import Any, Dict

from posesuite.activities.classifier import Classifier
from posesuite.activities.model_file import checked, read_model
from posesuite.activities.rules import RuleSet

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'shipped')


def shipped() -> Dict[str, str]:
    """The paths of the shipped files by name, such as 'fall'."""
    return {os.path.splitext(os.path.basename(path))[0]: path
            for path in sorted(glob.glob(os.path.join(glob.escape(FOLDER), '*.json')))}


def open_activity(name: str) -> Any:
    """The rules or the classifier of a shipped name or of a file; './fall' is always a file.

    Raises OSError or ValueError with one line.
    """
    path = shipped().get(name, name)
    if path == name and not os.path.exists(name):
        raise FileNotFoundError(f'there is no file of activities {name!r:.200}, and none of this '
                                f'name is shipped: {", ".join(shipped())}')
    content = read_model(path)
    return checked(path, RuleSet if content['kind'] == 'rules' else Classifier.from_json, content)


def listed() -> str:
    """What is shipped, a line each."""
    return '\n'.join(f'{name:16}{read_model(path, "rules").get("text", "")}'
                     for name, path in shipped().items())
