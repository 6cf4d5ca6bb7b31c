"""The embedded data: procedural indoor scenes with gold 3D scene graphs and captions."""
