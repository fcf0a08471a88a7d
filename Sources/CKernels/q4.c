// SPDX-License-Identifier: MIT
// What packed 4-bit weights stand for, and how a tile of them is summed.
#include "include/kernels.h"
#include "packed_rows.h"
#include "q4_layout.h"

size_t bw_q4_panel_bytes(size_t inputs) { return groups(inputs) * GROUP_BYTES; }

static float from_half(uint16_t half) {
    float x;
    bw_widen_f16(&half, 1, &x);
    return x;
}

static int weight(const uint8_t *group, size_t c, size_t i) {
    return levels[group[HALF_BYTES + byte_of(c, i)] >> shift_of(i) & 0xF];
}

static float scale(const uint8_t *group, size_t c) {
    uint16_t half;
    memcpy(&half, group + c * sizeof half, sizeof half);
    return from_half(half);
}

void bw_q4_unpack_row(const uint8_t *packed, size_t inputs, size_t row, float *x) {
    const uint8_t *panel = packed + row / BW_Q8_PANEL * bw_q4_panel_bytes(inputs);
    for (size_t i = 0; i < inputs; i++) {
        const uint8_t *group = panel + i / BW_Q4_GROUP * GROUP_BYTES;
        x[i] = scale(group, row % BW_Q8_PANEL) * (float)weight(group, row % BW_Q8_PANEL, i % BW_Q4_GROUP);
    }
}

static void generic_tile(const int16_t *q, size_t rows, const uint8_t *panel, size_t count, float *sums) {
    memset(sums, 0, rows * BW_Q8_PANEL * sizeof *sums);
    for (size_t g = 0; g < count; g++, panel += GROUP_BYTES, q += BW_Q4_GROUP * rows)
        for (size_t c = 0; c < BW_Q8_PANEL; c++)
            for (size_t r = 0; r < rows; r++) {
                int32_t sum = 0;
                for (size_t i = 0; i < BW_Q4_GROUP; i++) sum += q[(i / 2 * rows + r) * 2 + i % 2] * weight(panel, c, i);
                float scaled = (float)sum * scale(panel, c);
                sums[r * BW_Q8_PANEL + c] += scaled;
            }
}

#if defined(__x86_64__)
// The weights of a line, of two pairs of inputs.
AVX2 INLINE void avx2_line(const uint8_t *panel, size_t j, __m256i pairs[2]) {
    const __m256i mask = _mm256_set1_epi8(0xF);
    const __m256i values = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)levels));
    __m256i line = _mm256_loadu_si256((const __m256i *)(panel + HALF_BYTES + j * LINE_BYTES));
    pairs[0] = _mm256_shuffle_epi8(values, _mm256_and_si256(line, mask));
    pairs[1] = _mm256_shuffle_epi8(values, _mm256_and_si256(_mm256_srli_epi16(line, 4), mask));
}

AVX2 static void avx2_unpack(const uint8_t *panel, size_t count, uint8_t *unpacked) {
    for (size_t g = 0; g < count; g++, panel += GROUP_BYTES, unpacked += group_bytes(BW_Q4_GROUP)) {
        float *scales = (float *)unpacked;
        _mm256_storeu_ps(scales, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)panel)));
        _mm256_storeu_ps(scales + 8, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(panel + 16))));
        for (size_t j = 0; j < LINES; j++) {
            __m256i pairs[2];
            avx2_line(panel, j, pairs);
            _mm256_storeu_si256((__m256i *)(unpacked + SCALE_BYTES + 2 * j * LINE_BYTES), pairs[0]);
            _mm256_storeu_si256((__m256i *)(unpacked + SCALE_BYTES + (2 * j + 1) * LINE_BYTES), pairs[1]);
        }
    }
}

// As packed_rows.h has it for 8 bits.
AVX2 INLINE void avx2_four_rows(
    const int16_t *q, size_t block, const size_t rows, const uint8_t *panel, size_t count, float *sums) {
    memset(sums, 0, rows * BW_Q8_PANEL * sizeof *sums);
    for (size_t g = 0; g < count; g++, panel += GROUP_BYTES, q += BW_Q4_GROUP * block) {
        __m256i low[BW_Q8_ROWS], high[BW_Q8_ROWS];
        for (size_t r = 0; r < rows; r++) low[r] = high[r] = _mm256_setzero_si256();
        for (size_t j = 0; j < LINES; j++) {
            __m256i pairs[2];
            avx2_line(panel, j, pairs);
            for (size_t h = 0; h < 2; h++) {
                __m256i left = _mm256_cvtepi8_epi16(_mm256_castsi256_si128(pairs[h]));
                __m256i right = _mm256_cvtepi8_epi16(_mm256_extracti128_si256(pairs[h], 1));
#pragma clang loop unroll(full)
                for (size_t r = 0; r < rows; r++) {
                    __m256i x = _mm256_set1_epi32(both(q + ((2 * j + h) * block + r) * 2));
                    low[r] = _mm256_add_epi32(low[r], _mm256_madd_epi16(left, x));
                    high[r] = _mm256_add_epi32(high[r], _mm256_madd_epi16(right, x));
                }
            }
        }
        __m256 first = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)panel));
        __m256 second = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(panel + 16)));
        for (size_t r = 0; r < rows; r++) avx2_add(sums + r * BW_Q8_PANEL, low[r], first, high[r], second);
    }
}

