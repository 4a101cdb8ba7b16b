"""Errors that a user can act on."""


class SuiteError(RuntimeError):
    """One line that says what was got and what is needed; a script prints it and exits with 1."""


class DeviceFault(SuiteError):
    """A device failed and is being started again: this call failed, a later one may succeed.

    since: time.time() of the first failure since the device last worked. Attribute what: its name.
    """
    what = 'Edge TPU'

    def __init__(self, message: str, since: float) -> None:
        super().__init__(message)
        self.since = since


def one_line(error: BaseException) -> str:
    """What an error says, without its line breaks."""
    return ' '.join(str(error).split())
