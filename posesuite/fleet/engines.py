"""The engines that run statements.py: DuckDB in this process, or a cluster of Spark.

    with engine_of('duckdb', Storage('/srv/fleet')) as engine:
        table = engine.query(statements.HOURS)

Each has the tables of schema.py with the columns site, camera and day, limited to a Choice.
"""
import abc
import contextlib
import datetime
import os
import sys
import tempfile
from typing import Any, Dict, Iterator, NamedTuple, Optional, Sequence

from posesuite.errors import one_line
from posesuite.fleet.schema import FILE, TABLES, need
from posesuite.fleet.storage import Storage

DUCKDB = 'duckdb'
PARTITIONS = 'site', 'camera', 'day'
MAX_MESSAGE = 300  # characters of an error of Spark, which has Java's stack
PATTERN = set('*?[]{}')  # what makes a path a pattern


class Choice(NamedTuple):
    """What of a fleet is looked at. sites: their names, all if empty; since, until: the first day
    and the one after the last.
    """
    sites: Sequence[str] = ()
    since: Optional[datetime.date] = None
    until: Optional[datetime.date] = None

    def sql(self) -> str:
        """As a condition of SQL."""
        found = ['1 = 1']
        if self.sites:
            found.append(f"site IN ({', '.join(map(_quoted, self.sites))})")
        found += [f"day {sign} '{day}'" for sign, day in (('>=', self.since), ('<', self.until))
                  if day]
        return ' AND '.join(found)


class Engine(abc.ABC):
    """What runs statements on the tables of a fleet."""

    @abc.abstractmethod
    def query(self, statement: str) -> Any:
        """The answer to a statement, a pyarrow.Table."""

    @abc.abstractmethod
    def add(self, name: str, table: Any) -> None:
        """Makes a pyarrow.Table one of its tables."""


class DuckDB(Engine):
    """DuckDB, which spills to a folder of its own what memory does not hold."""

    def __init__(self, connection: Any, storage: Storage, choice: Choice) -> None:
        self._connection = connection
        for table in TABLES:
            if storage.is_remote or PATTERN & set(storage.root):
                # By pyarrow: DuckDB would download an extension for S3, and has no way to say that
                # a path is no pattern.
                from pyarrow import dataset, schema, string
                partitions = dataset.partitioning(schema([(name, string())
                                                          for name in PARTITIONS]), flavor='hive')
                connection.register(f'all_{table}', dataset.dataset(
                    storage.path(table), format='parquet', filesystem=storage.files,
                    partitioning=partitions))
                source = f'all_{table}'
            else:
                pattern = _quoted(storage.path('/'.join(
                    [table, *(f'{name}=*' for name in PARTITIONS), FILE])))
                types = ', '.join(f"'{name}': VARCHAR" for name in PARTITIONS)
                source = (f"read_parquet({pattern}, hive_partitioning = true, "
                          f'hive_types = {{{types}}})')
            connection.execute(f'CREATE VIEW {table} AS SELECT * FROM {source} '
                               f'WHERE {choice.sql()}')

    def query(self, statement: str) -> Any:
        return _whole(self._connection.sql(statement).to_arrow_table())

    def add(self, name: str, table: Any) -> None:
        self._connection.register(name, table)


class Spark(Engine):
    """A cluster of Spark, whose workers must see the fleet under the same path."""

    def __init__(self, session: Any, storage: Storage, choice: Choice) -> None:
        self._session = session
        for table in TABLES:
            folder = storage.path(table)
            folder = f's3a://{folder}' if storage.is_remote else f'file://{folder}'
            session.read.parquet(folder).where(choice.sql()).createOrReplaceTempView(table)

    def query(self, statement: str) -> Any:
        return _whole(self._session.sql(statement).toArrow())

    def add(self, name: str, table: Any) -> None:
        self._session.createDataFrame(table).createOrReplaceTempView(name)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _whole(table: Any) -> Any:
    """A table with all numbers as int64; DuckDB's sums have 128 bits."""
    import pyarrow
    return table.cast(pyarrow.schema([
        (field.name, field.type if pyarrow.types.is_string(field.type)
         or pyarrow.types.is_large_string(field.type) else pyarrow.int64())
        for field in table.schema]))


@contextlib.contextmanager
def engine_of(name: str, storage: Storage, choice: Choice = Choice(),  # noqa: B008
              settings: Optional[Dict[str, str]] = None) -> Iterator[Engine]:
    """An engine over a fleet. name: duckdb, or a master of Spark such as spark://host:7077.

    settings: of the engine, by name. Raises OSError, ValueError or ImportError with one line.
    """
    with tempfile.TemporaryDirectory(prefix='fleet') as spilled:
        running = _duckdb if name == DUCKDB else _spark
        with running(name, storage, choice, spilled, settings or {}) as engine:
            yield engine


@contextlib.contextmanager
def _duckdb(_name: str, storage: Storage, choice: Choice, spilled: str,
            settings: Dict[str, str]) -> Iterator[Engine]:
    need('fleet', ['pyarrow', 'duckdb'])
    import duckdb
    try:
        with contextlib.closing(duckdb.connect(config={
                'temp_directory': spilled, 'autoinstall_known_extensions': 'false',
                'autoload_known_extensions': 'false', **settings})) as connection:
            yield DuckDB(connection, storage, choice)
    except duckdb.Error as error:
        raise OSError(f'DuckDB: {one_line(error)}')


@contextlib.contextmanager
def _spark(name: str, storage: Storage, choice: Choice, spilled: str,
           settings: Dict[str, str]) -> Iterator[Engine]:
    need('spark', ['pyarrow', 'pyspark'])
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession
    os.environ.setdefault('PYSPARK_PYTHON', sys.executable)
    options = {'spark.sql.sources.partitionColumnTypeInference.enabled': 'false',
               'spark.ui.enabled': 'false', 'spark.ui.showConsoleProgress': 'false',
               'spark.sql.ansi.enabled': 'true', 'spark.local.dir': spilled, **settings}
    try:
        session = SparkSession.builder.master(name).appName('visits').config(
            map=options).getOrCreate()
        session.sparkContext.setLogLevel('ERROR')
        try:
            yield Spark(session, storage, choice)
        finally:
            session.stop()
    except (PySparkException, Py4JError) as error:
        raise OSError(f'Spark at {name}: {one_line(error)[:MAX_MESSAGE]}')
