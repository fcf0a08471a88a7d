# SPDX-License-Identifier: MIT
"""Spark: `mapInPandas` makes one client for each task, not for each row.

spark-submit spark.py FOLDER OUT_FOLDER LABEL...
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
from pyspark.sql import SparkSession

import boxwood
from boxwood.exports.rows import COLUMNS, SPARK_SCHEMA


def ground(pictures: Any, labels: Sequence[str], client: boxwood.Client) -> Any:
    """
    :param pictures: a data frame with `path` and `content`, as `spark.read.format("binaryFile")` gives it. Pictures are large:
        lower `spark.sql.execution.arrow.maxRecordsPerBatch`.
    :param client: travels to the executors, and connects there.
    """
    task = boxwood.Detect(labels)

    def ground_batches(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        with client:
            for batch in batches:
                items = ((path, bytes(content)) for path, content in zip(batch["path"], batch["content"], strict=True))
                rows = [row for outcome in client.map(items, task) for row in outcome.rows()]
                yield pd.DataFrame(rows, columns=list(COLUMNS)).astype({"image_width": "Int64", "image_height": "Int64"})

    return pictures.select("path", "content").mapInPandas(ground_batches, SPARK_SCHEMA)


if __name__ == "__main__":
    folder, out, *names = sys.argv[1:]
    spark = SparkSession.builder.config("spark.sql.execution.arrow.maxRecordsPerBatch", 64).getOrCreate()
    found = ground(spark.read.format("binaryFile").load(f"{folder}/*.jpg"), names, boxwood.Client())
    found.write.parquet(out)
