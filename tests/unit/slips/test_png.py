from __future__ import annotations

import pytest
from PIL import Image

from dbsbm.slips.png import encode
from tests.unit.slips.examples import opened


@pytest.mark.parametrize("size", [(1, 1), (3, 31), (40, 32), (7, 33), (50, 96), (9, 100)])
def test_another_program_reads_back_every_pixel(size: tuple[int, int]) -> None:
    noise = Image.effect_noise(size, 90)
    image = Image.merge("RGB", (noise, noise.transpose(Image.Transpose.ROTATE_180), noise))
    assert opened(encode(image)).tobytes() == image.tobytes()
