# SPDX-License-Identifier: MIT
"""Stage two: the resampler and the text side, on cached features of the frozen vision tower.

    python -m boxwood_nano.train_text POOL VISION TOKENIZER OUT --minutes 30

The tower stays frozen: gradients of the text loss only spoil it. The resampler starts aimed, one latent at one patch;
left to find its own aim it attends to its latents and the model stays blind.
"""
import argparse
import json
import math
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from . import dense, model as architecture, pool, segments, tokenizer as tokens
from .scenes import IGNORED
from .vocabulary import NOUNS

PRESENCE_WEIGHT = 3.0   # the token that decides whether a phrase has a box at all
LOCATION_WEIGHT = 0.8
LATENT_SIZE = 0.05      # latents are keys too; small ones draw no attention to themselves
PREFIX = 3 + architecture.LATENTS
SHARPNESS = 1.5         # of a noun's attention to its patches: exponent of the odds
LONGEST_ROW = 208       # tokens of a packed row; what does not fit is left out, so that rows are equally long


@torch.no_grad()
def cache_features(model, folder, file, device, limit):
    """Normalised vision features of the pool as float16 [N, 65, WIDTH], and the scenes' objects."""
    objects = [row[0] for _, rows in pool.load(folder) for row in rows][:limit]
    if os.path.exists(file):
        return np.load(file, mmap_mode="r"), objects
    result = np.empty((len(objects), architecture.LATENTS + 1, architecture.WIDTH), np.float16)
    done, started = 0, time.time()
    model.to(device)
    for pixels, _ in pool.load(folder):
        for start in range(0, len(pixels), 200):
            part = pixels[start:start + 200][:len(objects) - done]
            if len(part) == 0:
                break
            with torch.autocast(device, torch.bfloat16):
                hidden = architecture.features(model, architecture.pixel_values(part).to(device))
            result[done:done + len(part)] = F.normalize(hidden.float(), dim=-1).cpu().numpy()
            done += len(part)
    model.cpu()
    print(f"text: features of {done} scenes in {time.time() - started:.0f} s", flush=True)
    np.save(file, result)
    return result, objects


@torch.no_grad()
def aim(connector, features):
    """Sets queries and keys so that latent i attends to patch i: discriminant directions of the patch's position.

    `features` [N, 65, WIDTH]. Within-position covariance becomes one along the directions, so that the dot product of
    a latent with a patch is the log-likelihood ratio of their positions being the same.
    """
    patches = features[:, 1:].double()
    means = patches.mean(0)
    centre = means.mean(0)
    within = (patches - means).reshape(-1, architecture.WIDTH)
    within = within.t() @ within / len(within) + 1e-5 * torch.eye(architecture.WIDTH, dtype=torch.double)
    between = (means - centre).t() @ (means - centre) / architecture.LATENTS
    whiten = torch.linalg.cholesky(torch.linalg.inv(within))
    _, directions = torch.linalg.eigh(whiten.t() @ between @ whiten)
    size = architecture.WIDTH // architecture.HEADS
    project = (whiten @ directions[:, -size:]).t()
    targets = (means - centre) @ project.t()
    scale = targets.pow(2).sum(1).mean().sqrt()
    nn.init.orthogonal_(connector.dense.weight, gain=math.sqrt(architecture.WIDTH))
    connector.dense.bias.zero_()
    undo = torch.linalg.inv(connector.dense.weight.double())
    attention = connector.x_attn
    connector.latent_query.zero_()
    connector.latent_query[:, :size] = (targets / scale).float() * LATENT_SIZE * math.sqrt(size)
    for projection in (attention.q_proj, attention.k_proj, attention.v_proj, attention.out_proj):
        projection.weight.zero_()
        projection.bias.zero_()
    for head in range(architecture.HEADS):
        rows = slice(head * size, (head + 1) * size)
        attention.k_proj.weight[rows] = (project @ undo).float()
        attention.k_proj.bias[rows] = -(project @ centre).float()
        attention.q_proj.weight[rows, :size] = torch.eye(size) * float(scale) / LATENT_SIZE
    nn.init.orthogonal_(attention.v_proj.weight)
    nn.init.orthogonal_(attention.out_proj.weight, gain=1 / math.sqrt(architecture.WIDTH))


