"""Errors that a user can act on."""


class SuiteError(RuntimeError):
    """One line that says what was got and what is needed; a script prints it and exits with 1."""


def one_line(error: BaseException) -> str:
    """What an error says, without its line breaks."""
    return ' '.join(str(error).split())
