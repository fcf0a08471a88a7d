# SPDX-License-Identifier: MIT
"""The architecture (KOSMOS-2, small) and how it is initialised.

The configuration is transformers' own; nothing here changes the forward pass, so that the trained folder loads as
any other KOSMOS-2 checkpoint.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn
from transformers import Kosmos2Config, Kosmos2ForConditionalGeneration

WIDTH = 128
VISION_LAYERS, TEXT_LAYERS, HEADS = 6, 3, 4
PATCH, IMAGE = 28, 224
GRID = IMAGE // PATCH          # patches per side
LATENTS = GRID * GRID          # one latent for each patch: 64, as in the published model
LOCATIONS = 32                 # cells per side of the location grid


def configuration(vocabulary):
    return Kosmos2Config(
        text_config=dict(
            vocab_size=vocabulary, embed_dim=WIDTH, layers=TEXT_LAYERS, ffn_dim=4 * WIDTH, attention_heads=HEADS,
            max_position_embeddings=512, dropout=0.0, attention_dropout=0.0, activation_dropout=0.0),
        vision_config=dict(
            hidden_size=WIDTH, intermediate_size=4 * WIDTH, num_hidden_layers=VISION_LAYERS,
            num_attention_heads=HEADS, image_size=IMAGE, patch_size=PATCH),
        latent_query_num=LATENTS)


def sin_cos(position, width, highest):
    """Positions in 0...1 as `width` features, frequencies up to `highest` half turns."""
    frequency = torch.linspace(0.5, highest, width // 2) * math.pi
    return torch.cat([torch.sin(position[:, None] * frequency), torch.cos(position[:, None] * frequency)], 1)


def smooth_filters(count, side):
    """`count` patch filters [3, side, side]: low-frequency cosines on opponent colours, lowest first.

    Random filters of 28 pixels see noise; these see the colour and the coarse shape of a patch from the first step.
    """
    coordinate = (torch.arange(side) + 0.5) / side
    waves = [torch.cos(math.pi * k * coordinate) * math.sqrt((2 if k else 1) / side) for k in range(12)]
    opponents = F.normalize(torch.tensor([[1.0, 1, 1], [1, 0, -1], [-0.5, 1, -0.5]]), dim=1)
    order = sorted((math.hypot(u, v) * (1 if c == 0 else 1.9), u, v, c)
                   for u in range(12) for v in range(12) for c in range(3))
    filters = []
    for _, u, v, c in order[:count]:
        gain = (1 + math.hypot(u, v)) * (1 if c == 0 else 2) / side
        filters.append(torch.outer(waves[u], waves[v])[None] * opponents[c][:, None, None] * gain)
    return torch.stack(filters)


def _initialise_block(projections, outputs):
    for layer in projections:
        nn.init.normal_(layer.weight, std=1 / math.sqrt(layer.in_features))
    for layer in outputs:
        nn.init.normal_(layer.weight, std=0.4 / math.sqrt(layer.in_features))


@torch.no_grad()
def build(vocabulary):
    """The model with its starting weights."""
    model = Kosmos2ForConditionalGeneration(configuration(vocabulary))
    embeddings = model.vision_model.model.embeddings
    embeddings.patch_embedding.weight.copy_(smooth_filters(WIDTH, PATCH))
    axis = sin_cos((torch.arange(GRID) + 0.5) / GRID, WIDTH // 2, GRID / 2)
    rows, columns = axis[:, None].expand(GRID, GRID, -1), axis[None].expand(GRID, GRID, -1)
    embeddings.position_embedding.weight[1:] = torch.cat([rows, columns], -1).reshape(LATENTS, WIDTH) * 0.4
    for block in model.vision_model.model.encoder.layers:
        attention = block.self_attn
        _initialise_block(
            (attention.q_proj, attention.k_proj, attention.v_proj, block.mlp.fc1), (attention.out_proj, block.mlp.fc2))
    for block in model.text_model.model.layers:
        attention = block.self_attn
        _initialise_block(
            (attention.q_proj, attention.k_proj, attention.v_proj, block.ffn.fc1), (attention.out_proj, block.ffn.fc2))
    return model


def use_matrix_patches(model):
    """Computes the patch embedding as one matrix product: the same numbers, a much faster backward pass on a CPU."""
    embedding = model.vision_model.model.embeddings.patch_embedding

    def forward(pixels):
        count = pixels.shape[0]
        tiles = pixels.view(count, 3, GRID, PATCH, GRID, PATCH).permute(0, 2, 4, 1, 3, 5).reshape(count, LATENTS, -1)
        return (tiles @ embedding.weight.view(WIDTH, -1).t()).transpose(1, 2).reshape(count, WIDTH, GRID, GRID)

    embedding.forward = forward


def features(model, pixels):
    """Vision features after the last LayerNorm: [B, 65, WIDTH], the class token first."""
    return model.vision_model.model.post_layernorm(model.vision_model(pixels)[0])


def pixel_values(pixels):
    """uint8 [B, 224, 224, 3] (numpy) as the processor's normalised [B, 3, 224, 224]."""
    mean = torch.tensor([0.48145466, 0.4578275, 0.40821073])
    std = torch.tensor([0.26862954, 0.26130258, 0.27577711])
    return ((torch.from_numpy(pixels).float() / 255 - mean) / std).permute(0, 3, 1, 2).contiguous()


class Tables(nn.Module):
    """The token table while it is trained: nouns, other tokens, and locations as row + column (+ a small rest).

    A location shares its row with 31 others and its column with 31 others, so every box teaches all of them.
    """

    def __init__(self, nouns):
        super().__init__()
        half = sin_cos((torch.arange(LOCATIONS) + 0.5) / LOCATIONS, WIDTH // 2, 16) * math.sqrt(2 / WIDTH)
        zero = torch.zeros_like(half)
        self.rows = nn.Parameter(torch.cat([half, zero], 1))
        self.columns = nn.Parameter(torch.cat([zero, half], 1))
        self.nouns = nn.Parameter(torch.randn(nouns, WIDTH) / math.sqrt(WIDTH))

    def locations(self):
        return (self.rows[:, None] + self.columns[None]).reshape(LOCATIONS ** 2, WIDTH)


class Muon:
    """Momentum whose update is made orthogonal, for the matrices of the layers, batched by shape.

    Source: Keller Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024.
    """

    def __init__(self, parameters, rate, momentum=0.95):
        self.rate, self.momentum, self.groups = rate, momentum, {}
        for parameter in parameters:
            self.groups.setdefault(tuple(parameter.shape), []).append(parameter)
        self.buffers = {s: torch.zeros(len(g), *s, device=g[0].device) for s, g in self.groups.items()}

    @torch.no_grad()
    def step(self):
        for shape, group in self.groups.items():
            gradient = torch.stack([p.grad for p in group])
            buffer = self.buffers[shape].mul_(self.momentum).add_(gradient)
            update = gradient.add(buffer, alpha=self.momentum)
            tall = shape[0] > shape[1]
            update = self._orthogonal(update.transpose(1, 2) if tall else update)
            scale = self.rate * max(1, shape[0] / shape[1]) ** 0.5
            for parameter, change in zip(group, update.transpose(1, 2) if tall else update):
                parameter.add_(change, alpha=-scale)

    @staticmethod
    def _orthogonal(x):
        x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
        for _ in range(5):  # Newton-Schulz with the published coefficients
            square = x @ x.transpose(1, 2)
            x = 3.4445 * x + (-4.775 * square + 2.0315 * square @ square) @ x
        return x
