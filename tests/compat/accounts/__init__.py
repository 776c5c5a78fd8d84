"""An app as users of dj-actions 0.0.7 write it: a registry, definition.yaml files and forms.

But for the import root, it runs under 0.0.7 as well: so the two can be compared.
"""

from __future__ import annotations
