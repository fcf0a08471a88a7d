# SPDX-License-Identifier: MIT
"""How far formats of few bits move the embedded model: the table of docs/decisions/0011-four-bits.md.

    python evaluation/four_bits.py                        # the 60 scenes that are shipped
    python evaluation/four_bits.py --scenes 40 --seed 5   # new ones: 40 of each of four sets

The weights of the text decoder and of its head are rounded and widened again; the embedding, the picture and all
activations stay in single precision. Each noun of a scene is asked for and answered with its true box, and three absent
nouns are asked for. What the model believes after each token from `</phrase>` on is compared with what it believes
unrounded: the mean divergence (Kullback and Leibler) and how often the likeliest token is the same.
"""
import argparse
import pathlib
import tempfile

import torch
from PIL import Image
from torch.nn import functional
from transformers import AutoProcessor, Kosmos2ForConditionalGeneration

import scenes

MODEL = scenes.ROOT / "models" / "boxwood-nano"
CELLS = 32     # of the location grid, per side
EVEN = torch.arange(-8.0, 8)
UNEVEN = torch.tensor([-127.0, -98, -77, -60, -45, -33, -21, -9, 2, 13, 24, 36, 49, 64, 81, 105])  # as q4_layout.h has it
SCALES = torch.linspace(0.8, 1.15, 15).tolist()  # tried, of the one that puts the largest weight at an end of the levels
MOVES = 2      # of the best scale to where its codes want it
NORMS = {"self_attn.q_proj": "self_attn_layer_norm", "self_attn.k_proj": "self_attn_layer_norm",
         "self_attn.v_proj": "self_attn_layer_norm", "self_attn.out_proj": "self_attn.inner_attn_ln",
         "ffn.fc1": "final_layer_norm", "ffn.fc2": "ffn.ffn_layernorm"}
FEED_FORWARD = {"ffn.fc1", "ffn.fc2"}
EVERYTHING = {*NORMS, "head"}
FIRST = {(0, "self_attn.q_proj"), (0, "self_attn.k_proj")}


def grouped(matrix, size):
    padded = functional.pad(matrix, (0, -matrix.shape[1] % size))
    return padded.view(len(matrix), -1, size)


def eight_bits(matrix, size=128):
    groups = grouped(matrix, size)
    scale = (groups.abs().amax(2, keepdim=True) / 127).clamp_min(1e-30)
    return ((groups / scale).round() * scale).reshape(len(matrix), -1)[:, :matrix.shape[1]]


def nearest(values, levels):
    return levels[torch.bucketize(values, (levels[1:] + levels[:-1]) / 2)]


def four_bits(matrix, importance, levels, size):
    """Each group's best scale in half precision by the error that `importance` [inputs] weighs, times levels."""
    groups, weights = grouped(matrix, size), grouped(importance[None], size)
    extreme = groups.gather(2, groups.abs().argmax(2, keepdim=True))
    scales = [extreme / (end * step) for end in (levels[0], levels[-1]) for step in SCALES]
    least, best = torch.full_like(extreme, torch.inf), torch.zeros_like(extreme)
    for k in range(len(scales) + MOVES):
        if k < len(scales):
            scale = scales[k]
        else:
            codes = nearest(groups / best, levels)
            scale = (weights * groups * codes).sum(2, True) / (weights * codes ** 2).sum(2, True)
        scale = scale.half().float()
        scale = torch.where(scale == 0, 1e-30, scale)
        error = (weights * (groups - scale * nearest(groups / scale, levels)) ** 2).sum(2, keepdim=True)
        least, best = torch.where(error < least, error, least), torch.where(error < least, scale, best)
    return (best * nearest(groups / best, levels)).reshape(len(matrix), -1)[:, :matrix.shape[1]]


def hadamard(size):
    result = torch.ones(1, 1, dtype=torch.float64)
    while len(result) < size:
        result = torch.cat([torch.cat([result, result], 1), torch.cat([result, -result], 1)])
    return result / size ** 0.5


def change_basis(layer, heads):
    """Queries and keys of each head in a basis where both are alike in size in all directions; the scores stay the same.

    Scores are x^T Wq^T Wk y, and a constant that softmax does not see: any factors of Wq^T Wk do as well.
    """
    attention, gamma = layer.self_attn, layer.self_attn_layer_norm.weight.double()
    q, k = attention.q_proj, attention.k_proj
    width = len(gamma) // heads
    for rows in torch.arange(len(gamma)).view(heads, width):
        queries = torch.cat([q.weight[rows] * gamma, q.bias[rows, None]], 1).double()
        (a, ra), (b, rb) = torch.linalg.qr(queries.T), torch.linalg.qr((k.weight[rows] * gamma).T)
        left, strength, right = torch.linalg.svd(ra @ rb.T)
        turn = hadamard(width) @ strength.sqrt().diag()
        queries, keys = turn @ (a @ left).T, turn @ (b @ right.T).T
        q.weight[rows], q.bias[rows] = (queries[:, :-1] / gamma).float(), queries[:, -1].float()
        k.weight[rows], k.bias[rows] = (keys / gamma).float(), torch.zeros(width)


