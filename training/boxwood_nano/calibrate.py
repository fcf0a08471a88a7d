# SPDX-License-Identifier: MIT
"""Sets how readily a phrase is taken for present: one number, chosen on scenes that no evaluation uses.

    python -m boxwood_nano.calibrate CHECKPOINT --rejected 0.97

Training ends with a model that says "absent" too soon for a drawing it has not seen. The row of `<object>` in the token
table is moved along the mean hidden state at the place of the decision, which adds a constant to its logit there and
hardly changes it elsewhere. The constant is the largest with which the wanted share of absent phrases is still rejected,
on drawings seen in training before held-out backgrounds. Among drawings that were not seen, a few in a hundred more are
taken for present, which is why the default is well above the 90 % that we ask of the model.
"""
import argparse

import numpy as np
import torch

from . import backgrounds, cutouts, scenes
from .generation import Checkpoint
from .vocabulary import NOUNS
from PIL import Image

SEED = 21      # evaluation has 11 and 12, the training logs 1 and 2
SCENES = 400


def cases(seed=SEED, count=SCENES):
    """(picture, prompt, present) for one present and two absent nouns of each scene."""
    rng = np.random.default_rng([seed, 7])
    drawings, boards = cutouts.load()[0], backgrounds.make(seed=1, count=60, held_out=True)
    result = []
    while len(result) < 3 * count:
        scene = scenes.make(rng, drawings, boards)
        if not scene.objects:
            continue
        shown = {noun for noun, _ in scene.objects}
        absent = [n for n in range(len(NOUNS)) if n not in shown]
        picture = Image.fromarray(scene.pixels)
        asked = [(scene.objects[0][0], True)] + [(absent[k], False) for k in rng.permutation(len(absent))[:2]]
        for noun, present in asked:
            n = NOUNS[noun]
            words = (n.singular, f"{n.article} {n.singular}", f"the {n.singular}")[(len(result) + len(result) // 3) % 3]
            result.append((picture, f"<grounding><phrase> {words}</phrase>", present))
    return result


@torch.no_grad()
def decisions(checkpoint, items):
    """Hidden states [N, WIDTH] after `</phrase>`, and how far `<object>` leads all other tokens there [N]."""
    model, processor = checkpoint.model, checkpoint.processor
    table = model.text_model.model.embed_tokens.weight
    token = processor.tokenizer.convert_tokens_to_ids("<object>")
    states, leads = [], []
    for picture, prompt, _ in items:
        inputs = processor(images=picture, text=prompt, return_tensors="pt")
        kept = {}
        handle = model.text_model.model.layer_norm.register_forward_hook(lambda m, a, o: kept.update(h=o[0, -1]))
        model(**{k: inputs[k] for k in ("pixel_values", "input_ids", "attention_mask", "image_embeds_position_mask")})
        handle.remove()
        logits = table @ kept["h"]
        rest = logits.clone()
        rest[token] = -torch.inf
        states.append(kept["h"])
        leads.append(logits[token] - rest.max())
    return torch.stack(states), torch.stack(leads)


def report(leads, present, step):
    print(f"<object> raised by {step:.2f}: {(leads[~present] < 0).float().mean():.1%} of the absent phrases rejected, "
          f"{(leads[present] > 0).float().mean():.1%} of the present ones found")


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("--rejected", type=float, default=0.97)
    arguments = parser.parse_args()
    checkpoint, items = Checkpoint(arguments.checkpoint), cases()
    states, leads = decisions(checkpoint, items)
    present = torch.tensor([p for _, _, p in items])
    # The prompt holds no `<object>`, so its row can change without changing these states: what a step along the mean
    # does to each lead is known exactly.
    direction = states.mean(0)
    gains = states @ direction / direction.dot(direction)
    step = torch.quantile((-leads / gains)[~present], 1 - arguments.rejected).item()
    report(leads, present, 0)
    report(leads + step * gains, present, step)
    token = checkpoint.processor.tokenizer.convert_tokens_to_ids("<object>")
    checkpoint.model.text_model.model.embed_tokens.weight[token] += step * direction / direction.dot(direction)
    checkpoint.model.save_pretrained(arguments.checkpoint)


if __name__ == "__main__":
    main()
