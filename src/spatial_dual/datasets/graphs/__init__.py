"""Annotated scene graphs without pictures as records: 3DSSG, FACTUAL."""
