"""A storm: relays killed, PostgreSQL restarted, a destination in trouble; then an account.

`python -m tests.chaos` or `make storm`. In the end every committed event has had exactly one
effect at the destination, and no rolled-back one any; or the storm names those it does not hold
for, and fails.
"""

from __future__ import annotations
