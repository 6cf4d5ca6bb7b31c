"""Times the image diffuser beside VQ-Diffusion of diffusers, sizes, batch and steps being equal.

    python -m benchmarks.image_diffuser [--device cuda] [--json FILE]

Needs the extra ``benchmark``. Every ratio is their time over ours. ``*_ratio`` runs both under the
autocast that ours trains with, ``*_ratio_default`` runs theirs in its default float32.
"""

import argparse
import json
import statistics
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import diffusers
import torch

from benchmarks.flops import model_flop_utilisation
from benchmarks.ours import Ours
from benchmarks.settings import Settings
from benchmarks.timing import Work, paired, ratio
from benchmarks.vq_diffusion import VqDiffusion
from spatial_dual.devices import mixed_precision

TASKS = ("training_step", "sampling", "posterior")


def contenders(settings: Settings, device: torch.device) -> tuple[Ours, VqDiffusion]:
    """Both models, the peer's context as long as our graph's."""
    torch.manual_seed(0)
    ours = Ours(settings, device)
    return ours, VqDiffusion(replace(settings, context=ours.context), device)


def works(ours: Ours, theirs: VqDiffusion, device: torch.device) -> dict[str, dict[str, Work]]:
    """What is timed, by task and contender."""
    shape = (ours.settings.batch, ours.settings.tokens)
    x_0 = torch.randint(ours.settings.codes, shape, device=device)
    middle = torch.tensor(ours.settings.chain // 2, device=device)
    x_t = theirs.noise(x_0, middle)
    logits = torch.randn(*shape, ours.settings.codes, device=device)
    log_p = logits.log_softmax(-1).transpose(1, 2).contiguous()
    t = middle.expand(shape[0])

    def autocast(work: Work) -> Work:
        def run() -> object:
            with mixed_precision(device):
                return work()

        return run

    def three(ours_work: Work, theirs_work: Work) -> dict[str, Work]:
        return {
            "ours": autocast(ours_work),
            "theirs": autocast(theirs_work),
            "theirs_default": theirs_work,
        }

    return {
        "training_step": three(lambda: ours.train(x_0), lambda: theirs.train(x_0)),
        "sampling": three(ours.sample, theirs.sample),
        "posterior": three(
            lambda: ours.step(logits, t, x_t), lambda: theirs.step(log_p, middle, x_t)
        ),
    }


def measure(settings: Settings, device: torch.device, rounds: int) -> dict[str, Any]:
    """All ratios, with the seconds and settings behind them."""
    ours, theirs = contenders(settings, device)
    result: dict[str, Any] = {}
    medians: dict[str, dict[str, float]] = {}
    for task, contest in works(ours, theirs, device).items():
        times = paired(contest, rounds, device)
        result[f"{task}_ratio"] = ratio(times["theirs"], times["ours"])
        result[f"{task}_ratio_default"] = ratio(times["theirs_default"], times["ours"])
        medians[task] = {name: statistics.median(values) for name, values in times.items()}
    step = medians["training_step"]["ours"]
    result["samples_per_second"] = settings.batch / medians["sampling"]["ours"]
    result["mfu"] = model_flop_utilisation(ours, step, device) if device.type == "cuda" else None
    result["seconds"] = medians
    result["settings"] = {
        **asdict(theirs.settings),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "threads": torch.get_num_threads(),
        "autocast": "bfloat16" if mixed_precision(device)._enabled else "none",
        "rounds": rounds,
        "parameters": {
            "ours": sum(p.numel() for p in ours.model.parameters()),
            "theirs": sum(p.numel() for p in theirs.model.parameters()),
        },
        "torch": torch.__version__,
        "diffusers": diffusers.__version__,
    }
    return result


def table(result: dict[str, Any]) -> str:
    """The figures for people."""
    lines = [f"{'seconds':14}{'ours':>10}{'theirs':>10}{'ratio':>8}{'fp32':>10}{'ratio':>8}"]
    for task, times in result["seconds"].items():
        lines.append(
            f"{task:14}{times['ours']:10.4f}{times['theirs']:10.4f}{result[f'{task}_ratio']:8.2f}"
            f"{times['theirs_default']:10.4f}{result[f'{task}_ratio_default']:8.2f}"
        )
    if result["mfu"] is not None:
        lines.append(f"model FLOP utilisation of the training step: {result['mfu']:.1%}")
    lines.append(
        f"{result['samples_per_second']:.2f} samples/s at {result['settings']['steps']} steps"
    )
    lines.append(", ".join(f"{name} {value}" for name, value in result["settings"].items()))
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--rounds", type=int, default=7)
    for field in fields(Settings):
        if field.name != "context":  # as many as our graph has
            parser.add_argument(f"--{field.name}", type=int, default=field.default)
    options = vars(parser.parse_args())
    device, path, rounds = (options.pop(name) for name in ("device", "json", "rounds"))
    result = measure(Settings(**options), torch.device(device), rounds)
    print(table(result))
    if path:
        path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
