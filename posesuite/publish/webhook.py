"""Webhooks: JSON by HTTP, for signage players and automation.

Every --publish-every seconds, the counts of each area; null stands for the whole picture, and a
count is null while the camera sees nothing:

    {"type": "counts", "timestamp": "2026-11-26T19:41:37.123Z",
     "data": {"counts": [{"zone": null, "count": 2}, {"zone": "Till", "count": 1}],
              "camera": "hall", ... the numbers as in messages.py}}

and at once the events, those together that happen while nobody answers:

    {"type": "events", "timestamp": "2026-11-26T19:41:37.123Z",
     "data": {"camera": "hall", "events": [{"event": "fall", "id": 3, ...}]}}

Requests have the headers of Standard Webhooks (standardwebhooks.com): webhook-id, the same when
one is sent again, webhook-timestamp and, with a secret, webhook-signature.
"""
import base64
import binascii
import hashlib
import hmac
import json
import logging
import os
import time
import urllib.parse
from typing import Any, Dict, List, Optional, Tuple

from posesuite.publish.http import Http, Refused
from posesuite.publish.messages import Numbers, iso
from posesuite.publish.outbox import Outbox
from posesuite.publish.publisher import Sender
from posesuite.publish.targets import Target

MAX_EVENTS = 100  # of a request
PREFIX = 'whsec_'  # of a secret in base64
LOGGER = logging.getLogger(__name__)


class Webhook(Sender):
    """Posts to an address. name: the camera's."""

    def __init__(self, target: Target, name: str, poses: bool) -> None:
        super().__init__(target.shown)
        self._camera, self._key = name, key(target.secret)
        host = f'[{target.host}]' if ':' in target.host else target.host
        query = urllib.parse.urlencode(target.rest)
        self._url = (f'{target.scheme}://{host}:{target.port}/'
                     f'{urllib.parse.quote(target.path)}{"?" if query else ""}{query}')
        self._http = Http(target)
        self._last = -1  # number of the last event of the latest request, which may be sent again
        self._run, self._counts = os.urandom(8).hex(), 0
        self._said = ''  # the latest refusal

    def send(self, outbox: Outbox) -> bool:
        waiting, numbers = outbox.events.peek(MAX_EVENTS), outbox.numbers.peek(1)
        if waiting:
            if waiting[0][0] > self._last:
                self._last = waiting[-1][0]
            events = [event for number, event in waiting if number <= self._last]
            self._post(f'{events[0].run}-{events[0].number}-{events[-1].number}', 'events', {
                'camera': self._camera, 'events': [event.as_json() for event in events]},
                events[0].at)
            outbox.events.done(self._last)
        for number, found in numbers:
            self._counts += 1
            self._post(f'{self._run}-counts-{self._counts}', 'counts', counts_of(found), found.at)
            outbox.numbers.done(number)
        if outbox.events:
            outbox.wake()
        return bool(waiting or numbers)

    def _post(self, id: str, kind: str, data: Dict[str, Any], at: float) -> None:
        body = json.dumps({'type': kind, 'timestamp': iso(at), 'data': data}, allow_nan=False,
                          separators=(',', ':')).encode()
        now = str(int(time.time()))
        headers = {'Content-Type': 'application/json', 'webhook-id': id, 'webhook-timestamp': now}
        if self._key:
            headers['webhook-signature'] = signature(self._key, id, now, body)
        try:
            self._http.post(self._url, body, headers)
        except Refused as error:
            if str(error) != self._said:
                self._said = str(error)
                LOGGER.warning('%s refuses %s (%s): they are left out', self.name, kind, error)


def counts_of(numbers: Numbers) -> Dict[str, Any]:
    """Numbers, with the count of each zone; None for the whole picture."""
    zones: List[Tuple[Optional[str], Optional[int]]] = [(None, numbers.people)]
    zones += [(area['name'], area['people']) for area in numbers.areas()]
    return {'counts': [{'zone': zone, 'count': count} for zone, count in zones],
            **numbers.as_json()}


def key(secret: str) -> bytes:
    """The bytes that a secret stands for; b'' for none."""
    if secret.startswith(PREFIX) and secret != PREFIX:  # an empty key would sign nothing
        try:
            return base64.b64decode(secret[len(PREFIX):], validate=True)
        except binascii.Error:
            pass  # then it only looks so
    return secret.encode()


def signature(key: bytes, id: str, timestamp: str, body: bytes) -> str:
    """The signature of a request, as Standard Webhooks has it."""
    digest = hmac.new(key, f'{id}.{timestamp}.'.encode() + body, hashlib.sha256).digest()
    return 'v1,' + base64.b64encode(digest).decode()
