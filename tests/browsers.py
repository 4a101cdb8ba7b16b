"""What browsers do: requests, event streams, and a Chromium without a window."""
import http.client
import json
import re
import subprocess
import urllib.request
from typing import Any, Iterator, Sequence, Tuple
from urllib.parse import urlsplit


def get(url: str, path: str, method: str = 'GET', **headers: str) -> http.client.HTTPResponse:
    """The response to a request; its .body is read, unless it is a stream."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    streams = response.headers['Content-Type'] == 'text/event-stream'
    response.body = b'' if streams else response.read()
    response.connection = connection  # kept open as long as the response
    return response


def events(response: http.client.HTTPResponse) -> Iterator[Tuple[str, Any]]:
    """Name and data of each event of a stream, as they arrive."""
    name = ''
    for line in response:
        key, _, value = line.decode().rstrip('\n').partition(': ')
        if key == 'event':
            name = value
        elif key == 'data':
            yield name, json.loads(value)
            name = ''


class Chromium:
    """A Chromium without a window, controlled by chromedriver; width, height: in CSS pixels.

    switches: further ones of its command line. downloads: a folder for files that pages save.
    """

    def __init__(self, folder: Any, width: int, height: int, switches: Sequence[str] = (),
                 downloads: Any = None) -> None:
        self._driver = subprocess.Popen(['chromedriver', '--port=0'], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self.pid = self._driver.pid
        port = next(found.group(1) for line in self._driver.stdout for found in
                    [re.search(br'started successfully on port (\d+)', line)] if found).decode()
        self._url = f'http://127.0.0.1:{port}/session'
        switches = [*switches, 'headless=new', 'no-sandbox', 'disable-gpu', 'disable-quic',
                    'no-first-run', 'disable-background-networking', 'disable-component-update',
                    'disable-sync', f'user-data-dir={folder}']
        phone = {'deviceMetrics': {'width': width, 'height': height, 'pixelRatio': 2}}
        options = {'args': [f'--{switch}' for switch in switches], 'mobileEmulation': phone}
        if downloads is not None:
            options['prefs'] = {'download.default_directory': str(downloads)}
        capabilities = {'goog:chromeOptions': options, 'goog:loggingPrefs': {'browser': 'ALL'}}
        self._url += '/' + self('', capabilities={'alwaysMatch': capabilities})['sessionId']

    def __call__(self, path: str, **arguments: Any) -> Any:
        """Sends a WebDriver command."""
        request = urllib.request.Request(self._url + path, json.dumps(arguments).encode(),
                                         {'Content-Type': 'application/json'})
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.loads(response.read())['value']

    def open(self, url: str) -> None:
        self('/url', url=url)

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page; what it promises is awaited."""
        return self('/execute/sync', script='return ' + expression, args=[])

    def run_async(self, code: str) -> Any:
        """What the body of an async function returns, run in the page."""
        return self('/execute/async', args=[], script=f"""const done = arguments[0];
            (async () => {{{code}}})().then(done, error => done(`${{error.stack}}`))""")

    def type(self, selector: str, text: str) -> None:
        """Types into an element of the page; into one for files, the path of a file."""
        element, = self('/element', using='css selector', value=selector).values()
        self(f'/element/{element}/value', text=text)

    def close(self) -> None:
        request = urllib.request.Request(self._url, method='DELETE')
        urllib.request.urlopen(request, timeout=30).close()
        self._driver.terminate()
        self._driver.communicate()
