"""A treebank of captions with gold Universal Dependencies trees, made by a grammar."""
