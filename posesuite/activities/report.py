"""The figures of a training or a test: the confusion matrix, what is mixed up, what to record."""
from typing import Iterator, List, Tuple

from posesuite.activities.training import FEW, Report

import cv2
import numpy as np

MIXED_UP = 0.03  # share of a label's bodies found to be another, from which it is named
MISSED = 0.1  # share found to be none, likewise
CELL, MARGIN = 90, 190  # pixels of a cell of the picture, and beside the cells
FONT = cv2.FONT_HERSHEY_SIMPLEX
LETTERS, GRID = 0.6, 220  # OpenCV's scale of letters, and the grey level of the grid
WIDEST = 24  # letters of a label in a table


def table(report: Report) -> Iterator[str]:
    """The confusion matrix in shares of each label's bodies, line by line."""
    found = [*(label for label in report.labels if label not in report.negative), 'none']
    width = max(len(label[:WIDEST]) for label in [*report.labels, 'shown'])
    widths = [max(6, len(label[:WIDEST]) + 2) for label in found]
    yield f'{"shown":{width}} {"frames":>7}' + ''.join(
        f'{label[:WIDEST]:>{w}}' for label, w in zip(found, widths)) + '   recall precision'
    precisions, recalls = report.precisions, report.recalls
    for row, label in enumerate(report.labels):
        counts, total = report.confusion[row], report.confusion[row].sum()
        if not total:
            continue
        cells = [counts[report.labels.index(name)] if name in report.labels
                 and name not in report.negative else counts[-1] for name in found]
        shares = [f'{100 * count / max(1, total):.0f} %' if count else '.' for count in cells]
        line = f'{label[:WIDEST]:{width}} {total:7}' + ''.join(
            f'{share:>{w}}' for share, w in zip(shares, widths))
        yield line + ''.join(f'{100 * of[label]:{w}.1f} %' if label in of else ' ' * (w - 1) + '  .'
                             for of, w in ((recalls, 7), (precisions, 8)))


def advice(report: Report) -> List[str]:
    """What a training finds mixed up, and what to record more of, a line each."""
    return [*_mixed_up(report), *_too_little(report)]


def _mixed_up(report: Report) -> List[str]:
    lines = []
    for row, label in enumerate(report.labels):
        counts, total = report.confusion[row], max(1, report.confusion[row].sum())
        for column in np.argsort(-counts[:-1]):
            share = counts[column] / total
            other = report.labels[column]
            if column != row and share >= MIXED_UP and other not in report.negative:
                lines.append(f'{label} is taken for {other} in {100 * share:.0f} % of its frames: '
                             f'record more of both, or make them differ more')
        if counts[-1] / total >= MISSED and label not in report.negative:
            lines.append(f'{label} is taken for none in {100 * counts[-1] / total:.0f} % of its '
                         'frames: record it more variously (other people, places, camera heights)')
    return lines


def _too_little(report: Report) -> List[str]:
    lines = [f'{label} has only {counts.sum()} frames with enough of a person: record it for '
             'longer, with the whole body in view'
             for label, counts in zip(report.labels, report.confusion) if counts.sum() < FEW]
    single = [label for label, count in report.recordings.items() if count == 1]
    if single:
        lines.append(f'only one recording of {", ".join(single)}: its figures come from parts of '
                     'that one and are too good; record each label once more, on another day or '
                     'by another person')
    if not report.negative:
        lines.append('there is no label other: record some seconds of what else people do there, '
                     'and it will be told from the labels better')
    return lines


def confusion_picture(report: Report) -> np.ndarray:
    """The confusion matrix as a picture, uint8 [Y, X, RGB]: the darker a cell, the more frames."""
    found = [label for label in report.labels if label not in report.negative]
    columns = [report.labels.index(label) for label in found]
    counts = np.column_stack([report.confusion[:, columns],
                              report.confusion.sum(1) - report.confusion[:, columns].sum(1)])
    rows, width = counts.shape
    image = np.full((MARGIN + CELL * rows, MARGIN + CELL * width, 3), 255, np.uint8)
    for row in range(rows):
        for column in range(width):
            share = counts[row, column] / max(1, counts[row].sum())
            right = report.labels[row] == [*found, ''][column] or (
                column == width - 1 and report.labels[row] in report.negative)
            color = np.array((0, 90, 160) if right else (200, 70, 0))
            left, top = MARGIN + CELL * column, MARGIN + CELL * row
            image[top:top + CELL, left:left + CELL] = GRID
            image[top + 1:top + CELL, left + 1:left + CELL] = 255 - share * (255 - color)
            if counts[row, column]:
                _write(image, f'{100 * share:.0f} %', left + CELL / 2, top + CELL / 2, CELL,
                       (255, 255, 255) if share > 0.5 else (0, 0, 0))
        _write(image, report.labels[row], MARGIN / 2, MARGIN + CELL * (row + .5), MARGIN)
    for column, label in enumerate([*found, 'none']):
        _write(image, label, MARGIN + CELL * (column + .5), MARGIN - 20 - 30 * (column % 2),
               2 * CELL)
    _write(image, 'rows: shown, columns: found', image.shape[1] / 2, 40, image.shape[1])
    return image


def _write(image: np.ndarray, text: str, x: float, y: float, width: int,
           color: Tuple[int, int, int] = (0, 0, 0)) -> None:
    """Writes a text about its middle, at most so many pixels wide; OpenCV's fonts have ASCII only.
    """
    text = text.encode('ascii', 'replace').decode()
    needed, height = cv2.getTextSize(text, FONT, 1.0, 1)[0]
    scale = min(LETTERS, (width - 8) / max(1, needed))
    cv2.putText(image, text, (round(x - needed * scale / 2), round(y + height * scale / 2)), FONT,
                scale, color, 1, cv2.LINE_AA)
