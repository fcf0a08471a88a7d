# SPDX-License-Identifier: MIT
"""How often a fast precision's likeliest next token is single precision's: a table in BENCHMARKS.md.

    python evaluation/agreement.py --model DIR --prompts 64

Each prompt is a held-out picture and some words of its own, drawn from a seed; what is compared is what the model believes of the
first token behind it, over the whole vocabulary. With random weights beliefs are nearly even, so this is the hardest of
cases; a trained model is surer. Needs numpy and safetensors.
"""
import argparse
import pathlib
import random
import subprocess
import tempfile

import numpy as np
from safetensors.numpy import load_file

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORDS = "a the red small old dog cat table tree car of on under with two three man child window water blue light".split()
GRID = 32 * 32  # location tokens
FAST = ("q8", "q4")


def prompts(count, seed):
    """(picture, text) of each."""
    drawn = random.Random(seed)
    pictures = sorted((ROOT / "models" / "boxwood-nano" / "heldout").rglob("*.jpg"))
    for _ in range(count):
        words = " ".join(drawn.choices(WORDS, k=drawn.randint(2, 12)))
        box = "".join(f"<patch_index_{place:04}>" for place in sorted(drawn.sample(range(GRID), 2)))
        end = drawn.choice(("", f" <phrase> {drawn.choice(WORDS)}</phrase><object>{box}</object>"))
        yield drawn.choice(pictures), f"<grounding> {words}{end}"


def beliefs(program, model, cases, precision, cache, folder):
    """[prompts, vocabulary]: logarithms of probabilities."""
    out = pathlib.Path(folder) / f"{precision}.safetensors"
    rows = [part for picture, text in cases for part in ("--image", str(picture), "--text", text)]
    subprocess.run([program, "inspect", "forward", "--model", model, "--precision", precision, "--cache", cache,
                    "--max-new-tokens", "1", "--no-repeat-ngram", "0", "--out", str(out), *rows], check=True)
    logits = load_file(out)["logits.prompt_last"].astype(np.float64)
    logits -= logits.max(1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(1, keepdims=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=str(ROOT / "models" / "boxwood-nano"))
    parser.add_argument("--prompts", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cache", help="where quantised weights are kept; else a temporary folder")
    parser.add_argument("--program", default=str(ROOT / ".build" / "release" / "boxwood"))
    options = parser.parse_args()
    cases = list(prompts(options.prompts, options.seed))
    with tempfile.TemporaryDirectory() as folder:
        exact, *fast = [beliefs(options.program, options.model, cases, precision, options.cache or folder, folder)
                        for precision in ("f32", *FAST)]
    print(f"{len(cases)} prompts; the likeliest token has a probability of {np.exp(exact.max(1)).mean():.3f} on average\n")
    print("| precision | same likeliest token | divergence | likeliest among the first five |\n|---|---|---|---|")
    first = exact.argmax(1)
    for precision, found in zip(FAST, fast):
        same = (found.argmax(1) == first).mean()
        divergence = (np.exp(exact) * (exact - found)).sum(1).mean()
        five = np.mean([token in row for token, row in zip(first, np.argsort(-found, 1)[:, :5])])
        print(f"| {precision} | {100 * same:.1f} % | {divergence:.5f} | {100 * five:.1f} % |")


if __name__ == "__main__":
    main()
