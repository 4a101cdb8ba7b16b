"""The statistics of a fleet, each once, in the SQL that DuckDB, Spark and SQLite all take.

They read the tables of schema.py with the columns site, camera and day, and answer with counts and
sums of integers alone: an engine may add them up in any order, and on many machines. Shares, rates
and blanks are made of these by posesuite/visits, as for a single store.

No engine's `/` is used: one divides integers, another makes floats of them. Quantiles are
interpolated as NumPy does, times their denominator.
"""
from typing import Dict, Sequence

CAMERA = 'site, camera'
VISIT = 'site, camera, day, visit'
STAY = 5000  # milliseconds, as statistics.STAY

# A row for each hour of each camera.
HOURS = f"""
WITH began AS (SELECT {CAMERA}, slot, count(*) AS begun FROM visits GROUP BY {CAMERA}, slot),
     there AS (SELECT {VISIT}, slot, sum(ms) AS ms FROM positions GROUP BY {VISIT}, slot),
     present AS (SELECT {CAMERA}, slot, count(*) AS present, sum(ms) AS people FROM there
                 GROUP BY {CAMERA}, slot)
SELECT h.site, h.camera, h.day, h.slot, h.weekday, h.hour, h.watched, h.lost, h.short,
       coalesce(b.begun, 0) AS begun, coalesce(p.present, 0) AS present,
       coalesce(p.people, 0) AS people
FROM hours h
LEFT JOIN began b ON b.site = h.site AND b.camera = h.camera AND b.slot = h.slot
LEFT JOIN present p ON p.site = h.site AND p.camera = h.camera AND p.slot = h.slot
ORDER BY h.site, h.camera, h.slot
"""

# The most visits at once of each camera. Who leaves in the moment in which another comes, does so
# first.
PEAK = f"""
WITH steps AS (SELECT {CAMERA}, begun AS time, 1 AS step FROM visits
               UNION ALL SELECT {CAMERA}, begun + dwell AS time, -1 AS step FROM visits),
     there AS (SELECT {CAMERA}, sum(step) OVER (
                   PARTITION BY {CAMERA} ORDER BY time, step
                   ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS people FROM steps)
SELECT {CAMERA}, max(people) AS people FROM there GROUP BY {CAMERA} ORDER BY {CAMERA}
"""

# Visits by their duration in steps of 5 s; exact: those of a whole number of them.
DWELL = f"""
SELECT {CAMERA}, dwell - dwell % 5000 AS dwell, count(*) AS visits,
       sum(CASE WHEN dwell % 5000 = 0 THEN 1 ELSE 0 END) AS exact
FROM visits GROUP BY {CAMERA}, dwell - dwell % 5000 ORDER BY 1, 2, 3
"""

# Cells of the map of 48 by 36; cell_x and cell_y are 1000 times the cell's number.
MAP = f"""
WITH wide AS (SELECT {VISIT}, 48 * CAST(x AS INTEGER) AS x, 36 * CAST(y AS INTEGER) AS y, ms, still
              FROM positions),
     placed AS (SELECT {VISIT}, x - x % 1000 AS cell_x, y - y % 1000 AS cell_y, ms,
                       CASE WHEN still THEN ms ELSE 0 END AS still_ms,
                       CASE WHEN still THEN 1 ELSE 0 END AS stood FROM wide),
     there AS (SELECT {VISIT}, cell_x, cell_y, sum(ms) AS ms, sum(still_ms) AS still_ms,
                      max(stood) AS stood FROM placed GROUP BY {VISIT}, cell_x, cell_y)
SELECT {CAMERA}, cell_x, cell_y, count(*) AS visits, sum(ms) AS ms, sum(stood) AS stood,
       sum(still_ms) AS still_ms
FROM there GROUP BY {CAMERA}, cell_x, cell_y ORDER BY 1, 2, 4, 3
"""

