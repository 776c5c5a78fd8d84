"""Reading feeds: the functions, the API and the pages."""

from __future__ import annotations
