# SPDX-License-Identifier: MIT
"""Every figure of the model card: greedy generation on scenes whose backgrounds training never saw.

    python -m boxwood_nano.evaluate CHECKPOINT                      # renders both sets from their sources
    python -m boxwood_nano.evaluate CHECKPOINT --folder HELDOUT     # the small set that is shipped with the checkpoint

A box counts as found from an IoU of 0.5 on. Boxes are decoded by the processor, so the 32 x 32 grid's own error is in
every figure.
"""
import argparse
import json
import re
import time

import numpy as np
import torch
from PIL import Image

from . import backgrounds, cutouts, scenes, segments
from .generation import Checkpoint
from .vocabulary import NOUNS, NUMBERS

SEEDS = {"seen": 11, "unseen": 12}  # the sets that training logs watch have other seeds
FOUND = 0.5


class Scene:
    """A picture and its objects: (noun index, box in 0...1)."""

    def __init__(self, picture, objects):
        self.picture, self.objects = picture, [(noun, tuple(v / scenes.SIZE for v in box)) for noun, box in objects]
        self.pixel_objects = objects
        self.groups = segments.grouped(self.objects)


def render(name, count):
    """`count` held-out scenes; "unseen" ones show only cut-outs that training never saw."""
    training, kept = cutouts.load()
    boards = backgrounds.make(seed=1, count=60, held_out=True)
    rng = np.random.default_rng([SEEDS[name], 7])
    result = []
    while len(result) < count:
        scene = scenes.make(rng, kept if name == "unseen" else training, boards)
        if scene.objects:
            result.append(Scene(Image.fromarray(scene.pixels), scene.objects))
    return result


def load_folder(folder):
    """The shipped sets: {"seen": scenes, "unseen": scenes} of a folder with `scenes.json`."""
    from .vocabulary import INDEX
    sets = {"seen": [], "unseen": []}
    with open(f"{folder}/scenes.json", encoding="utf-8") as file:
        for entry in json.load(file):
            picture = Image.open(f"{folder}/{entry['file']}").convert("RGB")
            objects = [(INDEX[o["noun"]], tuple(o["box"])) for o in entry["objects"]]
            sets["seen" if entry["seen"] else "unseen"].append(Scene(picture, objects))
    return sets


def overlap(a, b):
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - w * h)


def matches(predicted, wanted):
    """How many boxes pair off, best overlap first."""
    pairs = sorted(((overlap(p, w), i, j) for i, p in enumerate(predicted) for j, w in enumerate(wanted)), reverse=True)
    used, taken = set(), set()
    for value, i, j in pairs:
        if value >= FOUND and i not in used and j not in taken:
            used.add(i)
            taken.add(j)
    return len(used)


def noun_of(words):
    """The noun that a phrase names, or None."""
    for k, noun in enumerate(NOUNS):
        if re.search(rf"\b({noun.singular}|{noun.plural})\b", words):
            return k
    return None


def location_tags(box):
    first, last = segments.cells(tuple(v * scenes.SIZE for v in box))
    return f"<object><patch_index_{first:04d}><patch_index_{last:04d}></object>"


