"""A fleet: the stores of many cameras in one place, as Parquet, and one report on all of them."""
from posesuite.fleet.export import export
from posesuite.fleet.schema import Camera, camera_from

__all__ = ['Camera', 'camera_from', 'export']
