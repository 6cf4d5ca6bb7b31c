"""Perception by published checkpoints: monocular depth and instances from transformers or ONNX."""
