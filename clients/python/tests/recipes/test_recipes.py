# SPDX-License-Identifier: MIT
"""The recipes, with the packages that they are for and the real program: `dev/python.sh --recipes`."""

from __future__ import annotations

import importlib
import json
import os
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from boxwood import Client
from support.samples import PICTURES, SCENE
from support.service import Service

LABELS = ["penguin", "cat", "umbrella"]

pytestmark = [
    pytest.mark.service,
    # What others' packages warn of is theirs.
    pytest.mark.filterwarnings("default"),
]


def recipe(name: str) -> Any:
    """A recipe as a module that other processes can import, too."""
    folder = str(Path(__file__).parents[2] / "recipes")
    if folder not in sys.path:
        sys.path.insert(0, folder)
        os.environ["PYTHONPATH"] = os.pathsep.join([folder, *filter(None, [os.environ.get("PYTHONPATH")])])
    return importlib.import_module(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Some pictures, one of them broken."""
    made = tmp_path / "photos"
    made.mkdir()
    for path in sorted(PICTURES.glob("scene-*.jpg")):
        (made / path.name).write_bytes(path.read_bytes())
    (made / "broken.jpg").write_bytes(b"not a picture")
    return made


def expected(client: Client) -> dict[str, int]:
    """How many boxes there are on each picture."""
    return {path.name: len(client.detect(path, LABELS).detections) for path in sorted(PICTURES.glob("scene-*.jpg"))}


def check_rows(rows: list[dict[str, Any]], client: Client) -> None:
    names = [Path(row["key"].removeprefix("file:")).name for row in rows]
    for name, count in expected(client).items():
        of_picture = [row for row, its in zip(rows, names, strict=True) if its == name]
        assert len(of_picture) == max(count, 1)
        assert sum(isinstance(row["label"], str) for row in of_picture) == count
        assert all(row["image_width"] > 0 for row in of_picture)
    (broken,) = [row for row, its in zip(rows, names, strict=True) if its == "broken.jpg"]
    assert broken["error"].startswith("INVALID_ARGUMENT")


@pytest.mark.recipe("ray[data]")
def test_ray_data(client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = recipe("ray_data")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    module.ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    try:
        rows = module.ground([str(path) for path in sorted(folder.glob("*.jpg"))], LABELS, client).take_all()
    finally:
        module.ray.shutdown()
    check_rows(rows, client)


@pytest.fixture
def spark() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.execution.arrow.maxRecordsPerBatch", 4).getOrCreate()
    yield session
    session.stop()


@pytest.mark.recipe("pyspark")
def test_spark(client: Client, folder: Path, request: pytest.FixtureRequest) -> None:
    module = recipe("spark")
    session = request.getfixturevalue("spark")
    pictures = session.read.format("binaryFile").load(f"{folder}/*.jpg")
    rows = [row.asDict() for row in module.ground(pictures, LABELS, client).collect()]
    check_rows(rows, client)


@pytest.mark.recipe("webdataset")
def test_webdataset(client: Client, folder: Path, tmp_path: Path) -> None:
    module = recipe("webdataset_shards")
    with tarfile.open(tmp_path / "photos.tar", "w") as shard:
        for path in sorted(folder.glob("*.jpg")):
            shard.add(path, path.name)
    out = str(tmp_path / "boxes.tar")
    for _ in range(2):
        assert module.ground(str(tmp_path / "photos.tar"), out, LABELS, client) == 1
        with tarfile.open(out) as shard:
            found = {Path(name): shard.extractfile(name).read() for name in shard.getnames()}  # type: ignore[union-attr]
        boxes = {
            f"{name.stem}.jpg": sum(len(entity["boxes"]) for entity in json.loads(content)["entities"])
            for name, content in found.items()
            if name.suffix == ".json"
        }
        assert boxes == expected(client)
        assert found[Path("broken.error")].startswith(b"INVALID_ARGUMENT")


@pytest.mark.recipe("datasets")
def test_datasets(client: Client, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    module = recipe("hf_datasets")
    paths = sorted(folder.glob("*.jpg"))
    data = module.datasets.Dataset.from_dict({"image": [str(path) for path in paths]})
    grounded = module.ground(data, LABELS, client, processes=2)
    counts = {path.name: len(json.loads(text)) for path, text in zip(paths, grounded["objects"], strict=True)}
    errors = dict(zip([path.name for path in paths], grounded["error"], strict=True))
    assert errors.pop("broken.jpg").startswith("INVALID_ARGUMENT")
    assert set(errors.values()) == {""}
    assert counts.pop("broken.jpg") == 0
    assert counts == expected(client)


@pytest.mark.recipe("autodistill")
def test_autodistill(service: Service, client: Client, tmp_path: Path) -> None:
    import supervision as sv
    from autodistill.detection import CaptionOntology

    from boxwood.integrations.autodistill import Boxwood

    photos = tmp_path / "photos"
    photos.mkdir()
    for path in sorted(PICTURES.glob("scene-*.jpg")):
        (photos / path.name).write_bytes(path.read_bytes())
    model = Boxwood(CaptionOntology({"umbrella": "shelter", "penguin": "bird"}), client)
    found = model.predict(str(SCENE))
    assert set(found.data["class_name"]) == {"bird"}
    assert set(found.class_id.tolist()) == {1}
    labelled = model.label(str(photos), ".jpg", str(tmp_path / "labelled"))
    assert isinstance(labelled, sv.DetectionDataset)
    assert labelled.classes == ["shelter", "bird"]
    assert sum(len(boxes) for _, _, boxes in labelled) >= len(found)
    assert (tmp_path / "labelled" / "data.yaml").is_file()


@pytest.mark.recipe("opencv-python-headless")
def test_supervision_cuts_a_picture_into_slices(client: Client) -> None:
    import cv2
    import supervision as sv

    from boxwood.integrations.supervision import detector

    detect = detector(client, LABELS)
    frame = cv2.imread(str(SCENE))
    whole = detect(frame)
    assert len(whole) == len(client.detect(SCENE, LABELS).detections)
    slicer = sv.InferenceSlicer(callback=detect, slice_wh=(320, 320), overlap_wh=(80, 80))
    assert isinstance(slicer(frame), sv.Detections)


@pytest.mark.recipe("fiftyone")
def test_fiftyone(client: Client) -> None:
    import fiftyone as fo

    found = client.detect(SCENE, LABELS).to_fiftyone()
    assert isinstance(found, fo.Detections)
    assert [each.label for each in found.detections] == [each.label for each in client.detect(SCENE, LABELS)]
