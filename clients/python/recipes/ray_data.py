# SPDX-License-Identifier: MIT
"""Ray Data: every actor has a client of its own, and a row comes out for every box.

python ray_data.py FOLDER OUT_FOLDER LABEL...
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import ray

import boxwood
from boxwood.exports.rows import COLUMNS


class Ground:
    """:param client: travels to the actor, and connects there."""

    def __init__(self, client: boxwood.Client, labels: Sequence[str]) -> None:
        self.client = client
        self.task = boxwood.Detect(labels)

    def __call__(self, batch: dict[str, Any]) -> pa.Table:
        paths = [str(path) for path in batch["path"]]
        outcomes = self.client.map(paths, self.task)
        rows = [row for outcome in outcomes for row in outcome.rows()]
        return pa.Table.from_pylist(rows, schema=SCHEMA)


_TYPES = {"score": pa.float64(), "image_width": pa.int64(), "image_height": pa.int64()}
_TYPES.update(dict.fromkeys(("xmin", "ymin", "xmax", "ymax"), pa.float64()))
SCHEMA = pa.schema([(name, _TYPES.get(name, pa.string())) for name in COLUMNS])


def ground(paths: Sequence[str], labels: Sequence[str], client: boxwood.Client, actors: int = 2) -> Any:
    """A Ray data set of rows."""
    pictures = ray.data.from_items([{"path": path} for path in paths])
    return pictures.map_batches(
        Ground,
        fn_constructor_kwargs={"client": client, "labels": labels},
        batch_size=32,
        compute=ray.data.ActorPoolStrategy(size=actors),
    )


if __name__ == "__main__":
    folder, out, *labels = sys.argv[1:]
    ground([str(path) for path in Path(folder).glob("*.jpg")], labels, boxwood.Client()).write_parquet(out)
