# SPDX-License-Identifier: MIT
"""Stage one: the vision tower alone, on dense losses. Most of the compute goes here.

    python -m boxwood_nano.train_vision POOL OUT --minutes 40
"""
import argparse
import json
import os
import time

import numpy as np
import torch

from . import dense, model as architecture, pool
from .vocabulary import NOUNS


class Batches:
    """Endless shuffled batches of a pool that may still be growing, half of them mirrored."""

    def __init__(self, folder, size, seed):
        self.folder, self.size, self.rng = folder, size, np.random.default_rng(seed)
        self.order = []

    def _refill(self):
        self.parts = pool.load(self.folder)
        self.order = [(p, i) for p, part in enumerate(self.parts) for i in range(len(part[1]))]
        self.rng.shuffle(self.order)
        self.order = [tuple(x) for x in self.order]

    def next(self):
        chosen = []
        while len(chosen) < self.size:
            if not self.order:
                self._refill()
            chosen.append(self.order.pop())
        rows = [self.parts[p][1][i] for p, i in chosen]
        pixels = np.stack([self.parts[p][0][i] for p, i in chosen])
        classes, boxes, positive = (np.stack([row[k] for row in rows]) for k in (1, 2, 3))
        mirrored = self.rng.random(self.size) < 0.5
        pixels[mirrored] = pixels[mirrored][:, :, ::-1]
        grid = (-1, architecture.GRID, architecture.GRID)
        classes[mirrored] = classes[mirrored].reshape(grid)[:, :, ::-1].reshape(-1, 64)
        positive[mirrored] = positive[mirrored].reshape(grid)[:, :, ::-1].reshape(-1, 64)
        flipped = boxes[mirrored].reshape(*grid, 4)[:, :, ::-1].reshape(-1, 64, 4)
        boxes[mirrored] = np.stack([1 - flipped[..., 2], flipped[..., 1], 1 - flipped[..., 0], flipped[..., 3]], -1)
        return (architecture.pixel_values(pixels), torch.from_numpy(classes.astype(np.int64)),
                torch.from_numpy(boxes), torch.from_numpy(positive))


@torch.no_grad()
def held_out(model, heads, tables, folder, name, device):
    """Patch accuracy and box IoU on a held-out set."""
    pixels, rows = pool.load(folder, name)[0]
    values = []
    for start in range(0, 300, 50):
        part = rows[start:start + 50]
        classes, boxes, positive = (np.stack([row[k] for row in part]) for k in (1, 2, 3))
        hidden = architecture.features(model, architecture.pixel_values(pixels[start:start + 50]).to(device))
        _, parts = dense.loss(hidden, heads, tables, torch.from_numpy(classes.astype(np.int64)).to(device),
                              torch.from_numpy(boxes).to(device), torch.from_numpy(positive).to(device))
        values.append((parts["right"], parts["iou"]))
    return [round(float(v), 3) for v in np.mean(values, 0)]


def learning_rate(progress):
    """Warm up over the first 2 %, hold, then decay linearly over the last 60 %."""
    return min(1, progress / 0.02 + 0.05) * max(0.02, min(1, (1 - progress) / 0.6))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pool")
    parser.add_argument("out")
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--muon", type=float, default=0.02)
    parser.add_argument("--adam", type=float, default=2e-3)
    parser.add_argument("--bfloat16", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    os.makedirs(arguments.out, exist_ok=True)
    model = architecture.build(vocabulary=1200).to(device)
    architecture.use_matrix_patches(model)
    heads, tables = dense.Heads().to(device), architecture.Tables(len(NOUNS)).to(device)
    state_file, spent = f"{arguments.out}/vision.pt", 0.0
    vision = model.vision_model
    matrices = [p for n, p in vision.named_parameters() if p.ndim == 2 and "layers" in n]
    known = set(map(id, matrices))
    slow = [vision.model.embeddings.patch_embedding.weight]
    others = [p for p in vision.parameters() if id(p) not in known | {id(slow[0])}]
    muon = architecture.Muon(matrices, arguments.muon)
    adam = torch.optim.AdamW([dict(params=others), dict(params=heads.parameters()), dict(params=tables.parameters()),
                              dict(params=slow)], lr=arguments.adam, betas=(0.9, 0.98), weight_decay=0.0)
    if os.path.exists(state_file):
        state = torch.load(state_file, map_location=device)
        vision.load_state_dict(state["vision"])
        heads.load_state_dict(state["heads"])
        tables.load_state_dict(state["tables"])
        adam.load_state_dict(state["adam"])
        muon.buffers, spent = state["muon"], state["spent"]
        print(f"vision: resumed at {spent:.0f} s", flush=True)
    batches = Batches(arguments.pool, arguments.batch, seed=int(spent))
    trained = [p for group in adam.param_groups for p in group["params"]] + matrices
    started, saved, step, mean = time.time(), time.time(), 0, {}
    from concurrent.futures import ThreadPoolExecutor
    loader = ThreadPoolExecutor(1)
    following = loader.submit(batches.next)
    while True:
        seconds = spent + time.time() - started
        progress = seconds / (60 * arguments.minutes)
        finished = progress >= 1
        if finished or time.time() - saved > 180:
            saved = time.time()
            torch.save(dict(vision=vision.state_dict(), heads=heads.state_dict(), tables=tables.state_dict(),
                            adam=adam.state_dict(), muon=muon.buffers, spent=seconds), state_file)
            scores = {n: held_out(model, heads, tables, arguments.pool, n, device) for n in ("seen", "unseen")}
            print(f"vision: held out {json.dumps(scores)}", flush=True)
        if finished:
            break
        rate = learning_rate(progress)
        muon.rate = arguments.muon * rate
        for k, group in enumerate(adam.param_groups):
            group["lr"] = arguments.adam * rate * (0.1 if k == 3 else 1)
        pixels, classes, boxes, positive = (x.to(device) for x in following.result())
        following = loader.submit(batches.next)
        with torch.autocast(device, torch.bfloat16, enabled=arguments.bfloat16):
            hidden = architecture.features(model, pixels)
        total, parts = dense.loss(hidden.float(), heads, tables, classes, boxes, positive)
        for parameter in trained:
            parameter.grad = None
        total.backward()
        torch.nn.utils.clip_grad_norm_(others + list(heads.parameters()) + list(tables.parameters()), 1.0)
        adam.step()
        muon.step()
        step += 1
        mean = {k: 0.95 * mean.get(k, v) + 0.05 * v for k, v in parts.items()}
        if step % 50 == 0:
            pictures = step * arguments.batch / (time.time() - started)
            print(f"vision: {seconds:5.0f} s, step {step}, {pictures:.0f} pictures/s "
                  + json.dumps({k: round(v, 3) for k, v in mean.items()}), flush=True)


if __name__ == "__main__":
    main()
