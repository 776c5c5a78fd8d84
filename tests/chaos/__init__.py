"""A chaos test: kill relays, restart PostgreSQL and let the destination fail under load.

`python -m tests.chaos` or `make chaos`. At the end, every committed event must have had exactly one
effect at the destination, and no other event any. The test lists the exceptions, and fails.
"""

from __future__ import annotations
