"""The one training loop, its checkpoints, and the objectives of the four training steps."""
