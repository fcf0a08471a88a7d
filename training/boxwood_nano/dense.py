# SPDX-License-Identifier: MIT
"""Dense losses for the vision tower: what each patch shows and where the box of its object ends.

The heads are thrown away after training, but what they classify on stays: a patch's class is told by the nouns' own
token embeddings, its box edges by the rows and columns of the location table. So a phrase finds its object by a dot
product, and a box reaches the text side by a linear copy.
"""
import torch
import torch.nn.functional as F
from torch import nn

from .model import GRID, LATENTS, LOCATIONS, WIDTH
from .scenes import BACKGROUND_CLASS, IGNORED

BACKGROUND_WEIGHT = 0.4
SIGMA = 0.7  # cells; a neighbouring cell is almost right

_axis = torch.arange(LOCATIONS).float()
SOFT_CELLS = torch.softmax(-(_axis[:, None] - _axis[None]) ** 2 / (2 * SIGMA ** 2), 1)


class Heads(nn.Module):
    def __init__(self):
        super().__init__()
        self.kind = nn.Linear(WIDTH, WIDTH)
        self.background = nn.Parameter(torch.zeros(WIDTH))
        self.edges = nn.Linear(WIDTH, 4 * WIDTH)
        self.place = nn.Linear(WIDTH, LATENTS)
        self.box = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, 4))
        centre = (torch.arange(GRID) + 0.5) / GRID
        self.register_buffer("x", centre.repeat(GRID), persistent=False)
        self.register_buffer("y", centre.repeat_interleave(GRID), persistent=False)

    def classes(self, patches, tables):
        return 4 * self.kind(patches) @ torch.cat([tables.nouns, self.background[None]]).t()

    def boxes(self, patches):
        """Edges as distances from the patch's centre, 0...1 of the picture."""
        d = (self.box(patches) - 1.5).sigmoid()
        return torch.stack([self.x - d[..., 0], self.y - d[..., 1], self.x + d[..., 2], self.y + d[..., 3]], -1)


def intersection_over_union(a, b):
    """(generalised IoU, IoU) of boxes [N, 4]."""
    w = (torch.minimum(a[:, 2], b[:, 2]) - torch.maximum(a[:, 0], b[:, 0])).clamp(min=0)
    h = (torch.minimum(a[:, 3], b[:, 3]) - torch.maximum(a[:, 1], b[:, 1])).clamp(min=0)
    area_a = (a[:, 2] - a[:, 0]).clamp(min=0) * (a[:, 3] - a[:, 1]).clamp(min=0)
    union = area_a + (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1]) - w * h
    hull_w = torch.maximum(a[:, 2], b[:, 2]) - torch.minimum(a[:, 0], b[:, 0])
    hull_h = torch.maximum(a[:, 3], b[:, 3]) - torch.minimum(a[:, 1], b[:, 1])
    iou = w * h / (union + 1e-6)
    return iou - 1 + union / (hull_w * hull_h + 1e-6), iou


def loss(hidden, heads, tables, classes, boxes, positive):
    """The weighted sum, and its parts for the log. `hidden` [B, 65, WIDTH]; targets as `scenes.patch_targets`."""
    patches = hidden[:, 1:]
    weights = torch.ones(BACKGROUND_CLASS + 1, device=hidden.device)
    weights[-1] = BACKGROUND_WEIGHT
    logits = heads.classes(patches, tables).flatten(0, 1)
    kind = F.cross_entropy(logits, classes.flatten(), weight=weights, ignore_index=IGNORED)
    mask, wanted = positive.flatten(), boxes.flatten(0, 1)[positive.flatten()]
    predicted = heads.boxes(patches).flatten(0, 1)[mask]
    giou, iou = intersection_over_union(predicted, wanted)
    box = (1 - giou).mean() + 2 * F.l1_loss(predicted, wanted)
    edge = _edge_loss(heads.edges(patches.flatten(0, 1)[mask]).view(-1, 4, WIDTH) * 4, tables, wanted)
    place = F.cross_entropy(
        heads.place(patches).flatten(0, 1), torch.arange(LATENTS, device=hidden.device).repeat(len(hidden)))
    with torch.no_grad():
        foreground = (classes.flatten() >= 0) & (classes.flatten() < BACKGROUND_CLASS)
        right = (logits.argmax(-1) == classes.flatten())[foreground].float().mean()
    parts = dict(kind=kind, box=box, edge=edge, place=place, right=right, iou=iou.mean())
    return 1.2 * kind + box + edge + 0.5 * place, {k: v.item() for k, v in parts.items()}


def _edge_loss(queries, tables, wanted):
    """Cross-entropy of the four edges, each over 32 rows or columns, against a Gaussian around the right cell."""
    cells = wanted * LOCATIONS
    first = cells[:, :2].floor().long().clamp(0, LOCATIONS - 1)
    last = (cells[:, 2:] - 1).ceil().long().clamp(0, LOCATIONS - 1)
    total = 0
    for k, cell in enumerate((first[:, 0], first[:, 1], last[:, 0], last[:, 1])):
        table = tables.columns if k % 2 == 0 else tables.rows
        chances = F.log_softmax(queries[:, k] @ table.t(), -1)
        total = total - (chances * SOFT_CELLS.to(chances.device)[cell]).sum(-1).mean()
    return total / 4
