// SPDX-License-Identifier: MIT
// How one tile of 8-bit weights is summed: up to 8 rows of activations by the 16 outputs of a panel, or of two panels side
// by side. The length of a group is the including file's.
#ifndef BOXWOOD_PACKED_ROWS_H
#define BOXWOOD_PACKED_ROWS_H

#include "panels.h"

// A group of 8-bit weights: 16 scales, then for every pair of inputs the 16 outputs' two weights.
INLINE size_t group_bytes(size_t group) { return SCALE_BYTES + BW_Q8_PANEL * group; }

INLINE void generic_rows(const int16_t *q, size_t rows, const uint8_t *panel, size_t group, size_t count, float *sums) {
    memset(sums, 0, rows * BW_Q8_PANEL * sizeof *sums);
    for (size_t g = 0; g < count; g++, panel += group_bytes(group), q += group * rows) {
        const float *scales = (const float *)panel;
        const int8_t *weights = (const int8_t *)panel + SCALE_BYTES;
        for (size_t r = 0; r < rows; r++) {
            int32_t sum[BW_Q8_PANEL] = {0};
            for (size_t i = 0; i < group / 2; i++) {
                const int16_t *pair = q + (i * rows + r) * 2;
                for (size_t c = 0; c < BW_Q8_PANEL; c++)
                    sum[c] += pair[0] * weights[(i * BW_Q8_PANEL + c) * 2] + pair[1] * weights[(i * BW_Q8_PANEL + c) * 2 + 1];
            }
            for (size_t c = 0; c < BW_Q8_PANEL; c++) {
                float scaled = (float)sum[c] * scales[c];
                sums[r * BW_Q8_PANEL + c] += scaled;
            }
        }
    }
}

#if defined(__x86_64__)
// Rows `first` to `first + rows` of a block of `block` rows. A row's 16 sums take two registers; `rows` is a constant
// wherever this is inlined, so that they are registers.
AVX2 INLINE void avx2_rows(
    const int16_t *q, size_t block, const size_t rows, const uint8_t *panel, const size_t group, size_t count,
    float *sums) {
    memset(sums, 0, rows * BW_Q8_PANEL * sizeof *sums);
    for (size_t g = 0; g < count; g++, panel += group_bytes(group), q += group * block) {
        const int8_t *weights = (const int8_t *)panel + SCALE_BYTES;
        __m256i low[BW_Q8_ROWS], high[BW_Q8_ROWS];
        for (size_t r = 0; r < rows; r++) low[r] = high[r] = _mm256_setzero_si256();
        for (size_t i = 0; i < group / 2; i++, weights += 2 * BW_Q8_PANEL) {
            __m256i left = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)weights));
            __m256i right = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(weights + BW_Q8_PANEL)));
#pragma clang loop unroll(full)
            for (size_t r = 0; r < rows; r++) {
                __m256i x = _mm256_set1_epi32(both(q + (i * block + r) * 2));
                low[r] = _mm256_add_epi32(low[r], _mm256_madd_epi16(left, x));
                high[r] = _mm256_add_epi32(high[r], _mm256_madd_epi16(right, x));
            }
        }
        __m256 first = _mm256_loadu_ps((const float *)panel), second = _mm256_loadu_ps((const float *)panel + 8);
        for (size_t r = 0; r < rows; r++) avx2_add(sums + r * BW_Q8_PANEL, low[r], first, high[r], second);
    }
}

// At most 6 rows at a time, whose sums fit the registers.
AVX2 INLINE void avx2_tile_rows(
    const int16_t *q, const size_t rows, const uint8_t *panel, const size_t group, size_t count, float *sums) {
    if (rows <= 6) return avx2_rows(q, rows, rows, panel, group, count, sums);
    avx2_rows(q, rows, 4, panel, group, count, sums);
    avx2_rows(q + 4 * 2, rows, rows - 4, panel, group, count, sums + 4 * BW_Q8_PANEL);
}

// An instruction waits for the one before it with the same sum: where rows are too few to fill that time, every second
// and every fourth pair of inputs has sums of its own. They are integers, so the order is free.
enum { CHAINS = 4 };

// `rows` and `panels` are constants wherever this is inlined: 16 registers hold the integers of 8 rows and two panels.
AVX512 INLINE void avx512_rows(
    const int16_t *q, const size_t rows, const uint8_t *panel, const size_t panels, const size_t group, size_t count,
    float *sums) {
    const size_t next = count * group_bytes(group), chains = rows <= 2 ? CHAINS : 1;
    memset(sums, 0, panels * rows * BW_Q8_PANEL * sizeof *sums);
    for (size_t g = 0; g < count; g++, panel += group_bytes(group), q += group * rows) {
        __m512i sum[CHAINS][2][BW_Q8_ROWS];
        for (size_t c = 0; c < CHAINS; c++)
            for (size_t r = 0; r < rows; r++) sum[c][0][r] = sum[c][1][r] = _mm512_setzero_si512();
        const uint8_t *weights = panel + SCALE_BYTES;
        for (size_t i = 0; i < group / 2; i += chains)
#pragma clang loop unroll(full)
            for (size_t c = 0; c < chains; c++, weights += 2 * BW_Q8_PANEL) {
                __m512i w[2];
#pragma clang loop unroll(full)
                for (size_t p = 0; p < panels; p++)
                    w[p] = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(weights + p * next)));
#pragma clang loop unroll(full)
                for (size_t r = 0; r < rows; r++) {
                    __m512i x = _mm512_set1_epi32(both(q + ((i + c) * rows + r) * 2));
#pragma clang loop unroll(full)
                    for (size_t p = 0; p < panels; p++) sum[c][p][r] = _mm512_dpwssd_epi32(sum[c][p][r], w[p], x);
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
            for (size_t r = 0; r < rows; r++) avx512_add(sums + (p * rows + r) * BW_Q8_PANEL, sum[0][p][r], scales);
        }
    }
}
#endif

#endif
