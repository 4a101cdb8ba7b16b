"""Pictures out: a window, files, browsers; and the skeletons drawn on them."""
from posesuite.display.display import Display, add_display_options
from posesuite.display.files import DisplayError
from posesuite.display.overlay import black, draw_heatmap, draw_people

__all__ = ['Display', 'DisplayError', 'add_display_options', 'black', 'draw_heatmap', 'draw_people']