AVX2 INLINE void avx2_four(const int16_t *q, const size_t rows, const uint8_t *panel, size_t count, float *sums) {
    if (rows <= 6) return avx2_four_rows(q, rows, rows, panel, count, sums);
    avx2_four_rows(q, rows, 4, panel, count, sums);
    avx2_four_rows(q + 4 * 2, rows, rows - 4, panel, count, sums + 4 * BW_Q8_PANEL);
}

AVX512 INLINE void avx512_four(const int16_t *q, const size_t rows, const uint8_t *panel, size_t count, float *sums) {
    const size_t chains = rows <= 2 ? CHAINS : 2;
    __m512 total[BW_Q8_ROWS];
    for (size_t r = 0; r < rows; r++) total[r] = _mm512_setzero_ps();
    for (size_t g = 0; g < count; g++, panel += GROUP_BYTES, q += BW_Q4_GROUP * rows) {
        __m512i sum[CHAINS][BW_Q8_ROWS];
        for (size_t c = 0; c < chains; c++)
            for (size_t r = 0; r < rows; r++) sum[c][r] = _mm512_setzero_si512();
        for (size_t j = 0; j < LINES; j += chains / 2)
#pragma clang loop unroll(full)
            for (size_t c = 0; c < chains; c += 2) {
                __m256i pairs[2];
                avx2_line(panel, j + c / 2, pairs);
#pragma clang loop unroll(full)
                for (size_t h = 0; h < 2; h++) {
                    __m512i w = _mm512_cvtepi8_epi16(pairs[h]);
                    const int16_t *x = q + ((2 * j + c + h) * rows) * 2;
#pragma clang loop unroll(full)
                    for (size_t r = 0; r < rows; r++)
                        sum[c + h][r] = _mm512_dpwssd_epi32(sum[c + h][r], w, _mm512_set1_epi32(both(x + r * 2)));
                }
            }
        __m512 scales = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)panel));
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) {
            __m512i all = sum[0][r];
#pragma clang loop unroll(full)
            for (size_t c = 1; c < chains; c++) all = _mm512_add_epi32(all, sum[c][r]);
            total[r] = _mm512_add_ps(total[r], _mm512_mul_ps(_mm512_cvtepi32_ps(all), scales));
        }
    }
    for (size_t r = 0; r < rows; r++) _mm512_storeu_ps(sums + r * BW_Q8_PANEL, total[r]);
}

#define ONE(rows) avx512_four(q, rows, panel, count, sums)
#define NARROW(rows) avx2_four(q, rows, panel, count, sums)
#define UNPACKED_NARROW(rows) avx2_tile_rows(q, rows, panel, BW_Q4_GROUP, count, sums)
TILE(avx512_one, AVX512, ONE)
TILE(avx2_one, AVX2, NARROW)
TILE(avx2_unpacked, AVX2, UNPACKED_NARROW)
#endif

static const struct version versions[] = {
#if defined(__x86_64__)
    {"avx512vnni", avx512_one, NULL, has_avx512, NULL, NULL},
    {"avx2", avx2_one, NULL, has_avx2, avx2_unpack, avx2_unpacked},
#endif
    {"generic", generic_tile, NULL, always, NULL, NULL},
};

int bw_q4_product_version(const char *version, const int16_t *q, const float *scales, size_t rows, const uint8_t *packed,
                          size_t outputs, size_t inputs, size_t first, size_t panels, const float *bias, float *y) {
    const struct version *found = find(versions, version);
    if (!found) return 0;
    product(found, (struct layout){groups(inputs), bw_q4_panel_bytes(inputs), groups(inputs) * group_bytes(BW_Q4_GROUP)},
            packed, (struct activations){q, scales, rows, bw_q8_padded(inputs)}, first, panels,
            (struct outputs){bias, y, outputs});
    return 1;
}

void bw_q4_product(const int16_t *q, const float *scales, size_t rows, const uint8_t *packed, size_t outputs, size_t inputs,
                   size_t first, size_t panels, const float *bias, float *y) {
    bw_q4_product_version(NULL, q, scales, rows, packed, outputs, inputs, first, panels, bias, y);
}
