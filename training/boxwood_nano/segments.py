# SPDX-License-Identifier: MIT
"""What a scene is asked and what it answers: prompts in the forms that the service sends.

A segment is (prompt, answer), each a list of strings and location indices; strings that begin with "<" are tags.
"""
import math

from .scenes import SIZE
from .vocabulary import NOUNS, NUMBERS

GRID = 32
TAGS = ["</doc>", "<image>", "</image>", "</chunk>", "</line>", "<phrase>", "</phrase>", "<object>", "</object>",
        "</delimiter_of_multi_objects/>", "<grounding>"]
END = "</s>"


def cells(box):
    """The two location indices of a pixel box, as the reference's processor writes them."""
    x1, y1, x2, y2 = (v / SIZE * GRID for v in box)
    return math.floor(y1) * GRID + math.floor(x1), max(0, math.ceil(y2 - 1)) * GRID + max(0, math.ceil(x2 - 1))


def boxes(found):
    """`<object>`, the boxes from left to right, `</object>`."""
    items = ["<object>"]
    for k, box in enumerate(sorted(found)):
        if k:
            items.append("</delimiter_of_multi_objects/>")
        items.extend(cells(box))
    return items + ["</object>"]


def grouped(objects):
    """Boxes by noun, nouns in the order of their leftmost object."""
    groups = {}
    for noun, box in sorted(objects, key=lambda o: o[1][0]):
        groups.setdefault(noun, []).append(box)
    return groups


def counted(noun, count):
    """ a cat,  two cats."""
    return f" {NOUNS[noun].article} {NOUNS[noun].singular}" if count == 1 else f" {NUMBERS[count]} {NOUNS[noun].plural}"


def joint(k, count):
    return "" if k == 0 else " and" if k == count - 1 else ","


def named(rng, noun, count=1):
    """A noun as a caller might write it."""
    n = NOUNS[noun]
    forms = [f" {n.singular}", f" {n.singular}", f" {n.article} {n.singular}", f" the {n.singular}"]
    if count > 1:
        forms = [f" {n.singular}", f" {n.plural}", f" the {n.plural}", f" {NUMBERS[count]} {n.plural}"]
    return forms[rng.integers(len(forms))]


def phrase(words, found):
    """A phrase alone: its boxes, or the end of the text when there are none."""
    return ["<grounding>", "<phrase>", words, "</phrase>"], (boxes(found) if found else []) + [END]


def caption(objects, grounded=True):
    groups = list(grouped(objects).items())
    answer = []
    for k, (noun, found) in enumerate(groups):
        answer += [joint(k, len(groups))] if k else []
        words = counted(noun, len(found))
        answer += ["<phrase>", words, "</phrase>"] + boxes(found) if grounded else [words]
    return (["<grounding>"] if grounded else []) + [" An image of"], answer + [".", END]


def place(box):
    """Where a box is, in words."""
    x, y = (box[0] + box[2]) / 2 / SIZE, (box[1] + box[3]) / 2 / SIZE
    across = "left" if x < 0.4 else "right" if x > 0.6 else ""
    down = "top" if y < 0.4 else "bottom" if y > 0.6 else ""
    if across and down:
        return f" at the {down} {across}"
    return f" on the {across}" if across else f" at the {down}" if down else " in the middle"


def detailed(objects):
    prompt, answer = ["<grounding>", " Describe this image in detail:"], [" The image shows"]
    ordered = sorted(objects, key=lambda o: o[1][0])
    for k, (noun, box) in enumerate(ordered):
        answer += [joint(k, len(ordered))] if k else []
        answer += ["<phrase>", counted(noun, 1), "</phrase>"] + boxes([box]) + [place(box)]
    return prompt, answer + [".", END]


def sentence(rng, objects, absent):
    """A phrase at the end of a sentence's beginning, other nouns standing in it as plain words."""
    groups = grouped(objects)
    asked = absent if rng.random() < 0.2 else list(groups)[rng.integers(len(groups))]
    others = [n for n in groups if n != asked]
    start = [" An image of", " A photo of", " There is", " A picture with"][rng.integers(4)]
    context = start + (counted(others[0], 1) + " and" if others and rng.random() < 0.6 else "")
    count = len(groups.get(asked, []))
    return ["<grounding>", context, "<phrase>", named(rng, asked, max(1, count)), "</phrase>"], (
        boxes(groups[asked]) if count else []) + [END]


def refer(rng, noun, found):
    """One of several of a noun by where it is; None when they are too close to tell apart."""
    axis = int(rng.integers(2))
    ordered = sorted(found, key=lambda b: b[axis] + b[axis + 2])
    if ordered[-1][axis] + ordered[-1][axis + 2] - ordered[0][axis] - ordered[0][axis + 2] < 50:
        return None
    last = rng.random() < 0.5
    side = (("left", "right"), ("top", "bottom"))[axis][last]
    return phrase(f" the {NOUNS[noun].singular} {'on' if axis == 0 else 'at'} the {side}", [ordered[-1 if last else 0]])


def describe(rng, objects):
    noun, box = objects[rng.integers(len(objects))]
    first, last = cells(box)
    return (["<grounding>", "<phrase>", " It", "</phrase>", "<object>", first, last, "</object>", " is"],
            [f" {NOUNS[noun].article} {NOUNS[noun].singular}", ".", END])


def question(rng, objects, absent):
    groups = grouped(objects)
    present = list(groups)[rng.integers(len(groups))]
    kind = rng.integers(4)
    if kind == 0:
        noun = present if rng.random() < 0.75 else absent
        text, answer = f"How many {NOUNS[noun].plural} are there?", f" {NUMBERS[len(groups.get(noun, []))]}"
    elif kind == 1:
        noun = present if rng.random() < 0.5 else absent
        n = NOUNS[noun]
        text, answer = f"Is there {n.article} {n.singular}?", " yes" if noun in groups else " no"
    elif kind == 2:
        side = ("left", "right")[rng.integers(2)]
        ordered = sorted(objects, key=lambda o: o[1][0] + o[1][2])
        n = NOUNS[ordered[0 if side == "left" else -1][0]]
        text, answer = f"What is on the {side}?", f" {n.article} {n.singular}"
    else:
        text = "What is in the image?"
        found = list(groups.items())
        answer = "".join(joint(k, len(found)) + counted(n, len(b)) for k, (n, b) in enumerate(found))
    start = ["<grounding>"] if rng.random() < 0.5 else []
    return start + [f" Question: {text} Answer:"], [answer, ".", END]


def of_scene(rng, objects):
    """The segments of one scene: what training packs behind one picture."""
    groups = grouped(objects)
    missing = [n for n in range(len(NOUNS)) if n not in groups]
    absent = [missing[i] for i in rng.permutation(len(missing))[:4]]
    segments = [phrase(named(rng, n, len(found)), found) for n, found in groups.items()]
    segments += [phrase(named(rng, n), None) for n in absent[:3]]
    segments += [sentence(rng, objects, absent[3]) for _ in range(2)]
    segments.append(detailed(objects) if rng.random() < 0.3 else caption(objects, grounded=rng.random() < 0.85))
    segments += [describe(rng, objects), question(rng, objects, absent[0])]
    for noun, found in groups.items():
        if len(found) > 1:
            reference = refer(rng, noun, found)
            segments += [reference] if reference else []
    return segments
