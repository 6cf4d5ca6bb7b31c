"""From one photograph to depth, instances, labels and attributes (paper: visual scene graph)."""
