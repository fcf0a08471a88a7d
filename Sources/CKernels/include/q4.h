// SPDX-License-Identifier: MIT
// Matrix products with 4-bit weights; activations, panels and rules as in q8.h.
//
// A panel of 16 outputs holds groups of 32 inputs: 16 scales in half precision, then 4 lines of 64 bytes. Byte c * 4 + i of
// line j has output c's weight of input 8 j + i in its low half and that of input 8 j + 4 + i in its high half, i = 0...3.
// Four groups meet one group of activations: their sums, times their scales, are added before the activations' scale.
// w ≈ scale · level, one of 16 uneven ones from -127 to 105 by its code; a scale may be negative. What is beyond `outputs` has
// the scale zero; what is beyond `inputs` stands for nothing, and meets activations that are zero.
#ifndef BOXWOOD_Q4_H
#define BOXWOOD_Q4_H

#include <stddef.h>
#include <stdint.h>

enum { BW_Q4_GROUP = 32 };

// Bytes of one panel of a weight with so many inputs; a weight has (outputs + 15) / 16 of them.
size_t bw_q4_panel_bytes(size_t inputs);

// As bw_q8_pack. Each group's scale is the one of several that leaves the least squared error, the error of input i weighted
// by importance[i] >= 0, or all alike where `importance` is NULL.
void bw_q4_pack(const float *w, const float *importance, size_t outputs, size_t inputs, size_t first, size_t panels,
                uint8_t *packed);

// As bw_q8_unpack_row.
void bw_q4_unpack_row(const uint8_t *packed, size_t inputs, size_t row, float *x);

// As bw_q8_product and bw_q8_product_version, with the same activations.
void bw_q4_product(const uint8_t *x, size_t rows, const uint8_t *packed, size_t outputs, size_t inputs, size_t first,
                   size_t panels, const float *bias, float *y);
int bw_q4_product_version(const char *version, const uint8_t *x, size_t rows, const uint8_t *packed, size_t outputs,
                          size_t inputs, size_t first, size_t panels, const float *bias, float *y);

#endif
