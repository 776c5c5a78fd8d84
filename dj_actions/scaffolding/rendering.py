"""Render the templates of generated files."""

from __future__ import annotations

from pathlib import Path

from django.template import Context, Engine

import dj_actions

FOLDER = Path(dj_actions.__file__).parent / "templates" / "dj_actions" / "scaffolding"
SUFFIX = "-tpl"
"""Keeps tools from treating the templates as Python files."""


def render(template: str, **values: object) -> str:
    """Return the content of a file.

    Args:
        template: the file's name, for example `form.py`.
        values: the template's variables.
    """
    # A separate engine, as the project's own may have other settings, or not be Django's.
    template_of_file = Engine(dirs=[str(FOLDER)]).get_template(template + SUFFIX)
    return template_of_file.render(Context(values, autoescape=False))
