"""Converts pose logs to CSV and COCO."""
import sys

from posesuite.pose.log import main

if __name__ == '__main__':
    sys.exit(main())
