"""A server of poses whose engine the test plays, and pictures for it."""
import io
from typing import Any, Iterator, Tuple

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def server() -> Iterator[Any]:
    from pose_servers import serving
    with serving() as made:
        yield made


@pytest.fixture
def picture() -> Any:
    """Makes pictures of one level of grey, as bytes."""
    def make(level: int = 200, size: Tuple[int, int] = (64, 48), format: str = 'PNG',
             **options: Any) -> bytes:
        data = io.BytesIO()
        Image.fromarray(np.full((size[1], size[0], 3), level, np.uint8)).save(data, format,
                                                                              **options)
        return data.getvalue()
    return make