class Run:
    """One checkpoint on one set of scenes; every method is one task and returns its figures."""

    def __init__(self, checkpoint, items, seed=5):
        self.checkpoint, self.items, self.rng = checkpoint, items, np.random.default_rng(seed)
        self.once = [(s, n, b[0]) for s in items for n, b in s.groups.items() if len(b) == 1]
        self.several = [(s, n, b) for s in items for n, b in s.groups.items() if len(b) > 1]

    def ask(self, cases, prompts, longest=64):
        return self.checkpoint.answers([case[0].picture for case in cases], prompts, longest)

    def first_box_overlap(self, text, wanted):
        entities = self.checkpoint.read(text)[1]
        return overlap(entities[-1][1][0], wanted) if entities and "<object>" in text else 0.0

    def absent_of(self, scene, count):
        missing = [n for n in range(len(NOUNS)) if n not in scene.groups]
        return [missing[i] for i in self.rng.permutation(len(missing))[:count]]

    @staticmethod
    def form(k, noun):
        n = NOUNS[noun]
        return (n.singular, f"{n.article} {n.singular}", f"the {n.singular}")[k % 3]

    def phrases(self):
        """Single phrases for nouns that occur once: "cat", "a cat", "the cat" in turn."""
        prompts = [f"<grounding><phrase> {self.form(k, n)}</phrase>" for k, (_, n, _) in enumerate(self.once)]
        texts = self.ask(self.once, prompts, 24)
        values = [self.first_box_overlap(t, box) for t, (_, _, box) in zip(texts, self.once)]
        hits = np.array(values) >= FOUND
        nouns = np.array([n for _, n, _ in self.once])
        forms = {name: float(hits[k::3].mean()) for k, name in enumerate(("noun", "a noun", "the noun"))}
        return dict(
            count=len(values), accuracy=float(hits.mean()), mean_iou=float(np.mean(values)), by_form=forms,
            no_box=float(np.mean(["<object>" not in t for t in texts])),
            more_than_one_box=float(np.mean(["</delimiter_of_multi_objects/>" in t for t in texts])),
            any_object=float(np.mean([1 / len(s.objects) for s, _, _ in self.once])),
            by_noun={NOUNS[n].singular: (float(hits[nouns == n].mean()), int((nouns == n).sum()))
                     for n in sorted(set(nouns.tolist()))})

    def absent(self):
        """Two nouns per scene that are not in it: rejected when no `<object>` follows."""
        cases = [(s, n) for s in self.items for n in self.absent_of(s, 2)]
        prompts = [f"<grounding><phrase> {self.form(k, n)}</phrase>" for k, (_, n) in enumerate(cases)]
        texts = self.ask(cases, prompts, 24)
        rejected = np.array(["<object>" not in t for t in texts])
        nouns = np.array([n for _, n in cases])
        return dict(count=len(cases), rejected=float(rejected.mean()),
                    by_noun={NOUNS[n].singular: (float(rejected[nouns == n].mean()), int((nouns == n).sum()))
                             for n in sorted(set(nouns.tolist()))})

    def plurals(self):
        """Nouns that occur several times, asked for in the plural."""
        prompts = [f"<grounding><phrase> {NOUNS[n].plural}</phrase>" for _, n, _ in self.several]
        texts = self.ask(self.several, prompts, 40)
        found = wanted = given = 0
        for text, (_, _, boxes) in zip(texts, self.several):
            predicted = [b for _, bs in self.checkpoint.read(text)[1] for b in bs]
            found, wanted, given = found + matches(predicted, boxes), wanted + len(boxes), given + len(predicted)
        return dict(count=len(self.several), precision=found / max(1, given), recall=found / max(1, wanted))

    def sentences(self):
        """A phrase at the end of a sentence: alone, and after another phrase whose box is given."""
        alone = [f"<grounding> A photo of<phrase> {self.form(1, n)}</phrase>" for _, n, _ in self.once]
        values = [self.first_box_overlap(t, c[2]) for t, c in zip(self.ask(self.once, alone, 24), self.once)]
        cases, prompts = [], []
        for scene, noun, box in self.once:
            others = [(n, b[0]) for n, b in scene.groups.items() if n != noun and len(b) == 1]
            if others:
                other, where = others[0]
                cases.append((scene, noun, box))
                prompts.append(f"<grounding> An image of<phrase> {self.form(1, other)}</phrase>{location_tags(where)}"
                               f" and<phrase> {self.form(1, noun)}</phrase>")
        chained = []
        for text, prompt, (_, _, box) in zip(self.ask(cases, prompts, 24), prompts, cases):
            answered = text.count("<object>") > prompt.count("<object>")
            chained.append(self.first_box_overlap(text, box) if answered else 0.0)
        return dict(count=len(values), accuracy=float(np.mean(np.array(values) >= FOUND)), chained_count=len(chained),
                    chained_accuracy=float(np.mean(np.array(chained) >= FOUND)))

    def captions(self, prompt, longest):
        """Grounded captions: (noun, box) pairs, and whether all nouns and their counts are right."""
        texts = self.checkpoint.answers([s.picture for s in self.items], [prompt] * len(self.items), longest)
        found = wanted = given = exact = boxes_alone = 0
        for text, scene in zip(texts, self.items):
            predicted = [(noun_of(p), b) for p, bs in self.checkpoint.read(text)[1] for b in bs]
            given, wanted = given + len(predicted), wanted + len(scene.objects)
            boxes_alone += matches([b for _, b in predicted], [b for _, b in scene.objects])
            for noun, boxes in scene.groups.items():
                found += matches([b for n, b in predicted if n == noun], boxes)
            exact += sorted(str(n) for n, _ in predicted) == sorted(str(n) for n, _ in scene.objects)
        return dict(count=len(self.items), precision=found / max(1, given), recall=found / wanted,
                    boxes_precision=boxes_alone / max(1, given), boxes_recall=boxes_alone / wanted,
                    nouns_and_counts_right=exact / len(self.items))

    def plain_captions(self):
        """Captions without boxes: the set of nouns named."""
        texts = self.checkpoint.answers([s.picture for s in self.items], ["An image of"] * len(self.items), 40)
        right = 0
        for text, scene in zip(texts, self.items):
            words = self.checkpoint.read(text)[0]
            named = {k for k, n in enumerate(NOUNS) if re.search(rf"\b({n.singular}|{n.plural})\b", words)}
            right += named == set(scene.groups)
        return dict(count=len(self.items), all_nouns_right=right / len(self.items))

    def references(self):
        """"the cat on the left" where a noun occurs several times."""
        cases, prompts = [], []
        for scene, noun, boxes in self.several:
            for axis, sides in ((0, ("on the left", "on the right")), (1, ("at the top", "at the bottom"))):
                ordered = sorted(boxes, key=lambda b: b[axis] + b[axis + 2])
                distance = sum(ordered[-1][axis::2]) - sum(ordered[0][axis::2])
                if distance * scenes.SIZE >= 50:
                    for side, box in zip(sides, (ordered[0], ordered[-1])):
                        cases.append((scene, noun, box))
                        prompts.append(f"<grounding><phrase> the {NOUNS[noun].singular} {side}</phrase>")
        texts = self.ask(cases, prompts, 24)
        hits = [self.first_box_overlap(t, c[2]) >= FOUND for t, c in zip(texts, cases)]
        return dict(count=len(hits), accuracy=float(np.mean(hits)))

    def descriptions(self):
        """What is in a given box: "<phrase> It</phrase><object>...</object> is"."""
        cases = [(s, *s.objects[self.rng.integers(len(s.objects))]) for s in self.items]
        prompts = [f"<grounding><phrase> It</phrase>{location_tags(box)} is" for _, _, box in cases]
        texts = self.ask(cases, prompts, 10)
        return dict(count=len(cases), accuracy=float(np.mean(
            [noun_of(self.checkpoint.read(t)[0]) == noun for t, (_, noun, _) in zip(texts, cases)])))

    def answer_to(self, text):
        return self.checkpoint.read(text)[0].split("Answer:")[-1].strip(" .")

    def questions(self):
        """Counts, presence (half of them absent) and position; every other one without `<grounding>`."""
        def asked(cases, wording):
            start = ("<grounding> ", "")
            prompts = [f"{start[k % 2]}Question: {wording(c)} Answer:" for k, c in enumerate(cases)]
            return [self.answer_to(t) for t in self.ask(cases, prompts, 10)]
        counted = [(s, list(s.groups)[self.rng.integers(len(s.groups))]) for s in self.items]
        replies = asked(counted, lambda c: f"How many {NOUNS[c[1]].plural} are there?")
        counts = [r == NUMBERS[len(s.groups[n])] for r, (s, n) in zip(replies, counted)]
        more = [c for c, (s, n) in zip(counts, counted) if len(s.groups[n]) > 1]
        yes = [(s, list(s.groups)[self.rng.integers(len(s.groups))], "yes") for s in self.items]
        no = [(s, self.absent_of(s, 1)[0], "no") for s in self.items]
        replies = asked(yes + no, lambda c: f"Is there {NOUNS[c[1]].article} {NOUNS[c[1]].singular}?")
        presence = [r == c[2] for r, c in zip(replies, yes + no)]
        sides = []
        for scene in self.items:
            ordered = sorted(scene.objects, key=lambda o: o[1][0] + o[1][2])
            sides += [(scene, ordered[0][0], "left"), (scene, ordered[-1][0], "right")]
        replies = asked(sides, lambda c: f"What is on the {c[2]}?")
        position = [noun_of(r) == n for r, (_, n, _) in zip(replies, sides)]
        return dict(count=len(counts), counts=float(np.mean(counts)), counts_of_several=float(np.mean(more or [0])),
                    several=len(more), presence_count=len(presence), presence=float(np.mean(presence)),
                    position_count=len(position), position=float(np.mean(position)))

    def everything(self):
        return dict(
            scenes=len(self.items), phrases=self.phrases(), absent=self.absent(), plurals=self.plurals(),
            sentences=self.sentences(), captions=self.captions("<grounding> An image of", 80),
            detailed=self.captions("<grounding> Describe this image in detail:", 110), plain=self.plain_captions(),
            references=self.references(), descriptions=self.descriptions(), questions=self.questions())