class TokenTable(nn.Module):
    """The embedding while it is trained: plain tokens, and locations as row + column + a rest; merged on export."""

    def __init__(self, vocabulary, tables):
        super().__init__()
        width = architecture.WIDTH
        self.plain = nn.Parameter(torch.randn(vocabulary.first_location, width) / math.sqrt(width))
        self.rows = nn.Parameter(tables.rows.detach().clone())
        self.columns = nn.Parameter(tables.columns.detach().clone())
        self.rest = nn.Parameter(torch.zeros(architecture.LOCATIONS ** 2, architecture.WIDTH))
        scale = tables.nouns.detach().norm(dim=1).mean()
        with torch.no_grad():
            for noun, vector in zip(NOUNS, tables.nouns.detach()):
                for word in (noun.singular, noun.plural):
                    for token in vocabulary.ids([" " + word]):
                        self.plain[token] = vector / scale

    def forward(self):
        locations = (self.rows[:, None] + self.columns[None]).reshape(-1, architecture.WIDTH) + self.rest
        return torch.cat([self.plain, locations])


@torch.no_grad()
def aim_phrases(model, table, features, classes, vocabulary):
    """Sets two heads of the first layer so that a noun attends to the patches that show it, or else to `</image>`.

    Left to itself this binding does not come: boxes and captions are learned first, and whether a named thing is there
    stays a guess. Keys become the log-odds of each noun (even ones for `</image>`), by logistic regression on what the
    layer really gets; queries become one code per noun, by ridge regression.
    `features` [N, 65, WIDTH]; `classes` [N, 64] as `scenes.patch_targets`.
    """
    text, layer = model.text_model.model, model.text_model.model.layers[0]
    table, places = table().detach(), text.embed_positions.weights

    def entering(vectors, positions):
        return layer.self_attn_layer_norm(vectors * text.embed_scale + places[positions])

    later = torch.arange(2 + PREFIX, 2 + PREFIX + 60)
    image, _ = model.image_to_text_projection(features)
    latents = entering(image, torch.arange(4, 4 + architecture.LATENTS))
    codes = F.one_hot(classes.clamp(min=0), len(NOUNS) + 1)[..., :-1].float()
    end_of_image = entering(table[vocabulary.ids(["</image>"])], torch.tensor([1 + PREFIX]))
    words = entering(table[:vocabulary.first_location, None], later).flatten(0, 1)
    known = torch.zeros(vocabulary.first_location, len(NOUNS))
    for k, noun in enumerate(NOUNS):
        for word in (noun.singular, noun.plural):
            known[vocabulary.ids([" " + word])[0], k] = 1
    locations = entering(table[vocabulary.first_location:][::8, None], later[::8]).flatten(0, 1)
    clear = classes != IGNORED
    nothing = torch.zeros(1, len(NOUNS))
    keys = _log_odds(
        torch.cat([latents[clear], end_of_image.expand(4000, -1), words, locations]),
        torch.cat([codes[clear], nothing.expand(4000, -1) + 0.5, nothing.expand(len(words) + len(locations), -1)]))
    known = known[:, None].expand(-1, len(later), -1).flatten(0, 1)
    nouns = known.sum(1) > 0  # few among all words, so they count ten times
    queries = _ridge(torch.cat([words, locations, words[nouns].repeat(9, 1)]),
                     torch.cat([known, nothing.expand(len(locations), -1), known[nouns].repeat(9, 1)]))
    size = architecture.WIDTH // architecture.HEADS
    sharp = SHARPNESS * math.sqrt(size)  # attention divides by the latter
    for projection, (weight, bias), gain in (
            (layer.self_attn.q_proj, queries, sharp ** 0.5), (layer.self_attn.k_proj, keys, sharp ** 0.5)):
        for head in range(2):
            rows = slice(head * size, (head + 1) * size)
            projection.weight[rows], projection.bias[rows] = 0, 0
            rows = slice(head * size, head * size + len(NOUNS))
            projection.weight[rows], projection.bias[rows] = weight * gain, bias * gain


