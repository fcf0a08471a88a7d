# SPDX-License-Identifier: MIT
"""Pascal VOC's XML: one file for each picture."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from ..results import Detection, Result
from . import Classes, class_names, numbered

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML has no way to write, not even escaped."""


def annotation(result: Result, file_name: str, classes: Classes = None) -> str:
    """Corners in whole pixels from 1 to the picture's size, both inside the box, as the VOC development kit counts them."""
    root = ET.Element("annotation")
    _add(root, "filename", file_name)
    size = ET.SubElement(root, "size")
    for name, number in (("width", result.image.width), ("height", result.image.height), ("depth", 3)):
        _add(size, name, str(number))
    _add(root, "segmented", "0")
    for _, each in numbered(result, class_names([result], classes)):
        _object(root, result, each)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _object(root: ET.Element, result: Result, detection: Detection) -> None:
    element = ET.SubElement(root, "object")
    _add(element, "name", detection.label)
    for name, text in (("pose", "Unspecified"), ("truncated", "0"), ("difficult", "0")):
        _add(element, name, text)
    if detection.score is not None:
        _add(element, "score", f"{detection.score:.6f}")
    corners = ET.SubElement(element, "bndbox")
    box, image = detection.box, result.image
    left, top = min(round(box.xmin) + 1, image.width), min(round(box.ymin) + 1, image.height)
    right, bottom = max(left, round(box.xmax)), max(top, round(box.ymax))
    for name, number in (("xmin", left), ("ymin", top), ("xmax", right), ("ymax", bottom)):
        _add(corners, name, str(number))


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = _FORBIDDEN.sub("\ufffd", text)
