"""How large files of strangers may be: beyond these limits they are refused or left out."""

MEBIBYTE = 1 << 20

PICTURE_BYTES = 256 * MEBIBYTE
"""Of an encoded picture or depth map."""
TEXT_BYTES = 16 * MEBIBYTE
"""Of captions beside a picture, of instances, of manifests and configurations."""
DATASET_BYTES = 256 * MEBIBYTE
"""Of annotations of a whole data set in one file, unpacked."""
GZIP_RATIO = 100
"""Bytes that one packed byte may become; annotations pack to a tenth or a thirtieth."""
MOST_CAPTIONS = 1000
"""Of a record."""
MOST_INSTANCES = 1000
"""Of a record, and of its annotated triples."""
ID_CHARACTERS = 1000
"""Of a record's id."""
