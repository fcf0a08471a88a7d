# SPDX-License-Identifier: MIT
"""WebDataset: reads the pictures of shards and writes a shard of results with the same keys. A run that was cut goes on where it
was, by the file beside the shard.

    python webdataset_shards.py 'photos-{000..999}.tar' boxes.tar LABEL...
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import webdataset as wds

import boxwood


def ground(shards: str, out: str, labels: Sequence[str], client: boxwood.Client) -> int:
    """
    :returns: how many pictures had an error; in place of a result their samples have that.
    """
    # Shards that cannot be read are told of and left out.
    samples = wds.WebDataset(shards, shardshuffle=False, handler=wds.warn_and_continue)
    pictures = ((sample["__key__"], next(sample[kind] for kind in ("jpg", "jpeg", "png") if kind in sample)) for sample in samples)
    failed = 0
    with wds.TarWriter(out) as shard:
        for outcome in client.map(pictures, boxwood.Detect(labels), resume=f"{out}.jsonl", progress=True):
            if outcome.result is not None:
                shard.write({"__key__": outcome.key, "json": dict(outcome.result.raw)})
            else:
                failed += 1
                shard.write({"__key__": outcome.key, "error": str(outcome.error).encode()})
    return failed


if __name__ == "__main__":
    source, target, *names = sys.argv[1:]
    with boxwood.Client() as client:
        sys.exit(3 if ground(source, target, names, client) else 0)