@torch.enable_grad()
def _log_odds(inputs, targets, steps=400):
    """Weight and bias of one logistic regression per column of `targets`."""
    weight = torch.zeros(targets.shape[1], inputs.shape[1], requires_grad=True)
    bias = torch.full((targets.shape[1],), -3.0, requires_grad=True)
    optimiser = torch.optim.Adam([weight, bias], lr=0.02)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = 0.02 * (1 - step / steps)
        chosen = torch.randint(len(inputs), (8192,))
        loss = F.binary_cross_entropy_with_logits(inputs[chosen] @ weight.t() + bias, targets[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return weight.detach(), bias.detach()


def _ridge(inputs, targets):
    """Weight and bias of the linear map that fits best."""
    inputs = torch.cat([inputs, torch.ones(len(inputs), 1)], 1).double()
    square = inputs.t() @ inputs / len(inputs) + 1e-4 * torch.eye(inputs.shape[1], dtype=torch.double)
    solution = torch.linalg.solve(square, inputs.t() @ targets.double() / len(inputs)).float().t()
    return solution[:, :-1], solution[:, -1]


def hidden_states(model, table, ids, positions, mask, image):
    """The text side on packed segments: [B, L, WIDTH] after the last LayerNorm."""
    text = model.text_model.model
    x = F.embedding(ids, table)
    x = torch.cat([x[:, :2], image, x[:, 2 + architecture.LATENTS:]], 1) * text.embed_scale
    x = x + text.embed_positions.weights[positions].to(x.dtype)
    for layer in text.layers:
        x = layer(x, mask, None, past_key_values=None, output_attentions=None, use_cache=False)
    return text.layer_norm(x)


def pack(scenes, rng, vocabulary):
    """Scenes' segments, in any order, behind one picture prefix each.

    A segment sees the prefix and itself; its positions go on from the prefix.

    Returns ids, positions, mask, and for each supervised token its row, place, target and whether it decides presence.
    """
    placeholders = list(range(4, 4 + architecture.LATENTS))
    prefix = vocabulary.ids(["<s>", "<image>"]) + placeholders + vocabulary.ids(["</image>"])
    rows, supervised = [], []
    for row, objects in enumerate(scenes):
        ids, owner, positions = list(prefix), [0] * PREFIX, list(range(2, 2 + PREFIX))
        parts = segments.of_scene(rng, objects)
        for k in rng.permutation(len(parts)):
            prompt, answer = parts[k]
            start, question, reply = len(ids), vocabulary.ids(prompt), vocabulary.ids(answer)
            if start + len(question) + len(reply) > LONGEST_ROW:
                continue
            ids += question + reply
            owner += [k + 1] * (len(question) + len(reply))
            positions += range(2 + PREFIX, 2 + PREFIX + len(question) + len(reply))
            decides = prompt[-1] == "</phrase>"
            before = start + len(question) - 1
            supervised += [(row, before + j, target, decides and j == 0) for j, target in enumerate(reply)]
        rows.append((ids, owner, positions))
    length = -(-max(len(r[0]) for r in rows) // 16) * 16
    ids, owner = np.ones((len(rows), length), np.int64), np.full((len(rows), length), -1)
    positions = np.ones((len(rows), length), np.int64)
    for k, (i, o, p) in enumerate(rows):
        ids[k, :len(i)], owner[k, :len(o)], positions[k, :len(p)] = i, o, p
    visible = (owner[:, :, None] == owner[:, None, :]) | (owner[:, None, :] == 0)
    visible &= np.tril(np.ones((length, length), bool))[None]
    mask = torch.zeros(len(rows), 1, length, length).masked_fill_(~torch.from_numpy(visible)[:, None], -1e9)
    where, place, target, decides = (torch.tensor(v) for v in zip(*supervised))
    return torch.from_numpy(ids), torch.from_numpy(positions), mask, where, place, target, decides


def text_loss(hidden, table, target, decides, first_location):
    """Cross-entropy; for locations against a Gaussian around the right cell. Returns the loss and its parts."""
    chances = F.log_softmax(hidden @ table.t(), -1)
    located = target >= first_location
    hard = -chances.gather(1, target[:, None])[:, 0]
    weight = torch.where(decides, PRESENCE_WEIGHT, 1.0)[~located]
    words = (hard[~located] * weight).sum() / weight.sum()
    cells = target[located] - first_location
    grid = chances[located][:, first_location:].view(-1, architecture.LOCATIONS, architecture.LOCATIONS)
    soft = dense.SOFT_CELLS.to(grid.device)
    rows, columns = soft[cells // architecture.LOCATIONS], soft[cells % architecture.LOCATIONS]
    boxes = -torch.einsum("nrc,nr,nc->n", grid, rows, columns).mean()
    presence = (chances[decides].argmax(-1) == target[decides]).float().mean()
    parts = dict(words=words, boxes=boxes, presence=presence, location=hard[located].mean())
    return words + LOCATION_WEIGHT * boxes, {k: v.item() for k, v in parts.items()}


def export(model, table, tokenizer_folder, out):
    """The checkpoint as a Hugging Face folder, tokenizer included."""
    with torch.no_grad():
        model.text_model.model.embed_tokens.weight.copy_(table())
        model.text_model.lm_head.weight = model.text_model.model.embed_tokens.weight
    model.save_pretrained(out)
    for name in os.listdir(tokenizer_folder):
        shutil.copy(f"{tokenizer_folder}/{name}", out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("pool", "vision", "tokenizer", "out"):
        parser.add_argument(name)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--scenes", type=int, default=44000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--muon", type=float, default=0.02)
    parser.add_argument("--adam", type=float, default=2e-3)
    parser.add_argument("--start", help="folder of an earlier run: its weights, with fresh optimisers")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    os.makedirs(arguments.out, exist_ok=True)
    vocabulary = tokens.Tokenizer(arguments.tokenizer)
    model = architecture.build(vocabulary.size)
    state = torch.load(f"{arguments.vision}/vision.pt", map_location="cpu")
    model.vision_model.load_state_dict(state["vision"])
    tables = architecture.Tables(len(NOUNS))
    tables.load_state_dict(state["tables"])
    model.vision_model.requires_grad_(False)
    features, objects = cache_features(model, arguments.pool, f"{arguments.out}/features.npy", device, arguments.scenes)
    aim(model.image_to_text_projection, torch.from_numpy(features[:2000].astype(np.float32)))
    table = TokenTable(vocabulary, tables)
    if arguments.start:
        begun = torch.load(f"{arguments.start}/text.pt", map_location="cpu")
        model.load_state_dict(begun["model"])
        table.load_state_dict(begun["table"])
    classes = np.stack([row[1] for _, rows in pool.load(arguments.pool) for row in rows][:2000]).astype(np.int64)
    first = torch.from_numpy(features[:2000].astype(np.float32))
    aim_phrases(model, table, first, torch.from_numpy(classes), vocabulary)
    model, table = model.to(device), table.to(device)
    connector = model.image_to_text_projection
    aimed = model.text_model.model.layers[0].self_attn
    aimed = [*aimed.q_proj.parameters(), *aimed.k_proj.parameters()]
    matrices = [p for n, p in model.text_model.model.layers.named_parameters()
                if p.ndim == 2 and not any(p is q for q in aimed)]
    slow = [*aimed, connector.latent_query, *connector.dense.parameters(), *connector.x_attn.q_proj.parameters(),
            *connector.x_attn.k_proj.parameters()]
    known = {id(p) for p in matrices + slow}
    others = [p for part in (model.text_model.model.layers, model.text_model.model.layer_norm, connector)
              for p in part.parameters() if id(p) not in known]
    muon = architecture.Muon(matrices, arguments.muon)
    adam = torch.optim.AdamW([dict(params=others), dict(params=table.parameters()), dict(params=slow)],
                             lr=arguments.adam, betas=(0.9, 0.98), weight_decay=0.0)
    trained = matrices + slow + others + list(table.parameters())
    spent, step = 0.0, 0
    if os.path.exists(f"{arguments.out}/text.pt"):
        saved_state = torch.load(f"{arguments.out}/text.pt", map_location=device)
        model.load_state_dict(saved_state["model"])
        table.load_state_dict(saved_state["table"])
        adam.load_state_dict(saved_state["adam"])
        muon.buffers, spent = saved_state["muon"], saved_state["spent"]
        print(f"text: resumed at {spent:.0f} s", flush=True)
    rng = np.random.default_rng(int(spent) + 1)

    def batch():
        chosen = np.sort(rng.integers(len(objects), size=arguments.batch))
        hidden = torch.from_numpy(features[chosen].astype(np.float32))
        return hidden, pack([objects[i] for i in chosen], rng, vocabulary)

    loader, started, saved, mean = ThreadPoolExecutor(1), time.time(), time.time(), {}
    following = loader.submit(batch)
    while True:
        seconds = spent + time.time() - started
        progress = seconds / (60 * arguments.minutes)
        if progress >= 1 or time.time() - saved > 240:
            saved = time.time()
            torch.save(dict(model=model.state_dict(), table=table.state_dict(), adam=adam.state_dict(),
                            muon=muon.buffers, spent=seconds), f"{arguments.out}/text.pt")
            export(model, table, arguments.tokenizer, f"{arguments.out}/checkpoint")
        if progress >= 1:
            break
        rate = min(1, progress / 0.02 + 0.05) * max(0.02, min(1, (1 - progress) / 0.6))
        muon.rate = arguments.muon * rate
        for k, group in enumerate(adam.param_groups):
            group["lr"] = arguments.adam * rate * (0.1 if k == 2 else 1)
        hidden, (ids, positions, mask, row, place, target, decides) = following.result()
        following = loader.submit(batch)
        weights = table()
        image, _ = connector(hidden.to(device))
        states = hidden_states(model, weights, ids.to(device), positions.to(device), mask.to(device), image)
        loss, parts = text_loss(
            states[row, place], weights, target.to(device), decides.to(device), vocabulary.first_location)
        for parameter in trained:
            parameter.grad = None
        loss.backward()
        torch.nn.utils.clip_grad_norm_(others + slow + list(table.parameters()), 1.0)
        adam.step()
        muon.step()
        step += 1
        mean = {k: 0.97 * mean.get(k, v) + 0.03 * v for k, v in parts.items()}
        if step % 50 == 0:
            pace = step * arguments.batch / (time.time() - started)
            print(f"text: {seconds:5.0f} s, step {step}, {pace:.0f} scenes/s "
                  + json.dumps({k: round(v, 3) for k, v in mean.items()}), flush=True)


if __name__ == "__main__":
    main()
