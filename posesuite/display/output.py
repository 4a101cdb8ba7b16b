"""What every output of a display has in common, and its error."""
import abc

from posesuite.display.scene import Scene
from posesuite.errors import SuiteError


class DisplayError(SuiteError):
    """An output cannot show frames. The text is one line that the user can act on."""


class Output(abc.ABC):
    """A place where frames are shown: a window, a file or a server for browsers."""

    @abc.abstractmethod
    def show(self, scene: Scene) -> bool:
        """Shows a frame. Returns False once the display is to end. Raises DisplayError."""

    def idle(self) -> bool:
        """Called while no frame comes. Returns False once the display is to end."""
        return True

    @abc.abstractmethod
    def close(self) -> None:
        """Completes what was shown and frees the output. Raises DisplayError."""
