#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times the program as a user meets it: whole processes, medians. Called by `make bench`; standard library only.

With BOXWOOD_PYTHON naming a Python that has torch and transformers, the reference implementation runs the same model,
picture and prompt in turn with ours, and the ratio of the medians is printed.
"""
import json
import os
import statistics
import subprocess
import time

PROGRAM = ".build/release/boxwood"
MODEL = "models/boxwood-nano"
PICTURE = f"{MODEL}/samples/scene-1.jpg"
RUNS = 9

REFERENCE = """
import sys, time, json, torch
from PIL import Image
from transformers import AutoProcessor, Kosmos2ForConditionalGeneration
torch.set_num_threads(int(sys.argv[2]))
model = Kosmos2ForConditionalGeneration.from_pretrained(sys.argv[1]).eval()
processor = AutoProcessor.from_pretrained(sys.argv[1])
picture = Image.open(sys.argv[3]).convert("RGB")
times = []
for _ in range(int(sys.argv[4])):
    start = time.perf_counter()
    inputs = processor(images=picture, text="<grounding> An image of", return_tensors="pt")
    with torch.no_grad():
        model.generate(**{k: inputs[k] for k in ("pixel_values", "input_ids", "attention_mask", "image_embeds_position_mask")},
                       max_new_tokens=64, do_sample=False)
    times.append((time.perf_counter() - start) * 1000)
print(json.dumps(times))
"""


def whole_process(*arguments):
    """Median wall time of a whole run, in milliseconds."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run([PROGRAM, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def start_service(workers):
    service = subprocess.Popen(
        [PROGRAM, "up", "--workers", str(workers), "--client-endpoint", "tcp://127.0.0.1:*",
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
    for _ in range(RUNS):
        start = time.perf_counter()
        result = subprocess.run([PROGRAM, "caption", PICTURE, "--json", "--endpoint", endpoint], check=True,
                                capture_output=True)
        whole.append((time.perf_counter() - start) * 1000)
        inside.append(json.loads(result.stdout)["timing_ms"]["total"])
    return statistics.median(inside), statistics.median(whole)


def main():
    print("| what (median of %d) | ms |" % RUNS)
    print("|---|---|")
    print(f"| `boxwood caption --local`, whole process, model loaded | {whole_process('caption', PICTURE, '--local'):.0f} |")
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
        output = subprocess.run([python, "-W", "ignore", "-c", REFERENCE, MODEL, "1", PICTURE, str(RUNS)], check=True,
                                capture_output=True, text=True).stdout
        reference = statistics.median(json.loads(output.splitlines()[-1]))
        print(f"| the same caption by transformers, in the process, warm, 1 thread | {reference:.1f} |")
        print(f"| engine / transformers | {inside / reference:.2f} |")


if __name__ == "__main__":
    main()
