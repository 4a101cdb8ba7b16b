"""Visits: recorded, stored, measured and reported, without any image."""
from posesuite.visits.areas_editor import edit_areas, room_to_draw_on
from posesuite.visits.recorder import VisitStore, keep_days

__all__ = ['VisitStore', 'edit_areas', 'keep_days', 'room_to_draw_on']
