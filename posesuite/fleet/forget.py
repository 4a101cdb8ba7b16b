"""Deletes days of cameras from a fleet."""
import datetime
import time
from typing import List, Optional, Tuple

from posesuite.fleet.schema import Camera
from posesuite.fleet.storage import Storage
from posesuite.visits.rows import DAY, SECOND


def forget_days(fleet: str, camera: Optional[Camera] = None,
                since: Optional[datetime.date] = None, until: Optional[datetime.date] = None,
                keep_days: Optional[float] = None) -> List[Tuple[Camera, datetime.date]]:
    """Deletes days of one camera, or of all, and returns them.

    since, until: the first day and the one after the last. No export brings a day back.
    keep_days: how long the fleet keeps its days from now on. What is older is deleted, by this
        machine's clock, also of cameras that export no more.
    Raises OSError, ValueError or ImportError with one line.
    """
    files = Storage(fleet)
    cameras = files.cameras()
    if keep_days is not None:
        files.keep(keep_days)
    if camera is not None and camera not in cameras:
        raise ValueError(f'{fleet} has no camera {camera}')
    deleted = []
    for one in cameras if camera is None else [camera]:
        if keep_days is not None:
            days = files.delete_before(one, time.time() * SECOND - keep_days * DAY)
        else:
            days = [day for day in files.stored(one) if (since is None or day >= since)
                    and (until is None or day < until)]
            for day in days:
                files.delete(one, day, for_ever=True)
        deleted += [(one, day) for day in days]
    return deleted
