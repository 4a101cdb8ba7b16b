"""Who may come in: how many connections are open, whose, and how fast tokens can be guessed.

When there is no room for a new connection, one that waits for a request is closed: first those
that never had the right token, the longest waiting first. So idle and slow clients lock nobody
out, and clients of one address leave room for those of others.
"""
import asyncio
import ipaddress
import time
from typing import Dict, List, Optional

MAX_CONNECTIONS = 256
MAX_OF_ADDRESS = 128  # connections of one address; a proxy's clients all have the proxy's
IPV6_PREFIX = 64  # bits of an IPv6 address that count: the rest is for the client to choose
WRONG_TOKEN_DELAY = 1.0  # seconds between two answers to wrong tokens from one address
MAX_DELAY = 30.0  # seconds for any such answer


class Visitor:
    """A connection.

    Attributes: address (of the client), waits (whether no request of it is being answered), since
    (when the waiting began, in monotonic seconds), trusted (whether it has had the right token).
    """

    def __init__(self, address: str, transport: asyncio.BaseTransport) -> None:
        self.address, self._transport, self.trusted = address, transport, False
        self.wait()

    def wait(self) -> None:
        """To be called when a request is to come."""
        self.waits, self.since = True, time.monotonic()

    def turn_out(self) -> None:
        self._transport.abort()


class Door:
    """The connections that are open, and the addresses that sent wrong tokens."""

    def __init__(self) -> None:
        self._visitors: List[Visitor] = []
        self._answers: Dict[str, float] = {}  # when the latest answer to a wrong token is due

    def admit(self, transport: asyncio.BaseTransport) -> Optional[Visitor]:
        """Lets a connection in, at the expense of an idle one if need be; None: there is no room.
        """
        peer = transport.get_extra_info('peername')
        visitor = Visitor(network_of(peer[0]) if peer else '', transport)
        group = [other for other in self._visitors if other.address == visitor.address]
        if len(group) < MAX_OF_ADDRESS:
            group = self._visitors if len(self._visitors) >= MAX_CONNECTIONS else []
        if group:
            waiting = [other for other in group if other.waits]
            if not waiting:
                return None
            idle = min(waiting, key=lambda other: (other.trusted, other.since))
            idle.turn_out()
            self.leave(idle)
        self._visitors.append(visitor)
        return visitor

    def __len__(self) -> int:
        """How many connections are open."""
        return len(self._visitors)

    def leave(self, visitor: Visitor) -> None:
        if visitor in self._visitors:
            self._visitors.remove(visitor)

    def delay(self, address: str) -> float:
        """Seconds until a wrong token from an address is to be answered.

        The right token is never delayed, so nobody's guesses keep its owner out.
        """
        now = time.monotonic()
        self._answers = {known: due for known, due in self._answers.items() if due > now}
        due = min(max(now, self._answers.get(address, now)) + WRONG_TOKEN_DELAY, now + MAX_DELAY)
        self._answers[address] = due
        return due - now


def network_of(host: str) -> str:
    """The address of a client as far as it counts."""
    address = ipaddress.ip_address(host.partition('%')[0])
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))
