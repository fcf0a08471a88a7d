// SPDX-License-Identifier: MIT
// How one tile of 8-bit weights is summed: up to 8 rows of activations by the 16 outputs of a panel, or of two panels side
// by side. A group of activations meets one group of weights, or several shorter ones; how long they are is the including
// file's.
#ifndef BOXWOOD_PACKED_ROWS_H
#define BOXWOOD_PACKED_ROWS_H

#include "panels.h"

// A group of 8-bit weights: 16 scales, then for every four inputs the 16 outputs' four weights.
INLINE size_t group_bytes(size_t group) { return SCALE_BYTES + BW_Q8_PANEL * group; }

INLINE void generic_rows(const uint8_t *x, size_t rows, const uint8_t *panel, size_t group, size_t count, float *sums) {
    for (size_t g = 0; g < count; g++, x += block_bytes(rows)) {
        float part[BW_Q8_ROWS][BW_Q8_PANEL] = {0};
        for (size_t start = 0; start < BW_Q8_GROUP; start += group, panel += group_bytes(group)) {
            const float *scales = (const float *)panel;
            const int8_t *weights = (const int8_t *)panel + SCALE_BYTES;
            const int8_t *values = block_values(x, rows) + start * rows;
            for (size_t r = 0; r < rows; r++)
                for (size_t c = 0; c < BW_Q8_PANEL; c++) {
                    int32_t sum = 0;
                    for (size_t i = 0; i < group; i++)
                        sum += values[(i / QUAD * rows + r) * QUAD + i % QUAD] *
                               weights[(i / QUAD * BW_Q8_PANEL + c) * QUAD + i % QUAD];
                    float scaled = (float)sum * scales[c];
                    part[r][c] += scaled;
                }
        }
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < BW_Q8_PANEL; c++) {
                float scaled = part[r][c] * block_scales(x)[r];
                sums[r * BW_Q8_PANEL + c] += scaled;
            }
    }
}

#if defined(__x86_64__)
// y += x * scales, of eight.
AVX2 INLINE void avx2_add(float *y, __m256 x, __m256 scales) {
    _mm256_storeu_ps(y, _mm256_add_ps(_mm256_loadu_ps(y), _mm256_mul_ps(x, scales)));
}

// Eight outputs' sums of four products each. |x| and the weight with x's sign are multiplied: the instruction takes unsigned
// bytes with signed ones, and adds two products in 16 bits, which 2 · 127 · 127 does not exceed.
AVX2 INLINE __m256i avx2_dot(__m256i sum, __m256i weights, __m256i x, __m256i magnitude) {
    __m256i pairs = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(weights, x));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

// Rows `first` to `first + rows` of a block of `block` rows, onto sums. A row's 16 sums take two registers; `rows` is a
// constant wherever this is inlined, so that they are registers.
AVX2 INLINE void avx2_rows(
    const uint8_t *x, size_t block, size_t first, const size_t rows, const uint8_t *panel, const size_t group,
    size_t count, float *sums) {
    for (size_t g = 0; g < count; g++, x += block_bytes(block)) {
        const int8_t *values = block_values(x, block) + first * QUAD;
        float part[BW_Q8_ROWS * BW_Q8_PANEL] = {0};
        for (size_t start = 0; start < BW_Q8_GROUP; start += group, panel += group_bytes(group)) {
            const uint8_t *weights = panel + SCALE_BYTES;
            __m256i sum[BW_Q8_ROWS][2];
            for (size_t r = 0; r < rows; r++) sum[r][0] = sum[r][1] = _mm256_setzero_si256();
            for (size_t i = 0; i < group / QUAD; i++, weights += QUAD_BYTES, values += block * QUAD) {
                __m256i left = _mm256_loadu_si256((const __m256i *)weights);
                __m256i right = _mm256_loadu_si256((const __m256i *)(weights + QUAD_BYTES / 2));
#pragma clang loop unroll(full)
                for (size_t r = 0; r < rows; r++) {
                    __m256i q = _mm256_set1_epi32(four(values + r * QUAD)), magnitude = _mm256_abs_epi8(q);
                    sum[r][0] = avx2_dot(sum[r][0], left, q, magnitude);
                    sum[r][1] = avx2_dot(sum[r][1], right, q, magnitude);
                }
            }
#pragma clang loop unroll(full)
            for (size_t r = 0; r < rows; r++)
#pragma clang loop unroll(full)
                for (size_t h = 0; h < 2; h++)
                    avx2_add(part + r * BW_Q8_PANEL + h * 8, _mm256_cvtepi32_ps(sum[r][h]),
                             _mm256_loadu_ps((const float *)panel + h * 8));
        }
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < BW_Q8_PANEL; c += 8)
                avx2_add(sums + r * BW_Q8_PANEL + c, _mm256_loadu_ps(part + r * BW_Q8_PANEL + c),
                         _mm256_set1_ps(block_scales(x)[first + r]));
    }
}

