"""Kedro pipelines, one folder per stage; nodes call the library and touch no file."""
