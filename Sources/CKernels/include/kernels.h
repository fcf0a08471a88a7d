// SPDX-License-Identifier: MIT
// Element-wise and row-wise float32 arithmetic, and attention.
//
// Every function runs in the best version for this CPU (AVX2 with FMA, or portable C), chosen once. One row is always
// reduced in one order, whatever the number of rows, so that a row's result does not depend on its neighbours.
// Only the Swift module Kernels imports this.
#ifndef BOXWOOD_KERNELS_H
#define BOXWOOD_KERNELS_H

#include <stddef.h>
#include <stdint.h>

// The name of the chosen version: "avx2" or "generic".
const char *bw_kernels_version(void);

// y[r, i] = (x[r, i] - mean_r) / sqrt(variance_r + epsilon) * gamma[i] + beta[i], for `rows` rows of `width`.
// Mean and variance are accumulated in double precision. `y` may be `x`.
void bw_layer_norm(const float *x, const float *gamma, const float *beta, float epsilon, size_t rows, size_t width, float *y);

// x[i] = x[i] / 2 * (1 + erf(x[i] / sqrt(2))), the exact GELU.
void bw_gelu(float *x, size_t count);

// x[i] = x[i] * sigmoid(1.702 * x[i]).
void bw_quick_gelu(float *x, size_t count);

enum { BW_ATTENTION_QUERIES = 4 };

// Attention of one head: for each of `rows` queries, the mean of `length` values weighted by the softmax of its scaled
// products with the keys. Row r sees the first `first_visible + r` keys, at most all. All vectors have `size` elements and
// lie `width` apart; `scores` has room for BW_ATTENTION_QUERIES times `length`.
void bw_attention(const float *q, size_t rows, const float *k, const float *v, size_t length, size_t width, size_t size,
                  size_t first_visible, float *scores, float *output);

// Divides each row by max(its Euclidean length, epsilon).
void bw_l2_normalize(float *x, size_t rows, size_t width, float epsilon);

// y[r, i] += x[i] for every row.
void bw_add_row(float *y, const float *x, size_t rows, size_t width);

// y[i] += x[i].
void bw_add(float *y, const float *x, size_t count);

// Widening to float32, exact: bfloat16 and IEEE half (subnormals, infinities and NaN included). `x` may be unaligned.
void bw_widen_bf16(const void *x, size_t count, float *y);
void bw_widen_f16(const void *x, size_t count, float *y);

#endif
