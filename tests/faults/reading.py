"""Files of strangers in a folder, and the errors that reading them may raise."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def folder(**files: bytes | str) -> Iterator[Path]:
    """A folder of files whose names have "_" for "."."""
    with tempfile.TemporaryDirectory() as place:
        for name, content in files.items():
            data = content.encode(errors="surrogatepass") if isinstance(content, str) else content
            (Path(place) / name.replace("_", ".")).write_bytes(data)
        yield Path(place)


@contextmanager
def own_error(kind: type[Exception], named: object) -> Iterator[None]:
    """The reader's own error, which names the file or field, ends what is read; no other does."""
    try:
        yield
    except kind as error:
        if str(named) not in str(error):
            raise


TRIPLE = {"s": "cup", "p": "on", "o": "table", "s_bbox": [0, 4, 0, 4], "o_bbox": [2, 8, 0, 8]}
VSD = [{"img_id": "a", "triple_list": [TRIPLE], "captions": ["a cup on a table", "a table"]}]
PAIRS = 'image_id,region_id,caption,scene_graph\n1,2,a red cup,"( cup , is , red )"\n'
MASK = {"size": [8, 8], "counts": "P2"}
INSTANCES = [{"label": "cup", "box": [0.1, 0.1, 0.9, 0.9], "mask_rle": None}] * 2
INSTANCES[1] = {**INSTANCES[1], "mask_rle": MASK}
