"""MQTT: events, numbers and poses for a broker, and what Home Assistant needs to find them.

    TOPIC/status   "online" or "offline", which the broker says when the program is gone; retained
    TOPIC/numbers  the numbers, retained, when they change and every --publish-every seconds
    TOPIC/events   an event a message, QoS 1: sent again until the broker has acknowledged it
    TOPIC/poses    the newest poses, QoS 0, with --publish-poses

Topics that it listens to: TOPIC/status and Home Assistant's, for "offline" and "online" alone.
"""
import collections
import json
import ssl
import threading
import time
from typing import Any, Deque, Dict, Optional, Tuple

from posesuite.publish.home_assistant import PREFIX, configurations
from posesuite.publish.messages import Numbers
from posesuite.publish.outbox import Outbox
from posesuite.publish.publisher import Sender
from posesuite.publish.targets import Target

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

KEEPALIVE = 15  # seconds; after one and a half of them a broker says that the program is gone
ANSWER_TIMEOUT = 10.0  # seconds in which a broker must acknowledge
IN_FLIGHT = 20  # events that are sent before the first of them is acknowledged
ANNOUNCE_INTERVAL = 2.0  # seconds between announcements that others ask for


class _Client(mqtt.Client):
    """A client whose thread never ends with a traceback."""
    failed: Any = None  # called with what ended it

    def loop_forever(self, *args: Any, **options: Any) -> Any:
        try:
            return super().loop_forever(*args, **options)
        except Exception as error:  # what a broker sent is no MQTT
            self.failed(f'it sends what is no MQTT ({type(error).__name__})')
            return mqtt.MQTT_ERR_PROTOCOL


