"""How large files of strangers may be: beyond these limits they are refused or left out."""

MEBIBYTE = 1 << 20

PICTURE_BYTES = 256 * MEBIBYTE
"""Of an encoded picture or depth map."""
TEXT_BYTES = 16 * MEBIBYTE
"""Of captions beside a picture, of instances, of manifests and configurations."""
DATASET_BYTES = 1024 * MEBIBYTE
"""Of annotations of a whole data set in one file, unpacked."""
