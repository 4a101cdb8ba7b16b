"""Colours of people, which they keep while they are in view."""
from collections import Counter
from typing import Dict, Iterable, Tuple

Color = Tuple[int, int, int]  # RGB

# Okabe and Ito's palette, which colour-blind people can tell apart.
COLORS: Tuple[Color, ...] = ((86, 180, 233), (230, 159, 0), (0, 158, 115), (240, 228, 66),
                             (204, 121, 167), (0, 114, 178), (213, 94, 0))


class Palette:
    """Gives colours to the people of one display."""

    def __init__(self) -> None:
        self._given: Dict[int, int] = {}  # index of a colour by id; who was seen longest ago first

    def update(self, ids: Iterable[int]) -> Dict[int, Color]:
        """The colours of those who are in view, by id.

        People keep their colours. A newcomer gets one that nobody in view has, of which the last
        owner was seen longest ago. Only while all seven are taken do people share colours.
        """
        here: Dict[int, int] = {}
        for id in sorted(ids):
            color = self._given.get(id)
            if color is not None and color not in here.values():
                here[id] = color
        gone = {id: color for id, color in self._given.items() if id not in here}
        for id in sorted(set(ids) - set(here)):
            users, order = Counter(here.values()), list(gone.values())
            here[id] = min(range(len(COLORS)), key=lambda color: (
                users[color], color != self._given.get(id),
                order.index(color) + 1 if color in order else 0))
            gone = {other: color for other, color in gone.items() if color != here[id]}
        self._given = {**gone, **here}
        return {id: COLORS[color] for id, color in here.items()}