class Connection:
    """One connection to a broker, up to its end. Raises OSError if there is none.

    wake: called when something has happened. Attributes: lost, why it ended, '' until then;
    heard, whether something asks for an announcement.
    """

    def __init__(self, target: Target, client_id: str, will: str, listen: Dict[str, bytes],
                 wake: Any) -> None:
        self._wake, self._listen = wake, listen
        self._answered = threading.Event()
        self.lost, self.heard = '', False
        self._client = client = _Client(CallbackAPIVersion.VERSION2, client_id=client_id,
                                        reconnect_on_failure=False)
        client.failed = self._lose
        client.will_set(will, 'offline', qos=1, retain=True)
        if target.user:
            client.username_pw_set(target.user, target.secret or None)
        if target.tls:
            client.tls_set_context(ssl.create_default_context(cafile=target.options.get('ca_file')))
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_message, client.on_publish = self._on_message, lambda *_: wake()
        try:
            client.connect(target.host, target.port, KEEPALIVE)
        except ValueError as error:  # a host name that cannot be one
            raise OSError(str(error))
        client.loop_start()
        if not self._answered.wait(ANSWER_TIMEOUT):
            self.lost = self.lost or 'it does not answer'
        if self.lost:
            reason = self.lost
            self.close()
            raise OSError(reason)

    def publish(self, topic: str, payload: Any, qos: int = 1, retain: bool = False) -> Any:
        """Sends a text, or a value as JSON. Raises OSError if the connection is lost."""
        if not isinstance(payload, str):
            payload = json.dumps(payload, allow_nan=False, separators=(',', ':'))
        info = self._client.publish(topic, payload, qos, retain)
        if self.lost or info.rc != mqtt.MQTT_ERR_SUCCESS:
            raise OSError(self.lost or mqtt.error_string(info.rc))
        return info

    def listen(self) -> None:
        """Listens to the topics. A broker may refuse that."""
        for topic in self._listen:
            self._client.subscribe(topic, qos=0)

    def close(self) -> None:
        """Ends the connection in order."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: Any, _: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._lose(f'it refuses the connection: {reason}')
        self._answered.set()

    def _on_disconnect(self, client: Any, _: Any, flags: Any, reason: Any, properties: Any) -> None:
        self._lose(str(reason))

    def _on_message(self, client: Any, _: Any, message: Any) -> None:
        # Anybody may send anything here, of any size; only two words mean something.
        if self._listen.get(message.topic) == message.payload:
            self.heard = True
            self._wake()

    def _lose(self, reason: str) -> None:
        self.lost = self.lost or reason or 'the connection ended'
        self._answered.set()
        self._wake()


class Mqtt(Sender):
    """Publishes to a broker. name: the camera's. poses: whether poses are published, too."""
    at_once = True

    def __init__(self, target: Target, name: str, poses: bool) -> None:
        super().__init__(target.shown)
        self._target, self._camera, self.takes_poses = target, name, poses
        self._topic = target.path or f'posesuite/{name}'
        self._prefix = target.options.get('discovery', PREFIX)
        self._client_id = f'posesuite-{id(self):x}-{time.time_ns():x}'[-23:]
        self._connection: Optional[Connection] = None
        self._flight: Deque[Tuple[int, Any, float]] = collections.deque()  # number, info, when
        self._sent = -1  # number of the latest event that was sent over this connection
        self._poses: Any = None  # info of the latest poses
        self._numbers: Optional[Numbers] = None  # the latest
        self._announced: Dict[str, Any] = {}  # topics and payloads
        self._announced_at = 0.0  # time.monotonic()

    def send(self, outbox: Outbox) -> bool:
        connection = self._connection or self._connect(outbox)
        if connection.lost:
            raise OSError(connection.lost)
        numbers = outbox.numbers.peek(1)
        if numbers:
            self._numbers = numbers[0][1]
        if numbers or connection.heard or not self._announced:
            self._announce(connection)
        if numbers and self._numbers:
            self._fly(connection, f'{self._topic}/numbers', self._numbers.as_json(), True)
            outbox.numbers.done(numbers[0][0])
        self._send_events(connection, outbox)
        for number, poses in outbox.poses.peek(IN_FLIGHT):
            if self._poses is not None and not self._poses.is_published():
                break  # the network is too slow for them
            self._poses = connection.publish(f'{self._topic}/poses', poses.as_json(), 0)
            outbox.poses.done(number)
        if self._flight and time.monotonic() - self._flight[0][2] > ANSWER_TIMEOUT:
            raise OSError('it acknowledges nothing')
        return True

    def reset(self) -> None:
        connection, self._connection = self._connection, None
        self._flight.clear()
        self._sent, self._poses, self._announced = -1, None, {}
        if connection:
            connection.close()

    def close(self) -> None:
        if self._connection and not self._connection.lost:
            info = self._connection.publish(f'{self._topic}/status', 'offline', retain=True)
            info.wait_for_publish(1.0)
        self.reset()

    def _connect(self, outbox: Outbox) -> Connection:
        listen = {f'{self._topic}/status': b'offline'}
        if self._prefix:
            listen[f'{self._prefix}/status'] = b'online'
        self._connection = Connection(self._target, self._client_id, f'{self._topic}/status',
                                      listen, outbox.wake)
        return self._connection

    def _announce(self, connection: Connection) -> None:
        """Says what there is, to a broker that may know nothing of it, and when it has changed."""
        now = time.monotonic()
        wanted = configurations(self._prefix, self._topic, self._camera, self._numbers, self.kinds)
        first = not self._announced
        if connection.heard and now - self._announced_at > ANNOUNCE_INTERVAL:
            self._announced, connection.heard = {}, False
        for topic, payload in wanted.items():
            if self._announced.get(topic) != payload:
                connection.publish(topic, payload, retain=True)
        if not self._announced:
            self._announced_at = now
            connection.publish(f'{self._topic}/status', 'online', retain=True)
            if self._numbers:
                connection.publish(f'{self._topic}/numbers', self._numbers.as_json(), retain=True)
        if first:  # now the retained status is the own one
            connection.listen()
        self._announced = {**wanted, f'{self._topic}/status': 'online'}

    def _send_events(self, connection: Connection, outbox: Outbox) -> None:
        while self._flight and self._flight[0][1].is_published():  # which is: acknowledged
            number = self._flight.popleft()[0]
            outbox.events.done(number)
        for number, event in outbox.events.peek(max(0, IN_FLIGHT - len(self._flight)), self._sent):
            if event.event.event not in self.kinds:
                self.kinds.add(event.event.event)
                self._announce(connection)
            self._fly(connection, f'{self._topic}/events', event.as_json(), False, number)
            self._sent = number

    def _fly(self, connection: Connection, topic: str, payload: Any, retain: bool,
             number: int = -1) -> None:
        """Sends what must be acknowledged. number: of the event, if it is one."""
        info = connection.publish(topic, payload, retain=retain)
        self._flight.append((number, info, time.monotonic()))
