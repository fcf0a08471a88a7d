# SPDX-License-Identifier: MIT
"""A checkpoint as any user of transformers runs it: AutoProcessor, greedy `generate`, the processor's own parser."""
import torch
from transformers import AutoProcessor, Kosmos2ForConditionalGeneration


class Checkpoint:
    def __init__(self, folder):
        self.processor = AutoProcessor.from_pretrained(folder)
        self.model = Kosmos2ForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval()

    @torch.no_grad()
    def answers(self, pictures, prompts, longest=64, batch=64):
        """The whole text of each prompt and its answer, tags and image placeholders included.

        A batch holds prompts of one length only: transformers 5 counts padding into the positions of generated
        tokens, so that a padded prompt would not be answered as it is alone.
        """
        by_length = {}
        for i, prompt in enumerate(prompts):
            length = len(self.processor.tokenizer(prompt, add_special_tokens=False)["input_ids"])
            by_length.setdefault(length, []).append(i)
        texts = [None] * len(prompts)
        for indices in by_length.values():
            for start in range(0, len(indices), batch):
                part = indices[start:start + batch]
                inputs = self.processor(
                    images=[pictures[i] for i in part], text=[prompts[i] for i in part], return_tensors="pt")
                output = self.model.generate(
                    pixel_values=inputs["pixel_values"], input_ids=inputs["input_ids"],
                    attention_mask=inputs["attention_mask"],
                    image_embeds_position_mask=inputs["image_embeds_position_mask"],
                    max_new_tokens=longest, do_sample=False)
                for i, text in zip(part, self.processor.batch_decode(output, skip_special_tokens=True)):
                    texts[i] = text
        return texts

    def read(self, text):
        """(plain text, [(phrase, [boxes 0...1])]) by the reference's own rules."""
        plain, entities = self.processor.post_process_generation(text)
        return plain, [(phrase, boxes) for phrase, _, boxes in entities]
