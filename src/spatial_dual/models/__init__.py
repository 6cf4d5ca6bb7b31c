"""Networks: image and text tokenizers, CLIP, DGAE, decoders and denoisers."""
