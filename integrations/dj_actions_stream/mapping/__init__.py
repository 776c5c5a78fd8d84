"""Turn messages into effects on feeds."""
