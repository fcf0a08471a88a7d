// SPDX-License-Identifier: MIT
// Matrix products with weights and activations of 8 bits, summed exactly in integers.
//
// A weight [outputs, inputs] is packed in panels of 16 outputs, and each panel in groups of 128 inputs: 16 scales, then
// for every four inputs the 16 outputs' four weights side by side. w ≈ scale · q, q in -127...127, a scale for each
// output and group. What is beyond `outputs` or `inputs` is zero.
//
// Activations are packed in blocks of at most 8 rows, and each block in groups of 128 inputs: each row's scale; for each
// part of 32 inputs each row's offset; then for every four inputs each row's four values. x ≈ scale · q, q in -127...127,
// a scale for each row and group. The offset is -128 times the sum of the part's q: instructions that multiply unsigned
// with signed bytes take weights as q + 128, and begin with it.
//
// Sums within a group are integers, and groups are added in order without fused multiply-adds, so every CPU gives the
// same bits, and a row gives the same bits whatever the rows beside it.
// Only the Swift module Kernels imports this.
#ifndef BOXWOOD_Q8_H
#define BOXWOOD_Q8_H

#include <stddef.h>
#include <stdint.h>

enum { BW_Q8_PANEL = 16, BW_Q8_GROUP = 128, BW_Q8_ROWS = 8 };

// "avx512vnni", "avx2" or "generic": the version that this CPU runs.
const char *bw_q8_version(void);

// Bytes of one panel of a weight with so many inputs; a weight has (outputs + 15) / 16 of them.
size_t bw_q8_panel_bytes(size_t inputs);

// Packs `panels` panels from number `first` on of a float32 weight [outputs, inputs] whose rows from first · 16 on start
// at `w`, into `packed`, which begins with panel `first`.
void bw_q8_pack(const float *w, size_t outputs, size_t inputs, size_t first, size_t panels, uint8_t *packed);

// Writes row `row` of a packed weight, times its scales, to `x` [inputs].
void bw_q8_unpack_row(const uint8_t *packed, size_t inputs, size_t row, float *x);

// Bytes of packed activations [rows, inputs].
size_t bw_q8_activation_bytes(size_t rows, size_t inputs);

// Packs activations `x` [rows, inputs].
void bw_q8_quantise(const float *x, size_t rows, size_t inputs, uint8_t *packed);

// y[r, i] = sum of x · w + bias[i] for the outputs i of `panels` panels from number `first` on, and every row of the packed
// activations `x`. `packed` begins with panel 0; y is [rows, outputs]; `bias` [outputs] or NULL.
void bw_q8_product(const uint8_t *x, size_t rows, const uint8_t *packed, size_t outputs, size_t inputs, size_t first,
                   size_t panels, const float *bias, float *y);

// The same by the version of that name, for tests: 0 when this CPU lacks it.
int bw_q8_product_version(const char *version, const uint8_t *x, size_t rows, const uint8_t *packed, size_t outputs,
                          size_t inputs, size_t first, size_t panels, const float *bias, float *y);

#endif