# The positions in areas; spans has the columns site, camera, y, low, high, area: the rows of pixels
# of each area.
INSIDE = """inside AS (
    SELECT p.site, p.camera, p.day, p.visit, p.time, p.slot, p.ms, s.area
    FROM positions p JOIN spans s ON s.site = p.site AND s.camera = p.camera AND s.y = p.y
                                  AND p.x >= s.low AND p.x <= s.high)"""
AREA_HOURS = f"""
WITH {INSIDE},
     there AS (SELECT {VISIT}, area, slot, sum(ms) AS ms FROM inside
               GROUP BY {VISIT}, area, slot)
SELECT {CAMERA}, area, slot, count(*) AS present, sum(ms) AS people
FROM there GROUP BY {CAMERA}, area, slot ORDER BY 1, 2, 3, 4
"""
# How long each visit was in an area, of stays of STAY or more.
STAYS = f"""{INSIDE},
     entered AS (SELECT *, CASE WHEN lag(area) OVER (PARTITION BY {VISIT} ORDER BY time) = area
                                THEN 0 ELSE 1 END AS enters FROM inside),
     numbered AS (SELECT *, sum(enters) OVER (
                      PARTITION BY {VISIT} ORDER BY time
                      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS stay FROM entered),
     stays AS (SELECT {VISIT}, area, stay, sum(ms) AS ms FROM numbered
               GROUP BY {VISIT}, area, stay HAVING sum(ms) >= {STAY}),
     stayed AS (SELECT {VISIT}, area, sum(ms) AS dwell FROM stays GROUP BY {VISIT}, area)"""


def quantiles(relation: str, keys: Sequence[str], value: str, parts: Dict[str, int], whole: int,
              before: str = '') -> str:
    """The statement for quantiles of a relation's whole numbers, for each group of keys.

    Its rows: the keys; n, how many there are; and of each of parts, of which {name: k} is the
    quantile k / whole, that quantile times `whole`.
    before: what WITH defines for the relation.
    """
    group = ', '.join(keys)
    by = f'PARTITION BY {group} ' if keys else ''
    columns = ', '.join(f"""
       sum(value * (CASE WHEN {whole} * first <= at_{name} AND at_{name} < {whole} * after
                         THEN {whole} - rest_{name} ELSE 0 END
                  + CASE WHEN {whole} * first <= at_{name} + {whole}
                          AND at_{name} + {whole} < {whole} * after
                         THEN rest_{name} ELSE 0 END)) AS {name}""" for name in parts)
    ranks = ', '.join(f"""
                       {k} * (n - 1) % {whole} AS rest_{name},
                       {k} * (n - 1) - {k} * (n - 1) % {whole} AS at_{name}"""
                      for name, k in parts.items())
    group_by = f'GROUP BY {group}, n' if keys else 'GROUP BY n'
    return f"""
WITH {before + ',' if before else ''}
     counted AS (SELECT {', '.join([*keys, value])} AS value, count(*) AS c FROM {relation}
                 GROUP BY {', '.join([*keys, value])}),
     ranked AS (SELECT {', '.join([*keys, 'value'])}, c,
                       sum(c) OVER ({by}ORDER BY value
                           ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS after,
                       sum(c) OVER ({by.strip()}) AS n FROM counted),
     sought AS (SELECT {', '.join([*keys, 'value'])}, n, after - c AS first, after,{ranks}
                FROM ranked)
SELECT {', '.join([*keys, 'n'])},{columns}
FROM sought {group_by} ORDER BY {', '.join([*keys, 'n'])}
"""


QUARTERS = {'low': 1, 'middle': 2, 'high': 3}
QUARTILES = quantiles('visits', CAMERA.split(', '), 'dwell', QUARTERS, 4)
ALL_QUARTILES = quantiles('visits', [], 'dwell', QUARTERS, 4)
HUNDREDTHS = quantiles('visits', CAMERA.split(', '), 'dwell', {'top': 98}, 100)
AREA_QUARTILES = quantiles('stayed', [*CAMERA.split(', '), 'area'], 'dwell', QUARTERS, 4, STAYS)