// At most 4 rows at a time, whose sums fit the registers.
AVX2 INLINE void avx2_tile_rows(
    const uint8_t *x, const size_t rows, const uint8_t *panel, const size_t group, size_t count, float *sums) {
    if (rows <= 4) return avx2_rows(x, rows, 0, rows, panel, group, count, sums);
    avx2_rows(x, rows, 0, 4, panel, group, count, sums);
    avx2_rows(x, rows, 4, rows - 4, panel, group, count, sums + 4 * BW_Q8_PANEL);
}

// An instruction waits for the one before it with the same sum: where rows are too few to fill that time, every second
// and every fourth four inputs have sums of their own. They are integers, so the order is free.
enum { CHAINS = 4 };

AVX512 INLINE __m512 avx512_scaled(__m512 part, __m512i sum, __m512 scales) {
    return _mm512_add_ps(part, _mm512_mul_ps(_mm512_cvtepi32_ps(sum), scales));
}

AVX512 INLINE void avx512_add(float *sums, __m512 part, float scale) {
    _mm512_storeu_ps(sums, _mm512_add_ps(_mm512_loadu_ps(sums), _mm512_mul_ps(part, _mm512_set1_ps(scale))));
}

// A row's offset of a whole group.
INLINE int32_t offset_of(const uint8_t *x, size_t rows, size_t r) {
    int32_t sum = 0;
    for (size_t part = 0; part < PARTS; part++) sum += block_offsets(x, rows, part)[r];
    return sum;
}

// `rows` and `panels` are constants wherever this is inlined: 16 registers hold the integers of 8 rows and two panels.
AVX512 INLINE void avx512_rows(
    const uint8_t *x, const size_t rows, const uint8_t *panel, const size_t panels, size_t count, float *sums) {
    const size_t next = count * group_bytes(BW_Q8_GROUP), chains = rows <= 2 ? CHAINS : 1;
    const __m512i bias = _mm512_set1_epi8(-128);
    for (size_t g = 0; g < count; g++, panel += group_bytes(BW_Q8_GROUP), x += block_bytes(rows)) {
        const int8_t *values = block_values(x, rows);
        const uint8_t *weights = panel + SCALE_BYTES;
        __m512i sum[CHAINS][2][BW_Q8_ROWS];
        for (size_t c = 0; c < CHAINS; c++)
            for (size_t r = 0; r < rows; r++)
                sum[c][0][r] = sum[c][1][r] = c > 0 ? _mm512_setzero_si512() : _mm512_set1_epi32(offset_of(x, rows, r));
        for (size_t i = 0; i < BW_Q8_GROUP / QUAD; i += chains)
#pragma clang loop unroll(full)
            for (size_t c = 0; c < chains; c++, weights += QUAD_BYTES, values += rows * QUAD) {
                __m512i w[2];
#pragma clang loop unroll(full)
                for (size_t p = 0; p < panels; p++)
                    w[p] = _mm512_xor_si512(_mm512_loadu_si512(weights + p * next), bias);
#pragma clang loop unroll(full)
                for (size_t r = 0; r < rows; r++) {
                    __m512i q = _mm512_set1_epi32(four(values + r * QUAD));
#pragma clang loop unroll(full)
                    for (size_t p = 0; p < panels; p++) sum[c][p][r] = _mm512_dpbusd_epi32(sum[c][p][r], w[p], q);
                }
            }
#pragma clang loop unroll(full)
        for (size_t c = 1; c < chains; c++)
#pragma clang loop unroll(full)
            for (size_t p = 0; p < panels; p++)
#pragma clang loop unroll(full)
                for (size_t r = 0; r < rows; r++) sum[0][p][r] = _mm512_add_epi32(sum[0][p][r], sum[c][p][r]);
#pragma clang loop unroll(full)
        for (size_t p = 0; p < panels; p++) {
            __m512 scales = _mm512_loadu_ps(panel + p * next);
#pragma clang loop unroll(full)
            for (size_t r = 0; r < rows; r++)
                avx512_add(sums + (p * rows + r) * BW_Q8_PANEL,
                           avx512_scaled(_mm512_setzero_ps(), sum[0][p][r], scales), block_scales(x)[r]);
        }
    }
}
#endif

#endif
