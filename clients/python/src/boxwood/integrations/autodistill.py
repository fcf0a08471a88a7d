# SPDX-License-Identifier: MIT
"""A base model for autodistill: labels a folder of pictures, for a small model to learn from.

from autodistill.detection import CaptionOntology
from boxwood.integrations.autodistill import Boxwood

Boxwood(CaptionOntology({"a person in a hard hat": "worker"})).label("photos", ".jpg", "labelled")
"""

from __future__ import annotations

from typing import Any

import numpy as np
from autodistill.detection import CaptionOntology, DetectionBaseModel

from ..client import Client
from ..tasks import Options
from .supervision import detector


class Boxwood(DetectionBaseModel):  # type: ignore[misc]
    """
    :param ontology: its prompts are the labels that are looked for.
    :param client: else one for `BOXWOOD_ENDPOINT`.
    :param options: `threshold` and `tiles` are those that matter.
    """

    def __init__(self, ontology: CaptionOntology, client: Client | None = None, options: Options | None = None) -> None:
        self.ontology = ontology
        self.client = client or Client()
        self._detect = detector(self.client, ontology.prompts(), options=options)

    def predict(self, input: Any) -> Any:  # noqa: A002 - the name is autodistill's
        """:param input: a path, an array in OpenCV's order, or a PIL picture."""
        found, classes = self._detect(input), self.ontology.classes()
        found.data["class_name"] = np.array([classes[number] for number in found.class_id], dtype=str)
        return found
