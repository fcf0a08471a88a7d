#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare two recordings of one forward run: `boxwood inspect forward` against the reference implementation.

    compare_forward.py GOT WANT [--tolerance 1e-4]

Both files are .safetensors with a metadata entry "golden", or WANT may be the .json document alone. Prints the
largest difference per tensor and whether each list of token ids is equal; exits 1 when one differs or a tensor is
further away than the tolerance. Needs nothing beyond the standard library.
"""
import argparse
import array
import json
import struct
import sys

TYPE_CODES = {"F32": "f", "U8": "B", "I32": "i"}


def read(path):
    """The tensors of a recording as name -> (shape, flat numbers), and its JSON document."""
    if path.endswith(".json"):
        with open(path, encoding="utf-8") as file:
            return {}, json.load(file)
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        body = file.read()
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        numbers = array.array(TYPE_CODES[entry["dtype"]])
        numbers.frombytes(body[begin:end])
        tensors[name] = (entry["shape"], numbers)
    return tensors, json.loads(metadata["golden"])


def largest_difference(got, want):
    """The largest absolute difference; infinite where the shapes disagree or a number is NaN."""
    if got[0] != want[0]:
        return float("inf")
    largest = 0.0
    for a, b in zip(got[1], want[1]):
        difference = abs(a - b)
        if not difference <= largest:
            largest = float("inf") if difference != difference else difference
    return largest


def id_lists(document):
    """Every list of token ids in a document, by where it stands."""
    yield "input_ids", document["input_ids"]
    yield "image_embeds_position_mask", document["image_embeds_position_mask"]
    for mode, rows in document["greedy"].items():
        for row, entry in enumerate(rows):
            yield f"greedy.{mode}[{row}]", entry["new_ids"]
    for mode, rows in document.get("beam", {}).items():
        for row, entry in enumerate(rows):
            yield f"beam.{mode}[{row}]", entry["sequences"]
    for mode, rows in document.get("rows_alone", {}).items():
        yield f"rows_alone.{mode}", rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("got")
    parser.add_argument("want")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    arguments = parser.parse_args()
    got_tensors, got = read(arguments.got)
    want_tensors, want = read(arguments.want)
    # Of padded rows the reference counts the padding into the positions once it decodes; rows_alone is the answer.
    decoding = ("greedy.", "beam.", "logits.steps_") if len(want["texts"]) > 1 else ()
    padded = any(0 in row for row in want["attention_mask"])
    failures = 0

    for name, want_tensor in sorted(want_tensors.items()):
        if name == "logits.steps_top_ids" or name.startswith(decoding):
            continue  # the order of near-equal candidates below the first is noise; the first is in new_ids
        if name not in got_tensors and padded and name.startswith("text."):
            print(f"{name:28s} not compared: rows of unequal length are recorded without their padding")
            continue
        if name not in got_tensors:
            print(f"{name:28s} missing")
            failures += 1
            continue
        difference = largest_difference(got_tensors[name], want_tensor)
        too_far = difference > (0 if name == "pixel_u8" else arguments.tolerance)
        failures += too_far
        print(f"{name:28s} largest difference {difference:.3g}{'  TOO FAR' if too_far else ''}")

    got_ids = dict(id_lists(got))
    for name, ids in id_lists(want):
        if name.startswith(decoding):
            continue
        equal = got_ids.get(name) == ids
        failures += not equal
        print(f"{name:28s} {'equal' if equal else 'DIFFERENT'}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
