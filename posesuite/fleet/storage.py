"""Where the files of a fleet are: a folder, or a bucket of an S3-compatible server."""
import datetime
import json
import os
from typing import Any, Dict, List, Optional
from urllib.parse import parse_qsl, urlsplit

from posesuite.errors import one_line
from posesuite.files import private, written_whole
from posesuite.fleet.schema import FORGOTTEN, MARK, TABLES, VERSION, Camera, day_of, end_of, need

KEEP_DAYS = 30.0  # of a new fleet
S3 = 's3://'


class Storage:
    """The files of a fleet by their paths in it.

    address: a folder, or s3://bucket/folder. The keys and the server of S3 are AWS_ACCESS_KEY_ID,
        AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL of the environment, or what AWS's
        own programs use.
    may_be_new: whether an empty or missing folder becomes a fleet.
    keep_days: of that; a fleet that is there must have the same, if it is given.
    Attributes: keep_days, after which days are deleted.
    Its methods raise OSError or ValueError with one line, or ImportError without pyarrow.
    """

    def __init__(self, address: str, may_be_new: bool = False,
                 keep_days: Optional[float] = None) -> None:
        need('fleet', ['pyarrow'])
        self.address = address
        self.is_remote = address.startswith(S3)
        self.files, self.root = _s3(address) if self.is_remote else _local(address)
        mark = self.read(MARK)
        if mark is None and may_be_new and not self._names(''):
            self.keep(keep_days or KEEP_DAYS)
            return
        if mark is None:
            raise ValueError(f'{address} is not a fleet, which begins with visits.py export')
        try:
            found = json.loads(mark.decode('utf-8'))
            version, self.keep_days = found['version'], float(found['keep_days'])
        except (ValueError, TypeError, KeyError):
            version = None
        if version != VERSION:
            raise ValueError(f'{address} is not a fleet of version {VERSION}: {mark!r:.80}')
        if keep_days not in (None, self.keep_days):
            raise ValueError(f'{address} keeps {self.keep_days:g} days, not {keep_days:g}; '
                             'visits.py forget --keep changes that for all cameras')

    def keep(self, days: float) -> None:
        """Sets after how many days a day is deleted."""
        self.keep_days = days
        self.write(MARK, json.dumps({'version': VERSION, 'keep_days': days}).encode() + b'\n')

    def path(self, name: str) -> str:
        return f'{self.root}/{name}'

    def read(self, name: str) -> Optional[bytes]:
        """All of a file; None if there is none."""
        try:
            with self.files.open_input_stream(self.path(name)) as stream:
                return stream.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failed('read', name, error)

    def write(self, name: str, content: bytes) -> None:
        """Writes a file whole or not at all, in place of an earlier one."""
        if not self.is_remote:
            os.makedirs(os.path.dirname(self.path(name)), 0o700, exist_ok=True)
            with written_whole(self.path(name), 'wb', opener=private) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            return
        try:  # an object is there when its upload has ended, and not before
            with self.files.open_output_stream(self.path(name)) as stream:
                stream.write(content)
        except OSError as error:
            raise self._failed('write', name, error)

    def footer(self, name: str) -> Dict[bytes, bytes]:
        """A Parquet file's metadata; nothing if it is missing or damaged."""
        import pyarrow
        from pyarrow import parquet
        try:
            return parquet.read_schema(self.path(name), filesystem=self.files).metadata or {}
        except (FileNotFoundError, pyarrow.ArrowInvalid):
            return {}
        except OSError as error:
            raise self._failed('read', name, error)

    def days(self, table: str, camera: Camera) -> List[datetime.date]:
        """The days of a camera in a table, or those that are forgotten."""
        found = []
        for name in self._names(camera.folder(table)):
            try:
                found.append(day_of(name))
            except ValueError:
                continue  # another program's
        return sorted(found)

    def cameras(self) -> List[Camera]:
        """All cameras that have days."""
        return sorted({Camera(site[len('site='):], name[len('camera='):]) for table in TABLES
                       for site in self._names(table) if site.startswith('site=')
                       for name in self._names(f'{table}/{site}') if name.startswith('camera=')})

    def stored(self, camera: Camera) -> List[datetime.date]:
        """The days of which there are any files of a camera, also of an interrupted export."""
        return sorted({day for table in TABLES for day in self.days(table, camera)})

    def delete_before(self, camera: Camera, oldest: float) -> List[datetime.date]:
        """Deletes a camera's days that ended before a time, UTC milliseconds; returns them."""
        days = [day for day in self.stored(camera) if end_of(day) <= oldest]
        for day in days:
            self.delete(camera, day, for_ever=False)
        return days

    def delete(self, camera: Camera, day: datetime.date, for_ever: bool) -> None:
        """Deletes a day of a camera. for_ever: no export brings it back."""
        if for_ever:
            self.write(f'{camera.folder(FORGOTTEN)}/day={day}', b'')
        for table in reversed(list(TABLES)):  # visits first: a day without them is no day
            try:
                self.files.delete_dir(self.path(f'{camera.folder(table)}/day={day}'))
            except FileNotFoundError:
                pass
            except OSError as error:
                raise self._failed('delete', f'{camera.folder(table)}/day={day}', error)

    def _names(self, folder: str) -> List[str]:
        from pyarrow.fs import FileSelector
        try:
            return [info.base_name for info in self.files.get_file_info(
                FileSelector(self.path(folder).rstrip('/'), allow_not_found=True))]
        except OSError as error:
            raise self._failed('read', folder, error)

    def _failed(self, verb: str, name: str, error: OSError) -> OSError:
        return OSError(f'cannot {verb} {self.address.rstrip("/")}/{name}: {one_line(error)}')


def _local(address: str) -> Any:
    from pyarrow.fs import LocalFileSystem
    if '://' in address or '\0' in address:
        raise ValueError(f'a fleet is in a folder or at {S3}bucket/folder, got {address!r:.80}')
    return LocalFileSystem(), os.path.abspath(address)


def _s3(address: str) -> Any:
    from pyarrow.fs import S3FileSystem
    parts = urlsplit(address)
    options = dict(parse_qsl(parts.query))
    server = os.environ.get('AWS_ENDPOINT_URL_S3') or os.environ.get('AWS_ENDPOINT_URL')
    if server:
        options['endpoint_override'] = server
    region = os.environ.get('AWS_REGION') or os.environ.get('AWS_DEFAULT_REGION')
    if region or server:
        options.setdefault('region', region or 'us-east-1')
    if not parts.netloc or parts.username or set(options) - {'endpoint_override', 'region',
                                                             'scheme'}:
        raise ValueError(f'need {S3}bucket/folder, its keys in the environment')
    try:  # one request for a file of less than 5 MB instead of three, from pyarrow 20 on
        files = S3FileSystem(allow_delayed_open=True, **options)
    except TypeError:
        files = S3FileSystem(**options)
    return files, (parts.netloc + parts.path).rstrip('/')