ROWS = [
    ("phrase, noun occurs once: accuracy", "phrases.accuracy", "phrases.count"),
    ("... picking any object of the scene would give", "phrases.any_object", None),
    ("... mean IoU (0-100)", "phrases.mean_iou", None),
    ("... no box at all", "phrases.no_box", None),
    ("... more than one box", "phrases.more_than_one_box", None),
    ('... asked as "cat"', "phrases.by_form.noun", None),
    ('... asked as "a cat"', "phrases.by_form.a noun", None),
    ('... asked as "the cat"', "phrases.by_form.the noun", None),
    ("absent phrase rejected", "absent.rejected", "absent.count"),
    ("noun occurs several times: precision of the boxes", "plurals.precision", "plurals.count"),
    ("... recall", "plurals.recall", None),
    ("phrase at the end of a sentence: accuracy", "sentences.accuracy", "sentences.count"),
    ("... after another phrase with its box", "sentences.chained_accuracy", "sentences.chained_count"),
    ("grounded caption, (noun, box): precision", "captions.precision", "captions.count"),
    ("... recall", "captions.recall", None),
    ("... boxes whatever the noun: precision", "captions.boxes_precision", None),
    ("... boxes whatever the noun: recall", "captions.boxes_recall", None),
    ("... scenes with all nouns and counts right", "captions.nouns_and_counts_right", None),
    ("detailed caption, (noun, box): precision", "detailed.precision", "detailed.count"),
    ("... recall", "detailed.recall", None),
    ("caption without boxes: scenes with all nouns right", "plain.all_nouns_right", "plain.count"),
    ('"the cat on the left", one of several: accuracy', "references.accuracy", "references.count"),
    ("what is in this box: noun right", "descriptions.accuracy", "descriptions.count"),
    ("how many: count right", "questions.counts", "questions.count"),
    ("... where the answer is two or more", "questions.counts_of_several", "questions.several"),
    ("is there: right (half are absent)", "questions.presence", "questions.presence_count"),
    ("what is on the left, right: noun right", "questions.position", "questions.position_count"),
]


