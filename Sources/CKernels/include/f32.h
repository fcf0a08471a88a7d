// SPDX-License-Identifier: MIT
// Matrix products in single precision, weights read where they lie.
//
// Each output is a dot product: of 1024 inputs at a time in 16 parts, which are folded and added to the output. One order
// for every row and tile, so a row gives the same bits whatever the rows beside it, and on every CPU with fused
// multiply-adds.
//
// Activations are packed by those 1024 inputs, then in blocks of rows: 16 values of each row in turn. Read as one stream
// they cannot push the weights out of the cache, as rows a power of two apart would.
// Only the Swift module Kernels imports this.
#ifndef BOXWOOD_F32_H
#define BOXWOOD_F32_H

#include <stddef.h>

enum { BW_F32_GENERIC, BW_F32_AVX2, BW_F32_AVX512 };

// The fastest version that this CPU runs.
int bw_f32_best(void);

// Whether this CPU runs a version.
int bw_f32_runs(int version);

// The elements that `rows` packed rows take, for any version.
size_t bw_f32_packed(size_t rows, size_t inputs);

// Packs x [rows, inputs] for a version.
void bw_f32_pack(int version, const float *x, size_t rows, size_t inputs, float *packed);

// y[r * stride + i] = sum over k of x[r, k] * w[i, k], for `rows` packed rows of x [rows, inputs] and `outputs` rows of w
// [outputs, inputs].
void bw_f32_product(int version, const float *packed, size_t rows, const float *w, size_t outputs, size_t inputs,
                    size_t stride, float *y);

#endif
