"""What keeps images of people inside the process."""
from posesuite.privacy.background import Background
from posesuite.privacy.blackout import Blackout
from posesuite.privacy.curtain import Curtain
from posesuite.privacy.evidence import EVIDENCE
from posesuite.privacy.process import Systemd

__all__ = ['EVIDENCE', 'Background', 'Blackout', 'Curtain', 'Systemd']
