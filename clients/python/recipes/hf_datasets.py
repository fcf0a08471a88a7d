# SPDX-License-Identifier: MIT
"""Hugging Face datasets: `map` in batches, in as many processes as you like, each with a client of its own.

python hf_datasets.py FOLDER OUT_FOLDER LABEL...
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import datasets

import boxwood


def ground(pictures: Any, labels: Sequence[str], client: boxwood.Client, processes: int = 2) -> Any:
    """
    :param pictures: a data set with a column `image`.
    :returns: it, with `objects`: the JSON of a list as transformers' pipeline gives it, and `error`, empty where all went well.
    """
    task = boxwood.Detect(labels)
    # As files, so that nothing is decoded and packed again.
    encoded = pictures.cast_column("image", datasets.Image(decode=False))
    grounded = encoded.map(
        _ground_batch, batched=True, batch_size=64, num_proc=processes, fn_kwargs={"client": client, "task": task}
    )
    return grounded.cast_column("image", datasets.Image())


def _ground_batch(batch: dict[str, Any], client: boxwood.Client, task: boxwood.Task) -> dict[str, list[str]]:
    images = [image["path"] if image["bytes"] is None else image["bytes"] for image in batch["image"]]
    outcomes = list(client.map(images, task, ordered=True))
    return {
        "objects": [json.dumps(outcome.result.to_hf() if outcome.result else []) for outcome in outcomes],
        "error": ["" if outcome.ok else str(outcome.error) for outcome in outcomes],
    }


if __name__ == "__main__":
    folder, out, *names = sys.argv[1:]
    data = datasets.load_dataset("imagefolder", data_dir=folder, split="train")
    ground(data, names, boxwood.Client()).save_to_disk(out)
