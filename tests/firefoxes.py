"""A Firefox without a window, controlled by Marionette, the protocol that it has built in."""
import json
import os
import socket
import subprocess
from typing import Any

from helpers import wait_for

SETTINGS = {  # what the browser itself would send is off
    'marionette.port': 0, 'media.navigator.permission.disabled': True, 'media.autoplay.default': 0,
    'app.normandy.enabled': False, 'app.update.enabled': False,
    'browser.safebrowsing.malware.enabled': False, 'browser.safebrowsing.phishing.enabled': False,
    'browser.search.update': False, 'browser.topsites.contile.enabled': False,
    'browser.newtabpage.activity-stream.feeds.topsites': False, 'extensions.update.enabled': False,
    'datareporting.policy.dataSubmissionEnabled': False, 'dom.push.connection.enabled': False,
    'extensions.getAddons.cache.enabled': False, 'geo.provider.network.url': '',
    'network.captive-portal-service.enabled': False, 'network.connectivity-service.enabled': False,
    'services.settings.server': 'data:,', 'toolkit.telemetry.enabled': False}


class Firefox:
    """folder: for its profile. settings: further preferences."""

    def __init__(self, folder: Any, **settings: Any) -> None:
        with open(os.path.join(folder, 'user.js'), 'w') as file:
            for name, value in {**SETTINGS, **settings}.items():
                file.write(f'user_pref({json.dumps(name)}, {json.dumps(value)});\n')
        self._process = subprocess.Popen(
            ['firefox-esr', '--headless', '--marionette', '--no-remote', '--profile', str(folder)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self._process.pid
        active = os.path.join(folder, 'MarionetteActivePort')
        wait_for(lambda: os.path.exists(active) and os.path.getsize(active))
        with open(active) as file:
            self._socket = socket.create_connection(('127.0.0.1', int(file.read())), 60)
        self._stream, self._asked = self._socket.makefile('rb'), 0
        self._read()  # its greeting
        self('NewSession')

    def __call__(self, command: str, **arguments: Any) -> Any:
        """Sends a WebDriver command; returns its value."""
        self._asked += 1
        message = json.dumps([0, self._asked, f'WebDriver:{command}', arguments]).encode()
        self._socket.sendall(b'%d:%s' % (len(message), message))
        _, _, error, result = self._read()
        assert error is None, error
        return result

    def _read(self) -> Any:
        digits = b''
        while not digits.endswith(b':'):
            digits += self._stream.read(1)
        return json.loads(self._stream.read(int(digits[:-1])))

    def open(self, url: str) -> None:
        self('Navigate', url=url)

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page; what it promises is awaited."""
        return self('ExecuteScript', script='return ' + expression, args=[])['value']

    def close(self) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait()
