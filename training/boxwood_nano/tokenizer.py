# SPDX-License-Identifier: MIT
"""The tokenizer folder: a small SentencePiece vocabulary in the published model's layout.

    python -m boxwood_nano.tokenizer OUT

Ids: four fairseq specials, the pieces moved up by one, `<mask>`, eleven tags, 1,024 locations.
"""
import base64
import json
import os
import shutil
import string
import sys
import tempfile

import numpy as np
import sentencepiece

from . import segments
from .vocabulary import NOUNS

LOCATIONS = [f"<patch_index_{i:04d}>" for i in range(1024)]

PREPROCESSOR = {
    "crop_size": {"height": 224, "width": 224}, "do_center_crop": True, "do_convert_rgb": True, "do_normalize": True,
    "do_rescale": True, "do_resize": True, "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_processor_type": "CLIPImageProcessor", "image_std": [0.26862954, 0.26130258, 0.27577711],
    "processor_class": "Kosmos2Processor", "resample": 3, "rescale_factor": 0.00392156862745098,
    "size": {"shortest_edge": 224}, "use_square_size": True}


def corpus(rng):
    """Everything that training says, and enough English characters that any label can be spelled."""
    lines = []
    for _ in range(4000):
        objects = []
        for _ in range(rng.integers(1, 5)):
            noun = int(rng.integers(len(NOUNS)))
            objects.append((noun, tuple(int(v) for v in (*rng.integers(0, 100, 2), *rng.integers(110, 224, 2)))))
        for prompt, answer in segments.of_scene(rng, objects):
            lines += [item.strip() for item in prompt + answer if isinstance(item, str) and not item.startswith("<")]
    everyday = ["what where who is are there this that it on in at of the a an and with near man woman person people "
                "child red green blue yellow black white small large big little photo picture image show find object "
                "color left right top bottom middle describe detail find one two three four five six"]
    signs = "! \" # % & ' ( ) * + - / ; = @ [ ] _ : , . ?"
    letters = [string.ascii_lowercase, string.ascii_uppercase, string.digits, signs]
    nouns = [w for n in NOUNS for w in (n.singular, n.plural)] * 60
    return lines + everyday * 40 + [" ".join(x) for x in letters] * 40 + letters * 10 + nouns


def train(path):
    with open(path, "wb") as file:  # a writer, because a model prefix would be stored inside the model
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(corpus(np.random.default_rng(0))), model_writer=file, vocab_size=600,
            model_type="unigram", hard_vocab_limit=False, character_coverage=1.0, normalization_rule_name="nmt_nfkc",
            minloglevel=2)


def _added(content, special, lstrip=False, normalized=False):
    return {"content": content, "single_word": False, "lstrip": lstrip, "rstrip": False, "normalized": normalized,
            "special": special}


def _fields(message):
    """(field number, value) of a serialised protobuf message."""
    def varint(i):
        shift = value = 0
        while True:
            byte = message[i]
            i, value, shift = i + 1, value | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                return value, i
    i = 0
    while i < len(message):
        key, i = varint(i)
        if key & 7 == 0:
            value, i = varint(i)
        elif key & 7 == 2:
            size, i = varint(i)
            value, i = message[i:i + size], i + size
        else:
            size = 4 if key & 7 == 5 else 8
            value, i = message[i:i + size], i + size
        yield key >> 3, value


def character_map(model_file):
    """`normalizer_spec.precompiled_charsmap` of a SentencePiece model."""
    specification = dict(_fields(open(model_file, "rb").read()))[3]
    return dict(_fields(specification)).get(2, b"")


def write(model_file, folder):
    """All files of a tokenizer and image processor folder."""
    os.makedirs(folder, exist_ok=True)
    processor = sentencepiece.SentencePieceProcessor(model_file=model_file)
    pieces = [[processor.id_to_piece(i), processor.get_score(i)] for i in range(3, processor.get_piece_size())]
    vocabulary = [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0]] + pieces + [["<mask>", 0.0]]
    mask = len(vocabulary) - 1
    tags = {name: mask + 1 + i for i, name in enumerate(segments.TAGS + LOCATIONS)}
    added = [(i, _added(vocabulary[i][0], True)) for i in range(4)]
    added.append((mask, _added("<mask>", True, lstrip=True, normalized=True)))
    added += [(i, _added(name, False, lstrip=True)) for name, i in tags.items()]
    metaspace = {"type": "Metaspace", "replacement": "\u2581", "add_prefix_space": True, "prepend_scheme": "always"}

    def template(*parts):
        return [{"Sequence": {"id": p, "type_id": 0}} if p in "AB" else {"SpecialToken": {"id": p, "type_id": 0}}
                for p in parts]
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": i, **token} for i, token in added],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Precompiled",
             "precompiled_charsmap": base64.b64encode(character_map(model_file)).decode("ascii")},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]},
        "pre_tokenizer": metaspace, "decoder": metaspace,
        "post_processor": {
            "type": "TemplateProcessing", "single": template("<s>", "A", "</s>"),
            "pair": template("<s>", "A", "</s>", "</s>", "B", "</s>"),
            "special_tokens": {t: {"id": t, "ids": [i], "tokens": [t]} for t, i in (("<s>", 0), ("</s>", 2))}},
        "model": {"type": "Unigram", "unk_id": 3, "vocab": vocabulary, "byte_fallback": False}}
    specials = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "sep_token": "</s>",
                "unk_token": "<unk>"}
    mask_token = _added("<mask>", True, lstrip=True, normalized=True)
    del mask_token["special"]
    files = {
        "tokenizer.json": tokenizer, "added_tokens.json": tags,
        "special_tokens_map.json": {**specials, "mask_token": mask_token},
        "preprocessor_config.json": PREPROCESSOR,
        "tokenizer_config.json": {
            "added_tokens_decoder": {str(i): token for i, token in added}, "clean_up_tokenization_spaces": True,
            **specials, "mask_token": "<mask>", "model_max_length": 1000000000000000019884624838656,
            "num_patch_index_tokens": 1024, "processor_class": "Kosmos2Processor", "tag_tokens": segments.TAGS,
            "tokenizer_class": "XLMRobertaTokenizer"}}
    for name, content in files.items():
        with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, indent=1)
    shutil.copy(model_file, f"{folder}/sentencepiece.bpe.model")


class Tokenizer:
    """Ids of segment items, each encoded once."""

    def __init__(self, folder):
        from transformers import AutoTokenizer
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.known = {}
        self.first_location = self.tokenizer.convert_tokens_to_ids(LOCATIONS[0])
        self.size = len(self.tokenizer)

    def ids(self, items):
        result = []
        for item in items:
            if isinstance(item, int):
                result.append(self.first_location + item)
            else:
                if item not in self.known:
                    self.known[item] = self._encode(item)
                result += self.known[item]
        return result

    def _encode(self, item):
        if item.startswith("<"):
            return [self.tokenizer.convert_tokens_to_ids(item)]
        # "." and "," follow a word without a blank when the model writes them.
        if item in (".", ","):
            return [self.tokenizer.convert_tokens_to_ids(item)]
        return self.tokenizer(item, add_special_tokens=False)["input_ids"]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        train(f"{scratch}/model")
        write(f"{scratch}/model", sys.argv[1])
    made = Tokenizer(sys.argv[1])
    print(made.size, "tokens;", {n.singular: len(made.ids([f" {n.singular}"])) for n in NOUNS})
