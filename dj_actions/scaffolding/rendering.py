"""Fill the templates of the files."""

from __future__ import annotations

from pathlib import Path

from django.template import Context, Engine

import dj_actions

FOLDER = Path(dj_actions.__file__).parent / "templates" / "dj_actions" / "scaffolding"
SUFFIX = "-tpl"
"""Keeps tools from taking the templates for Python."""


def render(template: str, **values: object) -> str:
    """Return a file's content.

    Args:
        template: the file's name, for example `form.py`.
        values: what the template asks for.
    """
    # An engine of its own: the project's may be set up otherwise, or be another one.
    template_of_file = Engine(dirs=[str(FOLDER)]).get_template(template + SUFFIX)
    return template_of_file.render(Context(values, autoescape=False))
