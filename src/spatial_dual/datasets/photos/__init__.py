"""Photographs with captions as records: Parquet shards, plain folders, VSD."""
