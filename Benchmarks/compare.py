# SPDX-License-Identifier: MIT
"""Times Boxwood, transformers and llama.cpp one after another on this machine and prints a Markdown table.

Each engine runs in a process of its own, so that no two models are in memory at once. Called by run.sh.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

FOLDER = os.path.dirname(os.path.abspath(__file__))
# Above this the machine was busy with something else, and the table says so.
IDLE_LOAD = 0.5
LLAMA_TYPES = ["q8_0", "q4_0"]
# Which of llama.cpp's types stands beside which precision.
COUNTERPARTS = {"q8": "q8_0", "q4": "q4_0"}


def progress(text):
    print(f"benchmarks: {text}", file=sys.stderr, flush=True)


class Comparison:
    def __init__(self, options):
        self.options = options
        self.remarks = []
        self.boxwood, self.reference, self.llama = {}, None, {}

    def run(self):
        load = os.getloadavg()[0]
        if load > IDLE_LOAD:
            self.remarks.append(f"The machine was not idle when this began: load average {load:.1f}.")
        with tempfile.TemporaryDirectory(dir=self.options.scratch) as scratch:
            image = self.options.image or self.picture(os.path.join(scratch, "picture.png"))
            for precision in self.options.precisions:
                self.boxwood[precision] = self.run_boxwood(precision, image, scratch)
            self.run_reference(image)
            self.run_llama(scratch)

    @staticmethod
    def picture(path):
        """Slopes of colour with a lighter square: what is in a picture does not change what it costs."""
        from PIL import Image
        picture = Image.new("RGB", (640, 480))
        for y in range(480):
            for x in range(640):
                light = 80 if 200 <= x < 440 and 120 <= y < 360 else 0
                picture.putpixel((x, y), (light + x * 175 // 640, light + y * 175 // 480, light + (x + y) * 175 // 1120))
        picture.save(path)
        return path

    def run_boxwood(self, precision, image, scratch):
        """Batch 1 with labels, then the batch; None where this program lacks the precision."""
        options = self.options
        command = [options.boxwood, "bench", "engine", "--json", "--model", options.model, "--precision", precision,
                   "--cache", os.path.join(scratch, "cache"), "--threads", str(options.threads),
                   "--tokens", str(options.tokens), "--image", image]
        progress(f"boxwood {precision}")
        one = self.json(command + ["--repeats", str(options.repeats), "--labels", str(options.labels)],
                        f"boxwood {precision}")
        if one is None:
            return None
        progress(f"boxwood {precision}, batch of {options.batch}")
        # As often as the reference's.
        batch = self.json(command + ["--repeats", "1", "--batch", str(options.batch)], f"boxwood {precision}, batch")
        return {"one": one, "batch": batch}

    def run_reference(self, image):
        options = self.options
        if "transformers" in options.missing:
            self.remarks.append("transformers could not be installed here: no figures of it.")
            return
        progress("transformers")
        labels = [f"label {index}" for index in range(options.reference_labels if options.labels else 0)]
        self.reference = self.json(
            [sys.executable, os.path.join(FOLDER, "reference.py"), "--model", options.model, "--image", image,
             "--threads", str(options.threads), "--tokens", str(options.tokens), "--repeats", str(options.repeats),
             "--batch", str(options.batch), "--label-tokens", str(self.label_tokens()), "--labels", *labels],
            "transformers")

    def label_tokens(self):
        """How many tokens Boxwood generated for a label, rounded; the reference is asked for no more."""
        done = [found["one"] for found in self.boxwood.values() if found and "detect_tokens" in found["one"]]
        return max(1, round(done[0]["detect_tokens"]["median"] / self.options.labels)) if done else 1

    def run_llama(self, scratch):
        options = self.options
        if "llama.cpp" in options.missing:
            self.remarks.append("llama.cpp could not be installed here: no figures of it.")
            return
        for name in LLAMA_TYPES:
            progress(f"llama.cpp {name}")
            self.llama[name] = self.json(
                [sys.executable, os.path.join(FOLDER, "llama.py"), "--type", name, "--threads", str(options.threads),
                 "--prompt", "71", "--tokens", str(options.tokens), "--repeats", str(options.repeats)],
                f"llama.cpp {name}", TMPDIR=scratch)

    def json(self, command, name, **environment):
        ended = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment)
        if ended.returncode != 0:
            # Boxwood says what is wrong first, Python last.
            said = ended.stderr.strip().splitlines() or [f"exit code {ended.returncode}"]
            self.remarks.append(f"{name} gave no figures: {said[0] if name.startswith('boxwood') else said[-1]}")
            progress(self.remarks[-1])
            return None
        return json.loads(ended.stdout.strip().splitlines()[-1])


class Table:
    """The figures of a comparison, as rows of Markdown."""

    def __init__(self, comparison):
        self.options, self.reference = comparison.options, comparison.reference
        self.boxwood = {name: found for name, found in comparison.boxwood.items() if found}
        self.llama = {name: found for name, found in comparison.llama.items() if found}
        pairs = [(name, COUNTERPARTS[name]) for name in self.boxwood if COUNTERPARTS.get(name) in self.llama]
        self.columns = ([f"boxwood {name}" for name in self.boxwood] + ["transformers f32"]
                        + [f"{name} / transformers" for name in self.boxwood]
                        + [f"llama.cpp {name}" for name in self.llama] + [f"{a} / llama.cpp {b}" for a, b in pairs])
        self.pairs = pairs

    def lines(self):
        options = self.options
        rows = [
            ("vision and connector, s", self.figure("one", "vision_s"), None),
            ("time to first token, s", self.figure("one", "ttft_s"), None),
            ("... without vision, s", self.prefill, lambda found: found["prefill_s"]["median"]),
            ("per token, ms", self.figure("one", "token_s", 1e3), lambda found: found["token_s"]["median"] * 1e3),
            (f"{options.tokens} tokens in all, s", self.figure("one", "total_s"), None),
            (f"batch of {options.batch}, s", self.figure("batch", "total_s"), None),
            (f"batch of {options.batch}, pictures/s", self.figure("batch", "pictures_per_s"), None),
            (f"detect, {options.labels} labels, s", self.detect, None),
            ("start, s", self.outer("start_s"), lambda found: found["start_s"]["median"]),
            ("peak memory, GB", self.outer("peak_rss_bytes", 1e-9),
             lambda found: found["peak_rss_bytes"]["median"] / 1e9),
        ]
        head = ["what (medians)"] + self.columns
        lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
        return lines + [f"| {name} | " + " | ".join(self.row(ours, llama)) + " |" for name, ours, llama in rows]

    def row(self, ours, llama):
        mine = {name: ours(found, False) for name, found in self.boxwood.items()}
        theirs = ours(self.reference, True) if self.reference else None
        other = {name: llama(found) if llama else None for name, found in self.llama.items()}
        return ([number(value) for value in mine.values()] + [number(theirs)]
                + [ratio(value, theirs) for value in mine.values()] + [number(value) for value in other.values()]
                + [ratio(mine[a], other[b]) for a, b in self.pairs])

    @staticmethod
    def figure(part, key, scale=1):
        return lambda found, _: found[part][key]["median"] * scale if found.get(part) else None

    @staticmethod
    def outer(key, scale=1):
        """A figure of the whole process, which Boxwood writes beside the others."""
        return lambda found, is_reference: (found if is_reference else found["one"])[key]["median"] * scale

    @staticmethod
    def prefill(found, _):
        return found["one"]["ttft_s"]["median"] - found["one"]["vision_s"]["median"]

    def detect(self, found, is_reference):
        if is_reference:
            return found["label_s"]["median"] * self.options.labels if "label_s" in found else None
        return found["one"]["detect_s"]["median"] if "detect_s" in found["one"] else None


def number(value):
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def ratio(value, other):
    return "-" if value is None or not other else f"{value / other:.3f}"


def notes(comparison):
    options, lines = comparison.options, []
    for name, found in comparison.boxwood.items():
        if not found:
            continue
        one = found["one"]
        read, ceiling = one["read_gb_per_s"]["median"], one["read_ceiling_gb_per_s"]["median"]
        lines.append(
            f"boxwood {name}: reads weights at {read:.1f} of {ceiling:.1f} GB/s ({read / ceiling:.0%}); vision and prefill "
            f"at {one['gflops']['median']:.0f} GFLOP/s, a large float32 product at {one['gflops_ceiling']['median']:.0f}; "
            f"private memory {one['private_bytes']['median'] / 1e6:.0f} MB; quantising {one['quantise_s']['median']:.0f} s.")
    if comparison.reference and "label_s" in comparison.reference:
        lines.append(
            f"transformers' detect: the median of {options.reference_labels} labels asked one by one, "
            f"{comparison.label_tokens()} new tokens each, as many as Boxwood's, times {options.labels}.")
    if any(comparison.llama.values()):
        lines.append("llama.cpp does not run KOSMOS-2: a LLaMA-shaped decoder of the same 1.34 billion parameters, no picture.")
    return lines + comparison.remarks


def commit():
    ended = subprocess.run(["git", "-C", FOLDER, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return ended.stdout.strip() or "unknown"


def heading(comparison):
    with open("/proc/cpuinfo") as file:
        names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    engines = [comparison.reference] + list(comparison.llama.values())
    versions = list(dict.fromkeys(found["versions"] for found in engines if found))
    return (f"{names[0] if names else 'unknown processor'}, {os.cpu_count()} cores; {comparison.options.threads} threads, "
            f"batch 1, 71-token prompt; commit {commit()}" + "".join(f"; {version}" for version in versions))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="a checkpoint folder")
    parser.add_argument("--boxwood", required=True, help="the built program")
    parser.add_argument("--precisions", nargs="+", default=["f32", "q8", "q4"])
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--labels", type=int, default=20)
    parser.add_argument("--reference-labels", type=int, default=4, help="labels that transformers is asked; the rest follow")
    parser.add_argument("--image", help="a JPEG or PNG file (default: a picture made up)")
    parser.add_argument("--scratch", help="where temporary files go: 5 GB at the published size")
    parser.add_argument("--out", help="write all figures to this file as JSON")
    parser.add_argument("--missing", help="a file that names what could not be installed")
    options = parser.parse_args()
    options.missing = open(options.missing).read().split() if options.missing else []
    comparison = Comparison(options)
    comparison.run()
    if options.out:
        with open(options.out, "w") as file:
            json.dump({"boxwood": comparison.boxwood, "transformers": comparison.reference, "llama.cpp": comparison.llama,
                       "remarks": comparison.remarks, "commit": commit()}, file, indent=1)
    print("\n".join([heading(comparison), ""] + Table(comparison).lines() + [""] + [f"- {note}" for note in notes(comparison)]))


if __name__ == "__main__":
    main()
