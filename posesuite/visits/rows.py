"""What is stored of visits: the rows of seven tables. Knows no disk and no camera.

All times are UTC in milliseconds since 1970. `begun` and `ended` are the first and last moments; of
what still goes on, `ended` is brought up to date with every write.

  table      columns                              a row is
  runs       id, begun, ended, title, width,      the watch of one view of that size in pixels; a
             height                               new one begins when the clock is set
  clocks     run, boot, zero, first, last,        the clock of a run under the wall clock: a Mark of
             confirmed                            clock.py; recordings, and old stores, have none
  rooms      run, whole, picture                  the picture of the empty room, see room.py
  gaps       run, begun, ended, why               a time in which a run could not see, or not store
  visits     id, run, begun, ended                one appearance of one person; who returns begins
                                                  a new visit
  positions  visit, time, x, y, height, flags     where a visit's person is, once a second, at the
                                                  end, and when feet appear: the feet and the
                                                  height in thousandths of the image's width and
                                                  height, and the sum of the flags below
  bodies     visit, time, facing, left_x, left_y, how the person of a position at an area or display
             right_x, right_y                     is turned, in 16ths of a turn clockwise as seen
                                                  from above, 0 is to the picture's right; where
                                                  the wrists that are in it are, in hundredths of
                                                  the image's width and height; NULL is not known.
                                                  None without areas, and none in old stores
"""
from typing import Any, Dict, Tuple

SECOND = 1000  # milliseconds
DAY = 86400 * SECOND  # milliseconds

# Number of columns of each table, primary key first.
TABLES = {'runs': 6, 'clocks': 6, 'rooms': 3, 'gaps': 4, 'visits': 4, 'positions': 6,
          'bodies': 7}

DIRECTIONS = 16  # that a body may face
# In place of a body's columns: NULL, and no row, because the recorder knew no area there.
UNKNOWN, NOT_RECORDED = -1, -2

# Flags of a position.
FEET = 1  # the feet are a sure ankle, not just the lowest sure part
HEAD = 2  # the height goes up to the face, not just to the highest sure part
HAND_RAISED = 4  # a hand is above its shoulder
SITTING = 8  # the thighs are nearly level
UPRIGHT = 16  # the thighs are nearly vertical; without either flag the posture is unknown

# By table and primary key: an id, or (run, begun) of a gap, or (visit, time) of a position or body.
# The value is the rest of the row.
Rows = Dict[str, Dict[Any, Tuple[Any, ...]]]


def no_rows() -> Rows:
    """All tables, empty."""
    return {table: {} for table in TABLES}


def add_rows(rows: Rows, newer: Rows) -> None:
    """Adds newer rows to rows, in place of those with the same key."""
    for table, added in newer.items():
        rows[table].update(added)
