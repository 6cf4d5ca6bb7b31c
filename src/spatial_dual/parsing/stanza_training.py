"""Stanza's own training programs on treebanks held in memory, and the package they make up.

The programs read and write files and take command lines; here they are functions from CoNLL-U text
to the bytes of a model.
"""

import json
from argparse import ArgumentError
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

LANGUAGE = "en"
PACKAGE = "caption"
PROGRAMS = {
    "tokenizer": "tokenizer",
    "splitter": "mwt_expander",
    "tagger": "tagger",
    "lemmatizer": "lemmatizer",
    "parser": "parser",
}
"""Modules of ``stanza.models`` by what they train."""
PROCESSORS = ("tokenize", "mwt", "pos", "lemma", "depparse")
Options = Mapping[str, Any]


def train_tagger(train: str, dev: str, options: Options) -> bytes:
    """Parts of speech, universal and Penn Treebank."""
    from stanza.models import tagger

    return _train_on_trees(tagger.main, train, dev, {"lang": LANGUAGE, **options})


def train_parser(train: str, dev: str, options: Options) -> bytes:
    """Dependency trees."""
    from stanza.models import parser

    return _train_on_trees(parser.main, train, dev, {"lang": LANGUAGE, **options})


def train_lemmatizer(train: str, dev: str, options: Options) -> bytes:
    """Dictionary forms."""
    from stanza.models import lemmatizer

    return _train_on_trees(lemmatizer.main, train, dev, options)


def train_splitter(train: str, dev: str, options: Options) -> bytes:
    """Splits "man's" into its two words."""
    from stanza.models import mwt_expander

    return _train_on_trees(mwt_expander.main, train, dev, options, gold=True)


def train_tokenizer(train: str, dev: str, options: Options) -> bytes:
    """Words and sentences of running text."""
    from stanza.models import tokenizer

    with TemporaryDirectory() as name:
        folder = Path(name)
        files: dict[str, Any] = {}
        for part, prefix, trees in (("train", "", train), ("dev", "dev_", dev)):
            text, labels, splits = _character_labels(folder, part, trees)
            files |= {f"{prefix}txt_file": text, f"{prefix}label_file": labels}
        files |= {"mwt_json_file": splits, "dev_conll_gold": folder / "dev.conllu"}
        return _run(tokenizer.main, folder, {"lang": LANGUAGE, **files, **options})


def wrong_options(model: str, options: Options) -> dict[str, str]:
    """What Stanza's program would not take, by option; empty if nothing.

    Args:
        model: a key of ``PROGRAMS``.
        options: of its program.
    """
    module = f"stanza.models.{PROGRAMS[model]}"
    program = import_module(module).build_argparse()
    program.exit_on_error = program.allow_abbrev = False
    found = {}
    for name, value in options.items():
        try:
            _, rest = program.parse_known_args(_command_line({name: value}))
        except ArgumentError as error:
            found[name] = f"{value!r}: {error.message}"
            continue
        if rest == [str(value)]:
            found[name] = f"{value!r}: the option takes no value; say true or leave it out"
        elif rest:
            found[name] = f"{value!r}: unknown option; see python -m {module} --help"
    return found


def package_files(models: Mapping[str, bytes]) -> dict[str, bytes]:
    """Files of a Stanza resources folder with one English package, by their paths in it.

    Args:
        models: bytes by processor.

    Raises:
        ValueError: a processor's model is missing.
    """
    missing = [name for name in PROCESSORS if name not in models]
    if missing:
        raise ValueError(f"no trained model for {', '.join(missing)}; train those first")
    names = dict.fromkeys(PROCESSORS, PACKAGE)
    language = {
        "lang_name": "English",
        "default_processors": names,
        "default_dependencies": {},
        "packages": {PACKAGE: names, "default": names},
        **{name: {PACKAGE: {}} for name in PROCESSORS},
    }
    resources = json.dumps({LANGUAGE: language, "url": ""}, indent=1) + "\n"
    files = {f"{LANGUAGE}/{name}/{PACKAGE}.pt": _slim(models[name]) for name in PROCESSORS}
    return {"resources.json": resources.encode(), **files}


def _train_on_trees(
    program: Callable[[Sequence[str]], Any],
    train: str,
    dev: str,
    options: Options,
    gold: bool = False,
) -> bytes:
    """Bytes of the model; with ``gold`` the program wants the second file under that name too."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = {"train_file": folder / "train.conllu", "eval_file": folder / "dev.conllu"}
        files["train_file"].write_text(train, "utf-8")
        files["eval_file"].write_text(dev, "utf-8")
        again = {"gold_file": files["eval_file"]} if gold else {}
        return _run(program, folder, {**files, **again, **options})


def _character_labels(folder: Path, part: str, trees: str) -> tuple[Path, Path, Path]:
    """Raw text, labels of its characters and expansions, as Stanza prepares them from trees."""
    from stanza.utils.datasets import prepare_tokenizer_data

    conllu, text = folder / f"{part}.conllu", folder / f"{part}.txt"
    labels, splits = folder / f"{part}.toklabels", folder / f"{part}-mwt.json"
    sentences = [line.removeprefix("# text = ") for line in trees.split("\n") if line[:1] == "#"]
    conllu.write_text(trees, "utf-8")
    text.write_text("\n\n".join(sentences) + "\n\n", "utf-8")
    prepare_tokenizer_data.main([str(text), str(conllu), "-o", str(labels), "-m", str(splits)])
    return text, labels, splits


def _run(program: Callable[[Sequence[str]], Any], folder: Path, options: Options) -> bytes:
    own = {"save_dir": folder / "models", "save_name": "model.pt", "cpu": True}
    shorthand = {"shorthand": f"{LANGUAGE}_{PACKAGE}"}
    program(_command_line({**shorthand, **own, **options}))
    found = [*folder.glob("models/model.pt"), *folder.glob("model.pt")]
    return found[0].read_bytes()


def _command_line(options: Options) -> list[str]:
    """``{"lr": 0.003, "share_hid": True}`` → ``["--lr", "0.003", "--share_hid"]``."""
    words: list[str] = []
    for name, value in options.items():
        words.append(f"--{name}")
        if value is not True:
            words.append(str(value))
    return words


def _slim(model: bytes) -> bytes:
    """Half-precision weights, no state of the optimiser, no paths or time of the training."""
    import torch

    state = torch.load(BytesIO(model), map_location="cpu", weights_only=False)
    state.pop("optimizer_state_dict", None)
    if isinstance(state.get("model"), Mapping):
        state["model"] = {name: _halved(value) for name, value in state["model"].items()}
    if isinstance(state.get("dicts"), bytes):  # gzip, whose bytes 4-7 are the time of writing
        state["dicts"] = state["dicts"][:4] + bytes(4) + state["dicts"][8:]
    config = state["config"]
    for name, value in config.items():
        if isinstance(value, str | Path):
            config[name] = Path(value).name if "/" in str(value) else value
    slim = BytesIO()
    torch.save(state, slim)
    return slim.getvalue()


def _halved(value: Any) -> Any:
    import torch

    return value.half() if torch.is_tensor(value) and value.is_floating_point() else value
