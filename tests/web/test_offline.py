"""What a page of pose_web.py sends, and that it works when its server is gone."""
import contextlib
import os
import re
import socketserver
import threading
from typing import Any

from browsers import Chromium
from firefoxes import Firefox
from helpers import need, wait_for
from sites import outcome

import pytest

# What browsers ask on their own, whatever page is open: their makers' hosts, and the test's probe.
OWN = re.compile(r'[./](google|googleapis|gvt1|duckduckgo|mozilla)\.(com|net|org)[:/]'
                 r'|probe\.invalid')
PAGE_READY = "document.getElementById('state').textContent === 'Ready'"
FIND = '''(async () => {
  const {load} = await import('/posenet.js');
  const image = new Image();
  image.src = URL.createObjectURL(new Blob(['<svg xmlns="http://www.w3.org/2000/svg" width="64" ' +
      'height="48"><rect width="64" height="48" fill="grey"/></svg>'], {type: 'image/svg+xml'}));
  await image.decode();
  const net = await load();
  return [(await net.estimateMultiplePoses(image)).length, net.model.inputResolution.width];
})()'''


def test_without_a_server_once_it_was_open(served, browser):
    browser.open(served.url)
    wait_for(lambda: browser.run(PAGE_READY))
    assert browser.run('navigator.serviceWorker.ready.then(() => true)')
    wait_for(lambda: browser.run('navigator.serviceWorker.controller !== null'))
    served.end()
    browser.open(served.url)
    wait_for(lambda: browser.run(PAGE_READY))
    assert browser.run(FIND) == [0, 481]


class Proxy(socketserver.ThreadingTCPServer):
    """Refuses every request, and keeps its first line. Attributes: port, asked."""
    daemon_threads, allow_reuse_address = True, True

    def __init__(self) -> None:
        super().__init__(('127.0.0.1', 0), _Refuse)
        self.port, self.asked = self.server_address[1], []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Refuse(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.server.asked.append(self.rfile.readline().decode().strip())
        self.wfile.write(b'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')


def start_with_proxy(name: str, folder: str, port: int) -> Any:
    if name == 'chromium':
        need('chromedriver')
        return Chromium(folder, 900, 700, [
            f'proxy-server=127.0.0.1:{port}', 'disable-features=OptimizationHints,MediaRouter',
            'use-fake-device-for-media-stream', 'use-fake-ui-for-media-stream'])
    return Firefox(folder, **{
        'network.proxy.type': 1, 'network.proxy.http': '127.0.0.1',
        'network.proxy.ssl': '127.0.0.1', 'network.proxy.http_port': port,
        'network.proxy.ssl_port': port, 'media.navigator.streams.fake': True})


@pytest.mark.parametrize('name', ['chromium', 'firefox-esr'])
def test_nothing_leaves(served, tmp_path, name):
    need(name)
    os.mkdir(tmp_path / 'profile')
    with Proxy() as proxy:
        browser = start_with_proxy(name, str(tmp_path / 'profile'), proxy.port)
        with contextlib.suppress(OSError, AssertionError):  # there is no such page
            browser.open('http://probe.invalid/')
        assert any('probe.invalid' in line for line in proxy.asked)  # what leaves is seen
        browser.open(served.url)
        wait_for(lambda: browser.run(PAGE_READY))
        browser.run("document.getElementById('camera').click()")
        wait_for(lambda: browser.run("/frames/.test(document.getElementById('rate').textContent)"))
        # What a page of this site tries, the policy forbids, in the worker too.
        for attempt in ("fetch('http://example.invalid/')", "fetch('https://example.invalid/')",
                        "fetch('http://example.invalid/', {method: 'POST', mode: 'no-cors'})"):
            assert outcome(browser, attempt)[0] == 'TypeError'
        browser.run("navigator.sendBeacon('http://example.invalid/', 'a')")
        browser.run("(new Image().src = 'http://example.invalid/')")
        browser.run("new Promise(end => setTimeout(end, 1000))")
        browser.close()
        assert [line for line in proxy.asked if line and not OWN.search(line)] == []
