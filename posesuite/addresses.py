"""Addresses in a network, and what of them may be shown."""
import os
import re

# How an address begins or goes on that has no scheme, or a mistyped one.
_LIKE_AN_ADDRESS = re.compile(
    r'[a-zA-Z]\w+:/|.*:.*@|(\d{1,3}\.){3}\d{1,3}([:/]|$)|[\w.-]+:\d+/|.*(pass\w*|pwd|token|auth)=',
    re.DOTALL | re.IGNORECASE)


def is_address(source: str) -> bool:
    """Whether a source means something in a network, also where its scheme is mistyped or missing.
    """
    return ('://' in source or not os.path.lexists(source)
            and _LIKE_AN_ADDRESS.match(source) is not None)


def hidden(address: str) -> str:
    """The scheme, host and port of an address, without the rest.

    Cameras and recorders take passwords before the host, in the path and in the query.
    """
    _, scheme, rest = re.split(r'^(?:(\w+):/+|/+)?', address, maxsplit=1)
    authority = re.split('[/?#]', rest)[0]
    beyond = rest[len(authority):]
    host = _host(authority)
    if '@' in beyond and not re.search(r'[.\]]', host):  # perhaps a password with a slash in it
        host = _host(re.split('[/?#]', beyond.split('@')[-1])[0])
        host = host if re.search(r'[.\]]', host) else '(hidden)'
    return f'{scheme}://{host}' if scheme else host


def _host(authority: str) -> str:
    """The host and port of a URL's authority; '(hidden)' if it has none."""
    found = re.match(r'(\[[\da-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?$', authority.split('@')[-1])
    return found.group() if found else '(hidden)'