class Experiment:
    def __init__(self, sets):
        self.model = Kosmos2ForConditionalGeneration.from_pretrained(MODEL, dtype=torch.float32).eval()
        self.processor = AutoProcessor.from_pretrained(MODEL)
        text = self.model.text_model
        text.lm_head.weight = torch.nn.Parameter(text.lm_head.weight.clone())
        text.lm_head.bias = torch.nn.Parameter(torch.zeros(len(text.lm_head.weight)))
        self.original = {name: value.clone() for name, value in text.state_dict().items()}
        self.batches = self.questions([scene for items in sets.values() for scene in items])
        self.believed = [self.beliefs(batch) for batch in self.batches]

    def matrices(self):
        """(the layer's number, the matrix's name, the matrix, the norm before it)"""
        text = self.model.text_model
        for number, layer in enumerate(text.model.layers):
            for name, norm in NORMS.items():
                yield number, name, layer.get_submodule(name), layer.get_submodule(norm)
        yield None, "head", text.lm_head, text.model.layer_norm

    def questions(self, items):
        """Batches of one length: (inputs, the place of </phrase>)."""
        by_length = {}
        for scene in items:
            picture = Image.open(scene.file).convert("RGB")
            for noun in [*scene.objects, *scene.absent]:
                asked = f"<grounding><phrase> {noun}</phrase>"
                length = self.processor(images=picture, text=asked, return_tensors="pt")["input_ids"].shape[1]
                answer = "".join(f"<object>{self.tags(box)}</object>" for box in scene.objects.get(noun, [])[:1])
                inputs = self.processor(images=picture, text=asked + answer, return_tensors="pt")
                by_length.setdefault((length, inputs["input_ids"].shape[1]), []).append(inputs)
        return [({name: torch.cat([inputs[name] for inputs in batch]) for name in batch[0]}, length - 1)
                for (length, _), batch in by_length.items()]

    @staticmethod
    def tags(box):
        last = CELLS - 1
        cells = [min(last, int(value * CELLS)) for value in box]
        return "".join(f"<patch_index_{cells[k + 1] * CELLS + cells[k]:04d}>" for k in (0, 2))

    def beliefs(self, batch):
        inputs, start = batch
        output = self.model(**inputs)
        if inputs.pop("pixel_values", None) is not None:
            inputs["image_embeds"] = output.image_embeds
        return output.logits[:, start:].log_softmax(-1)

    def measure(self, four, levels, size, importance=True, correct=False, turned=False, first_in_eight=False):
        text = self.model.text_model
        text.load_state_dict(self.original)
        if turned:
            for layer in text.model.layers:
                change_basis(layer, self.model.config.text_config.attention_heads)
        for layer, name, linear, norm in self.matrices():
            exact, (gamma, beta) = linear.weight.clone(), (norm.weight, norm.bias)
            counts = gamma ** 2 + (0 if correct else beta ** 2) if importance else torch.ones_like(gamma)
            is_four = name in four and not (first_in_eight and (layer, name) in FIRST)
            rounded = four_bits(exact, counts, levels, size) if is_four else eight_bits(exact)
            linear.weight.copy_(rounded)
            if correct:
                linear.bias += (exact - rounded) @ beta
        divergence, same = [], []
        for batch, exact in zip(self.batches, self.believed):
            now = self.beliefs(batch)
            divergence.append((exact.exp() * (exact - now)).sum(-1).flatten())
            same.append((exact.argmax(-1) == now.argmax(-1)).flatten())
        return torch.cat(divergence).mean().item(), torch.cat(same).float().mean().item()


TABLE, LONGER = (EVERYTHING, UNEVEN, 32), (EVERYTHING, UNEVEN, 64)
ROWS = [
    ("nothing, all in eight", (set(), EVEN, 32), {}),
    ("the feed-forward, even levels", (FEED_FORWARD, EVEN, 32), dict(importance=False)),
    ("everything, even levels", (EVERYTHING, EVEN, 32), dict(importance=False)),
    ("everything, uneven levels", TABLE, dict(importance=False)),
    ("and importance", TABLE, {}),
    ("and importance, means corrected by the bias", TABLE, dict(correct=True)),
    ("and importance, queries and keys in another basis", TABLE, dict(turned=True)),
    ("and importance, the first layer's queries and keys in eight: the program's", TABLE, dict(first_in_eight=True)),
    ("the same, groups of 64", LONGER, dict(first_in_eight=True)),
    ("the same, groups of 64, all queries in eight", (EVERYTHING - {"self_attn.q_proj"}, UNEVEN, 64),
     dict(first_in_eight=True)),
    ("everything, groups of 64", LONGER, {}),
    ("everything, groups of 64, queries and keys in another basis", LONGER, dict(turned=True)),
    *((f"{name} alone, groups of 64", ({name}, UNEVEN, 64), {}) for name in [*NORMS, "head"]),
]


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, help="draw so many new scenes of each set")
    parser.add_argument("--seed", type=int, default=0, help="another seed draws other scenes")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        drawn = arguments.scenes and scenes.rendered(pathlib.Path(folder), arguments.scenes, arguments.seed)
        experiment = Experiment(drawn or scenes.shipped())
    print(f"{sum(beliefs[..., 0].numel() for beliefs in experiment.believed)} tokens\n")
    print("| in four bits | divergence | same likeliest token |\n|---|---|---|")
    for name, positional, named in ROWS:
        divergence, same = experiment.measure(*positional, **named)
        print(f"| {name} | {divergence:.4f} | {same:.3f} |", flush=True)


if __name__ == "__main__":
    main()
