# SPDX-License-Identifier: MIT
"""Times llama.cpp on a decoder of KOSMOS-2's size and prints one JSON object. Started by compare.py.

llama.cpp does not run KOSMOS-2. The nearest thing it runs is a LLaMA with as many layers, of the same width and
vocabulary, and with a gated feed-forward narrowed so that the parameters are as many: 1.34 billion. The weights are random:
each layer holds the same quantised numbers, stored once for each layer, so that reading them costs what it would.
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import gguf
import llama_cpp
import numpy as np

LAYERS, WIDTH, HEADS, VOCABULARY = 24, 2048, 32, 65037
# Two matrices of 8192 in KOSMOS-2, three here; a multiple of 32, which quantised blocks ask for.
FEED_FORWARD = 5472
CONTEXT = 512
TYPES = {"q8_0": (gguf.GGMLQuantizationType.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0),
         "q4_0": (gguf.GGMLQuantizationType.Q4_0, gguf.LlamaFileType.MOSTLY_Q4_0)}
# Rows that are quantised at a time.
CHUNK = 4096


def quantised(generator, rows, columns, kind):
    parts = [gguf.quants.quantize(generator.standard_normal((min(CHUNK, rows - first), columns), dtype=np.float32) * 0.02,
                                  kind) for first in range(0, rows, CHUNK)]
    return np.concatenate(parts)


def write(path, name):
    kind, file_type = TYPES[name]
    generator = np.random.default_rng(1)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(LAYERS)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(VOCABULARY)
    writer.add_file_type(file_type)
    writer.add_tokenizer_model("no_vocab")
    norm = np.ones(WIDTH, dtype=np.float32)
    shapes = {"attn_q": (WIDTH, WIDTH), "attn_k": (WIDTH, WIDTH), "attn_v": (WIDTH, WIDTH),
              "attn_output": (WIDTH, WIDTH), "ffn_gate": (FEED_FORWARD, WIDTH), "ffn_up": (FEED_FORWARD, WIDTH),
              "ffn_down": (WIDTH, FEED_FORWARD)}
    layer = {part: quantised(generator, *shape, kind) for part, shape in shapes.items()}
    # Without a tensor of its own the head is the embedding, as in KOSMOS-2.
    writer.add_tensor("token_embd.weight", quantised(generator, VOCABULARY, WIDTH, kind), raw_dtype=kind)
    writer.add_tensor("output_norm.weight", norm)
    for index in range(LAYERS):
        for part in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{index}.{part}.weight", norm)
        for part, values in layer.items():
            writer.add_tensor(f"blk.{index}.{part}.weight", values, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def spread(samples):
    return {"median": statistics.median(samples), "min": min(samples), "max": max(samples)}


def measure(path, threads, prompt, tokens, repeats):
    start = time.perf_counter()
    model = llama_cpp.Llama(path, n_ctx=CONTEXT, n_threads=threads, n_threads_batch=threads, verbose=False)
    result = {"start_s": spread([time.perf_counter() - start])}
    prefills, steps = [], []
    for index in range(repeats + 1):
        model.reset()
        start = time.perf_counter()
        model.eval([(7 * place) % VOCABULARY for place in range(prompt)])
        first = time.perf_counter()
        for step in range(1, tokens):
            model.eval([(11 * step) % VOCABULARY])
        end = time.perf_counter()
        if index > 0:
            prefills.append(first - start)
            steps.append((end - first) / (tokens - 1))
    return result | {"prefill_s": spread(prefills), "token_s": spread(steps)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--type", choices=TYPES, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--prompt", type=int, required=True)
    parser.add_argument("--tokens", type=int, required=True)
    parser.add_argument("--repeats", type=int, required=True)
    parser.add_argument("--write", help="only write the model to this file")
    options = parser.parse_args()
    if options.write:
        write(options.write, options.type)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "llama.gguf")
        # By a process of its own, whose memory is not counted.
        subprocess.run([sys.executable, __file__, *sys.argv[1:], "--write", path], check=True)
        result = measure(path, options.threads, options.prompt, options.tokens, options.repeats)
    result["versions"] = f"llama-cpp-python {llama_cpp.__version__}"
    result["peak_rss_bytes"] = spread([resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024])
    print(json.dumps(result))


if __name__ == "__main__":
    main()
