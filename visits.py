"""Reports and deletes what the anonymizer stored of its visitors.

examples:
  python3 visits.py report visits.db -o report.html
  python3 visits.py report hall.db shop.db -o report.html --areas areas.json --csv tables
  python3 visits.py report visits.db -o may.html --since 2025-05-01 --until 2025-06-01
  python3 visits.py forget visits.db               # deletes the store and all that belongs to it
"""
import sys

from posesuite.visits.recorder import main

if __name__ == '__main__':
    sys.exit(main())
