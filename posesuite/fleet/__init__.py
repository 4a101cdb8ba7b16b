"""A fleet: the stores of many cameras in one place, as Parquet, and one report on all of them."""
from posesuite.fleet.engines import Choice
from posesuite.fleet.export import export
from posesuite.fleet.forget import forget_days
from posesuite.fleet.options import (
    add_export_options,
    add_fleet_options,
    add_forget_options,
    check_forget_options,
    is_fleet,
)
from posesuite.fleet.report import make_report

__all__ = ['Choice', 'add_export_options', 'add_fleet_options', 'add_forget_options',
           'check_forget_options', 'export', 'forget_days', 'is_fleet', 'make_report']
