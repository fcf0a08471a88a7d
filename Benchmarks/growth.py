# SPDX-License-Identifier: MIT
"""Reports of `boxwood bench engine --json`, one after another on standard input, to tables: called by growth.sh."""
import json
import sys


def reports(text):
    decoder = json.JSONDecoder()
    while text := text.lstrip():
        report, end = decoder.raw_decode(text)
        yield report
        text = text[end:]


def table(title, rows):
    print("| " + " | ".join(title) + " |\n|" + "---|" * len(title))
    for row in rows:
        print("| " + " | ".join(cell if isinstance(cell, str) else f"{cell:.3g}" for cell in row) + " |")
    print()


def main():
    first, *rest = all_reports = list(reports(sys.stdin.read()))
    setup = first["setup"]
    print(f"{setup['model']}, {setup['precision']}, {setup['processor']}, {setup['threads']} threads, "
          f"{setup['tokens']} tokens\n")
    table(("captions at once", "all, s", "tokens/s", "from token to token, ms", "first token, s"),
          ((str(line["jobs"]), line["total_s"]["median"], line["tokens_per_s"]["median"],
            1000 * line["token_s"]["median"], line["ttft_s"]["median"]) for line in first["concurrency"]))
    table(("pictures in one batch", "vision, s", "first tokens, s", "a step, ms", "all, s", "a picture, s"),
          ((str(batch), report["vision_s"]["median"], report["ttft_s"]["median"], 1000 * report["token_s"]["median"],
            report["total_s"]["median"], report["total_s"]["median"] / batch)
           for report in all_reports if report["setup"]["tokens"] == setup["tokens"]
           for batch in [report["setup"]["batch"]]))
    table(("labels of one picture", "all, s", "a label, ms", "tokens"),
          ((str(labels), report["detect_s"]["median"], 1000 * report["detect_s"]["median"] / labels,
            str(round(report["detect_tokens"]["median"])))
           for report in all_reports if "detect_s" in report for labels in [report["setup"]["labels"]]))


if __name__ == "__main__":
    main()
