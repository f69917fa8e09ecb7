"""The picture of a bet: a pure function from its values to a PNG file."""

from dbsbm.slips.draw import image_size, render
from dbsbm.slips.model import TEMPLATE_VERSION, StraightSlip, Team, content_key
from dbsbm.slips.theme import DARK, Theme

__all__ = [
    "DARK",
    "TEMPLATE_VERSION",
    "StraightSlip",
    "Team",
    "Theme",
    "content_key",
    "image_size",
    "render",
]