def look_up(figures, path):
    for key in path.split("."):
        figures = figures[key]
    return figures


def table(results):
    """The card's tables, as Markdown."""
    lines = ["| | seen cut-outs | unseen cut-outs | n |", "| --- | --- | --- | --- |"]
    for label, path, count in ROWS:
        values = " | ".join(f"{100 * look_up(results[name], path):.1f} %" for name in ("seen", "unseen"))
        counts = ", ".join(str(look_up(results[name], count)) for name in ("seen", "unseen")) if count else ""
        lines.append(f"| {label} | {values} | {counts} |")
    lines += ["", "| noun | found, seen | found, unseen | rejected when absent, seen | rejected when absent, unseen |",
              "| --- | --- | --- | --- | --- |"]
    for noun in NOUNS:
        cells = [look_up(results[name], task)["by_noun"].get(noun.singular)
                 for task in ("phrases", "absent") for name in ("seen", "unseen")]
        written = [f"{100 * c[0]:.0f} % of {c[1]}" if c else "-" for c in cells]
        lines.append(" | ".join([f"| {noun.singular}", *written]) + " |")
    apart = [n.singular for n in NOUNS if not n.counterparts]
    by_noun = results["unseen"]["phrases"]["by_noun"]
    asked = sum(by_noun[n][1] for n in apart if n in by_noun)
    right = sum(by_noun[n][0] * by_noun[n][1] for n in apart if n in by_noun)
    lines += ["", f"Unseen cut-outs of the {len(apart)} nouns none of whose held-out cut-outs is an emoji that another "
              f"artist drew for training: {100 * right / max(1, asked):.1f} % of {asked} phrases found."]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("--scenes", type=int, default=200, help="scenes of each set to render")
    parser.add_argument("--folder", help="evaluate the scenes of this folder instead")
    parser.add_argument("--json", help="also write every figure here")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    checkpoint, started, results = Checkpoint(arguments.checkpoint), time.time(), {}
    sets = load_folder(arguments.folder) if arguments.folder else {n: render(n, arguments.scenes) for n in SEEDS}
    for name, items in sets.items():
        results[name] = Run(checkpoint, items).everything()
        print(f"evaluate: {name}, {len(items)} scenes, {time.time() - started:.0f} s", flush=True)
    print(table(results))
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
