"""Visits: recorded, stored, measured and reported, without any image."""
from posesuite.language import LANGUAGES
from posesuite.visits.areas import read_blackouts
from posesuite.visits.areas_editor import edit_areas, room_to_draw_on
from posesuite.visits.database import forget
from posesuite.visits.live import Live, read_live_plan
from posesuite.visits.options import keep_days, local_date
from posesuite.visits.report import make_report
from posesuite.visits.statistics import MIN_VISIT
from posesuite.visits.store import VisitStore

__all__ = ['LANGUAGES', 'Live', 'MIN_VISIT', 'VisitStore', 'edit_areas', 'forget', 'keep_days',
           'local_date', 'make_report', 'read_blackouts', 'read_live_plan', 'room_to_draw_on']
