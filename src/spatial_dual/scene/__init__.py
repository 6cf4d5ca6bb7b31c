"""Scene graphs and the geometry behind their words; numpy and pydantic only."""
