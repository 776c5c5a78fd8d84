"""An Airflow provider for DJ Actions: DAGs that call actions, wait for them and report their end.

`events` and `params` are for DAGs that actions trigger; `operators`, `sensors` and
`notifications` are for DAGs that act on the project. Nothing is imported here: Airflow imports this
package while it is still being imported itself, to read what it provides.
"""

from __future__ import annotations

__version__ = "0.1.0"
