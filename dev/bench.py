#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times the program as a user meets it: whole processes, medians. Called by `make bench`; standard library only.

With BOXWOOD_PYTHON naming a Python that has torch and transformers, the reference implementation runs the same model,
pictures and prompt in the same run, and the ratio of the medians is printed.
"""
import glob
import json
import os
import statistics
import subprocess
import time

PROGRAM = ".build/release/boxwood"
MODEL = "models/boxwood-nano"
# A picture for each run: the engine keeps the vectors of pictures that it has just seen.
PICTURES = sorted(glob.glob(f"{MODEL}/heldout/*.jpg"))[:9]
RUNS = len(PICTURES)

REFERENCE = """
import sys, time, json, torch
from PIL import Image
from transformers import AutoProcessor, Kosmos2ForConditionalGeneration
torch.set_num_threads(int(sys.argv[2]))
model = Kosmos2ForConditionalGeneration.from_pretrained(sys.argv[1]).eval()
processor = AutoProcessor.from_pretrained(sys.argv[1])
times = []
for path in sys.argv[3:4] + sys.argv[3:]:
    start = time.perf_counter()
    picture = Image.open(path).convert("RGB")
    inputs = processor(images=picture, text="<grounding> An image of", return_tensors="pt")
    with torch.no_grad():
        model.generate(**{k: inputs[k] for k in ("pixel_values", "input_ids", "attention_mask", "image_embeds_position_mask")},
                       max_new_tokens=64, do_sample=False)
    times.append((time.perf_counter() - start) * 1000)
print(json.dumps(times[1:]))  # the first call warms up
"""


def alone():
    """Median wall time of a whole process that loads the model, in milliseconds."""
    times = []
    for picture in PICTURES:
        start = time.perf_counter()
        subprocess.run([PROGRAM, "caption", picture, "--local", "--threads", "1"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def start_service(workers):
    service = subprocess.Popen(
        [PROGRAM, "up", "--workers", str(workers), "--threads", "1", "--client-endpoint", "tcp://127.0.0.1:*",
         "--worker-endpoint", "tcp://127.0.0.1:*"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    endpoint = None
    for line in service.stdout:
        endpoint = endpoint or next((word for word in line.split() if word.startswith("tcp://")), None)
        if line.startswith("ready"):
            return service, endpoint
    raise SystemExit("bench: the service did not start")


def served(endpoint):
    """Median of the service's own total for one caption, in milliseconds, and of the whole client process."""
    inside, whole = [], []
    for picture in PICTURES:
        start = time.perf_counter()
        result = subprocess.run([PROGRAM, "caption", picture, "--json", "--endpoint", endpoint], check=True,
                                capture_output=True)
        whole.append((time.perf_counter() - start) * 1000)
        inside.append(json.loads(result.stdout)["timing_ms"]["total"])
    return statistics.median(inside), statistics.median(whole)


def main():
    print("| what (median over %d pictures) | ms |" % RUNS)
    print("|---|---|")
    print(f"| `boxwood caption --local`, whole process, model loaded | {alone():.0f} |")
    service, endpoint = start_service(2)
    try:
        inside, whole = served(endpoint)
    finally:
        service.terminate()
        service.wait()
    print(f"| `boxwood caption` through broker and worker, whole client process | {whole:.0f} |")
    print(f"| ... of that in the engine (`timing_ms.total`) | {inside:.1f} |")
    python = os.environ.get("BOXWOOD_PYTHON")
    if python:
        output = subprocess.run([python, "-W", "ignore", "-c", REFERENCE, MODEL, "1", *PICTURES], check=True,
                                capture_output=True, text=True).stdout
        reference = statistics.median(json.loads(output.splitlines()[-1]))
        print(f"| the same caption by transformers, in the process, warm, 1 thread | {reference:.1f} |")
        print(f"| engine / transformers | {inside / reference:.2f} |")


if __name__ == "__main__":
    main()
