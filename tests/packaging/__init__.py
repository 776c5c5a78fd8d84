"""What is shipped: the wheel, the image and the files around them."""

from __future__ import annotations
