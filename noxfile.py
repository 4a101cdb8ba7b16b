"""The tests on further Pythons and runtimes that the suite serves, and the training: nox.

The README's own command runs them on the Python that is at hand.
"""
import nox

nox.options.default_venv_backend = 'venv'  # virtualenv no longer makes one for Python 3.7


@nox.session(python=['3.7', '3.9', '3.13'])
def tests(session: nox.Session) -> None:
    """With the runtime that requirements.txt takes for this Python."""
    session.install('-q', '-r', 'requirements-dev.txt')
    session.run('python', '-m', 'pytest', *session.posargs)


@nox.session(python='3.11')
def tests_tflite_runtime(session: nox.Session) -> None:
    """With the older runtime, where both have wheels."""
    session.install('-q', 'tflite-runtime', 'numpy<2', 'opencv-python>=4.5,<6,!=4.10.*,!=4.11.*',
                    'pillow', 'nox', 'matplotlib', 'mido', 'pyfluidsynth!=1.3.6', 'pytest', 'ruff')
    session.run('python', '-m', 'pytest', *session.posargs)


@nox.session(python='3.11')
def training(session: nox.Session) -> None:
    """The training pipeline, which has needs of its own: PyTorch above all."""
    session.install('-q', '-r', 'training/requirements.txt')
    session.install('-q', 'pillow', 'pytest', 'nox')
    session.run('python', '-m', 'pytest', 'tests/training', *session.posargs)
