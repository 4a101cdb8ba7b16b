"""The choice of the device: what is plugged in, and why an Edge TPU cannot be used."""
import os
import tempfile
from pathlib import Path
from typing import Any, Iterator

from posesuite.engine.device import default_threads, edgetpu_nodes, why_no_edgetpu

import pytest


def plug_in(root: Any, bus: str, mode: int = 0o600, ids: str = '18d1:9302') -> str:
    """Puts an Edge TPU's files under a file system's root; returns the device file."""
    if bus == 'pci':
        node = root / 'dev' / 'apex_0'
    else:
        node = root / 'dev' / 'bus' / 'usb' / '002' / '007'
        folder = root / 'sys' / 'bus' / 'usb' / 'devices' / '2-1'
        folder.mkdir(parents=True)
        vendor, product = ids.split(':')
        for name, value in [('idVendor', vendor), ('idProduct', product), ('busnum', '2'),
                            ('devnum', '7')]:
            (folder / name).write_text(value + '\n')
    node.parent.mkdir(parents=True, exist_ok=True)
    node.touch()
    node.chmod(mode)
    return str(node)


@pytest.fixture
def root() -> Iterator[Any]:
    """An empty file system's root, seen by a user who is not root."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        privileged = os.geteuid() == 0
        if privileged:  # root may open what nobody may
            os.setresuid(65534, 0, 0)
        try:
            yield Path(folder)
        finally:
            if privileged:
                os.setresuid(0, 0, 0)


def test_why_not_names_what_to_plug_in(root: Any) -> None:
    plug_in(root, 'usb', ids='1d6b:0002')  # a hub
    (root / 'sys' / 'bus' / 'usb' / 'devices' / '2-0:1.0').mkdir()  # an interface: no ids
    assert edgetpu_nodes(str(root)) == []
    why = why_no_edgetpu(str(root))
    assert 'no Edge TPU is plugged in' in why
    assert '\n' not in why


@pytest.mark.parametrize('bus, group', [('usb', 'plugdev'), ('pci', 'apex')])
def test_why_not_names_the_group_that_gives_permission(root: Any, bus: str, group: str) -> None:
    node = plug_in(root, bus, 0)
    why = why_no_edgetpu(str(root))
    assert 'no permission for the Edge TPU ' + node in why
    assert f'sudo usermod -aG {group} "$USER"' in why
    assert '\n' not in why


@pytest.mark.parametrize('bus, ids', [('usb', '1a6e:089a'), ('usb', '18d1:9302'), ('pci', '')])
def test_why_not_names_the_device_that_is_busy(root: Any, bus: str, ids: str) -> None:
    node = plug_in(root, bus, 0o666, ids)
    assert edgetpu_nodes(str(root)) == [node]
    why = why_no_edgetpu(str(root))
    assert f'the Edge TPU {node} is busy or did not answer' in why
    assert 'fuser -v ' + node in why
    assert '\n' not in why


def test_why_not_takes_one_device_that_may_be_opened_for_enough(root: Any) -> None:
    plug_in(root, 'pci', 0)
    plug_in(root, 'usb', 0o666)
    assert 'busy' in why_no_edgetpu(str(root))


@pytest.mark.parametrize('there, device', [('usb', 'pci'), ('pci', 'usb'), ('usb', 'edgetpu:1')])
def test_why_not_names_the_device_there_is_instead(root: Any, there: str, device: str) -> None:
    node = plug_in(root, there, 0o666)
    assert why_no_edgetpu(str(root), device) == (
        f'no Edge TPU answers to {device}: there is {node}')


def test_why_not_knows_a_container_without_the_device_file(root: Any) -> None:
    node = plug_in(root, 'usb')
    os.unlink(node)
    assert f'no device file {node}' in why_no_edgetpu(str(root))


def test_why_not_survives_a_device_that_goes_away_meanwhile(root: Any) -> None:
    plug_in(root, 'usb')
    (root / 'sys' / 'bus' / 'usb' / 'devices' / '2-1' / 'devnum').unlink()
    assert 'no Edge TPU is plugged in' in why_no_edgetpu(str(root))


@pytest.mark.skipif(not hasattr(os, 'sched_setaffinity'), reason='Linux counts usable cores')
def test_threads_are_those_that_the_process_may_use() -> None:
    allowed = os.sched_getaffinity(0)
    assert default_threads() == min(4, len(allowed))
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert default_threads() == 1
    finally:
        os.sched_setaffinity(0, allowed)
