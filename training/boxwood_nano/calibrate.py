# SPDX-License-Identifier: MIT
"""Sets how readily a phrase is taken for present: one number, chosen on scenes that no evaluation uses.

    python -m boxwood_nano.calibrate CHECKPOINT --rejected 0.94

Training ends with a model that says "absent" too soon for a drawing it has not seen. The row of `<object>` in the token
table is moved along the mean hidden state at the place of the decision, which adds a constant to its logit there and
hardly changes it elsewhere. The constant is the largest with which the wanted share of absent phrases is still rejected,
on drawings seen in training before held-out backgrounds.
"""
import argparse

import numpy as np
import torch

from . import backgrounds, cutouts, scenes
from .generation import Checkpoint
from .vocabulary import NOUNS
from PIL import Image

SEED = 21      # evaluation has 11 and 12, the training logs 1 and 2
SCENES = 200


def cases(seed=SEED, count=SCENES):
    """(picture, prompt, present) for one present and one absent noun of each scene."""
    rng = np.random.default_rng([seed, 7])
    drawings, boards = cutouts.load()[0], backgrounds.make(seed=1, count=60, held_out=True)
    result = []
    while len(result) < 2 * count:
        scene = scenes.make(rng, drawings, boards)
        if not scene.objects:
            continue
        shown = {noun for noun, _ in scene.objects}
        absent = [n for n in range(len(NOUNS)) if n not in shown]
        picture = Image.fromarray(scene.pixels)
        for noun, present in ((scene.objects[0][0], True), (absent[rng.integers(len(absent))], False)):
            n = NOUNS[noun]
            words = (n.singular, f"{n.article} {n.singular}", f"the {n.singular}")[len(result) // 2 % 3]
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


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("--rejected", type=float, default=0.94)
    arguments = parser.parse_args()
    checkpoint, items = Checkpoint(arguments.checkpoint), cases()
    states, leads = decisions(checkpoint, items)
    present = torch.tensor([p for _, _, p in items])
    shift = -torch.quantile(leads[~present], arguments.rejected).item()
    print(f"absent rejected {(leads[~present] < 0).float().mean():.3f}, present found {(leads[present] > 0).float().mean():.3f}; "
          f"the logit of <object> is raised by {shift:.2f}")
    # The smallest change of the row that adds `shift` to the decision's mean, and nothing to the mean inside boxes.
    mean = states.mean(0)
    table = checkpoint.model.text_model.model.embed_tokens.weight
    token = checkpoint.processor.tokenizer.convert_tokens_to_ids("<object>")
    table[token] += shift * mean / mean.dot(mean)
    _, leads = decisions(checkpoint, items)
    print(f"absent rejected {(leads[~present] < 0).float().mean():.3f}, present found {(leads[present] > 0).float().mean():.3f}")
    checkpoint.model.save_pretrained(arguments.checkpoint)


if __name__ == "__main__":
    main()
