"""Shows frames and their people: in a window, in files, to browsers; draws the skeletons."""
from posesuite.display.display import Display
from posesuite.display.drawings import drawing_paths, save_drawing, save_picture
from posesuite.display.explanation import draw_affinity, four_panels
from posesuite.display.mask import MASKS, draw_mask
from posesuite.display.options import add_display_options
from posesuite.display.output import DisplayError
from posesuite.display.overlay import black, draw_heatmap, draw_people

__all__ = ['MASKS', 'Display', 'DisplayError', 'add_display_options', 'black', 'draw_affinity',
           'draw_heatmap', 'draw_mask', 'draw_people', 'drawing_paths', 'four_panels',
           'save_drawing', 'save_picture']
