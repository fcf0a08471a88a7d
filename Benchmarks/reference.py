# SPDX-License-Identifier: MIT
"""Times transformers' KOSMOS-2 in float32 and prints one JSON object. Started by compare.py, in a process of its own.

What is timed is what `boxwood bench engine` times: the vision tower with the connector; from pixels to the first token's
logits; the steps after it; all of it for a batch; and a picture asked for labels one by one.
"""
import argparse
import json
import resource
import statistics
import time

import torch
import transformers
from PIL import Image
from transformers import AutoProcessor, Kosmos2ForConditionalGeneration, LogitsProcessor, LogitsProcessorList

PROMPT = "<grounding> An image of"
KEYS = ("pixel_values", "input_ids", "attention_mask", "image_embeds_position_mask")


class Clock(LogitsProcessor):
    """Notes when the first logits are there; changes nothing."""

    def __init__(self):
        self.first = None

    def __call__(self, input_ids, scores):
        if self.first is None:
            self.first = time.perf_counter()
        return scores


def spread(samples):
    return {"median": statistics.median(samples), "min": min(samples), "max": max(samples)}


class Reference:
    def __init__(self, folder, image):
        self.model = Kosmos2ForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval()
        self.processor = AutoProcessor.from_pretrained(folder)
        self.image = Image.open(image).convert("RGB")

    def inputs(self, text, batch=1):
        inputs = self.processor(images=self.image, text=text, return_tensors="pt")
        return {key: inputs[key].repeat(batch, *[1] * (inputs[key].dim() - 1)) for key in KEYS}

    @torch.no_grad()
    def vision(self, inputs):
        start = time.perf_counter()
        hidden = self.model.vision_model.model.post_layernorm(self.model.vision_model(inputs["pixel_values"])[0])
        self.model.image_to_text_projection(torch.nn.functional.normalize(hidden, dim=-1))
        return time.perf_counter() - start

    @torch.no_grad()
    def generate(self, inputs, tokens):
        """Seconds to the first token's logits, and to the end."""
        clock = Clock()
        start = time.perf_counter()
        self.model.generate(**inputs, max_new_tokens=tokens, min_new_tokens=tokens, do_sample=False, num_beams=1,
                            logits_processor=LogitsProcessorList([clock]))
        return clock.first - start, time.perf_counter() - start

    def sequences(self, batch, tokens, repeats):
        inputs = self.inputs(PROMPT, batch)
        vision = [self.vision(inputs) for _ in range(repeats)]
        runs = [self.generate(inputs, tokens) for _ in range(repeats)]
        return {
            "prompt_tokens": inputs["input_ids"].shape[1],
            "vision_s": spread(vision),
            "ttft_s": spread([first for first, _ in runs]),
            "token_s": spread([(total - first) / (tokens - 1) for first, total in runs]),
            "total_s": spread([total for _, total in runs]),
            "pictures_per_s": spread([batch / total for _, total in runs]),
        }

    def label(self, label, tokens):
        """Seconds for one label, as a loop over labels pays them: the picture is encoded each time."""
        return self.generate(self.inputs(f"<grounding><phrase> {label}</phrase>"), tokens)[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--image", required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--tokens", type=int, required=True)
    parser.add_argument("--repeats", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--labels", nargs="*", default=[])
    parser.add_argument("--label-tokens", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    start = time.perf_counter()
    reference = Reference(options.model, options.image)
    result = {"versions": f"transformers {transformers.__version__}, torch {torch.__version__}",
              "start_s": spread([time.perf_counter() - start])}
    reference.generate(reference.inputs(PROMPT), 2)
    result["one"] = reference.sequences(1, options.tokens, options.repeats)
    result["peak_rss_bytes"] = spread([resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024])
    if options.batch > 1:
        # A batch takes minutes; it is timed once.
        result["batch"] = reference.sequences(options.batch, options.tokens, 1)
    if options.labels:
        result["label_s"] = spread([reference.label(label, options.label_tokens) for label in options.labels])
    print(json.dumps(result))


if __name__ == "__main__":
    main()
