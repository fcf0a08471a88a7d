// SPDX-License-Identifier: MIT
// The part of libsentencepiece that Boxwood uses, as plain C. No C++ exception crosses this line.
// Only the Swift module Tokenization imports this.
#ifndef BOXWOOD_SENTENCEPIECE_SHIM_H
#define BOXWOOD_SENTENCEPIECE_SHIM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bw_sentencepiece bw_sentencepiece;

// Loads a model file. Returns NULL and writes a message (at most `capacity` bytes, terminated) when it cannot.
bw_sentencepiece *bw_sentencepiece_load(const char *path, char *message, size_t capacity);

void bw_sentencepiece_free(bw_sentencepiece *processor);

// The number of pieces, specials included.
int32_t bw_sentencepiece_size(const bw_sentencepiece *processor);

// The bytes of a piece, not terminated; valid as long as the processor. NULL for an id out of range.
const char *bw_sentencepiece_piece(const bw_sentencepiece *processor, int32_t id, size_t *length);

// The log-probability of a piece; 0 for an id out of range.
float bw_sentencepiece_score(const bw_sentencepiece *processor, int32_t id);

// Whether a piece may stand for text: neither a control symbol, nor unknown, nor unused.
int32_t bw_sentencepiece_is_text(const bw_sentencepiece *processor, int32_t id);

#ifdef __cplusplus
}
#endif
#endif
