// SPDX-License-Identifier: MIT
// Packing of 4-bit weights, and the versions of their tile.
#include "include/q4.h"

#include <math.h>

#include "include/kernels.h"
#include "panels.h"

enum { SCALE_BYTES = BW_Q8_PANEL * sizeof(uint16_t), LINES = BW_Q4_GROUP / 4, LINE_BYTES = 2 * BW_Q8_PANEL };
enum { GROUP_BYTES = SCALE_BYTES + LINES * LINE_BYTES };
enum { LEAST = -8, MOST = 7 };

// As many groups as the packed activations have, whose groups are longer: the last ones may be all zeros.
static size_t groups(size_t inputs) { return bw_q8_padded(inputs) / BW_Q4_GROUP; }

size_t bw_q4_panel_bytes(size_t inputs) { return groups(inputs) * GROUP_BYTES; }

// Half precision by rounding to nearest, ties to even; for magnitudes that scales have: below 65504.
static uint16_t to_half(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    float magnitude = fabsf(x);
    if (magnitude < 0x1p-14f) return sign | (uint16_t)lrintf(magnitude * 0x1p24f);
    memcpy(&bits, &magnitude, 4);
    bits += 0xFFF + (bits >> 13 & 1);
    return sign | (uint16_t)((bits >> 13) - (112 << 10));
}

static float from_half(uint16_t half) {
    float x;
    bw_widen_f16(&half, 1, &x);
    return x;
}

// A weight over its scale, rounded to what four bits hold. Adding 1.5 * 2^23 rounds to an integer, ties to even; a loop of it
// becomes vector code.
static inline float rounded(float x) {
    float q = (x + 12582912.0f) - 12582912.0f;
    return q < LEAST ? LEAST : q > MOST ? MOST : q;
}

// The squared error that a scale leaves, summed in parts that become vector registers.
static float error_of(const float w[BW_Q4_GROUP], float scale) {
    enum { PARTS = 16 };
    float parts[PARTS] = {0}, inverse = scale != 0 ? 1 / scale : 0;
    for (size_t i = 0; i < BW_Q4_GROUP; i += PARTS)
        for (size_t j = 0; j < PARTS; j++) {
            float d = w[i + j] - scale * rounded(w[i + j] * inverse);
            parts[j] += d * d;
        }
    for (size_t j = 1; j < PARTS; j++) parts[0] += parts[j];
    return parts[0];
}

// The scale, in half precision, that rounds a group best: the extreme weight at or around either end of the range.
static uint16_t best_scale(const float w[BW_Q4_GROUP]) {
    float extreme = 0;
    for (size_t i = 0; i < BW_Q4_GROUP; i++) extreme = fabsf(w[i]) > fabsf(extreme) ? w[i] : extreme;
    uint16_t best = 0;
    float least = INFINITY;
    for (int step = -6; step <= 4; step++) {
        for (int sign = -1; sign <= 1; sign += 2) {
            uint16_t half = to_half(extreme / ((float)sign * (8 + 0.25f * (float)step)));
            float error = error_of(w, from_half(half));
            if (error < least) {
                least = error;
                best = half;
            }
        }
    }
    return best;
}

// Where a weight stands in its group: the byte, and how far its half is shifted.
static size_t byte_of(size_t c, size_t i) { return i / 4 * LINE_BYTES + c * 2 + i % 2; }
static int shift_of(size_t i) { return i % 4 < 2 ? 0 : 4; }

void bw_q4_pack(const float *w, size_t outputs, size_t inputs, size_t first, size_t panels, uint8_t *packed) {
    for (size_t p = 0; p < panels; p++) {
        for (size_t g = 0; g < groups(inputs); g++, packed += GROUP_BYTES) {
            memset(packed, 0, SCALE_BYTES);
            memset(packed + SCALE_BYTES, 0x88, LINES * LINE_BYTES);
            size_t start = g * BW_Q4_GROUP;
            if (start >= inputs) continue;
            size_t length = inputs - start < BW_Q4_GROUP ? inputs - start : BW_Q4_GROUP;
            for (size_t c = 0; c < BW_Q8_PANEL && (first + p) * BW_Q8_PANEL + c < outputs; c++) {
                float group[BW_Q4_GROUP] = {0};
                memcpy(group, w + (p * BW_Q8_PANEL + c) * inputs + start, length * sizeof *group);
                uint16_t half = best_scale(group);
                memcpy(packed + c * sizeof half, &half, sizeof half);
                float scale = from_half(half), inverse = scale != 0 ? 1 / scale : 0;
                for (size_t i = 0; i < length; i++) {
                    uint8_t *byte = packed + SCALE_BYTES + byte_of(c, i);
                    int q = (int)rounded(group[i] * inverse) - LEAST;
                    *byte = (uint8_t)((*byte & ~(0xF << shift_of(i))) | q << shift_of(i));
                }
            }
        }
    }
}

static int weight(const uint8_t *group, size_t c, size_t i) {
    return (group[SCALE_BYTES + byte_of(c, i)] >> shift_of(i) & 0xF) + LEAST;
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
AVX2 INLINE void avx2_rows(const int16_t *q, const size_t rows, const uint8_t *panel, size_t count, float *sums) {
    const __m256i mask = _mm256_set1_epi8(0xF), least = _mm256_set1_epi8(LEAST);
    memset(sums, 0, rows * BW_Q8_PANEL * sizeof *sums);
    for (size_t g = 0; g < count; g++, panel += GROUP_BYTES, q += BW_Q4_GROUP * rows) {
        __m256i low[BW_Q8_ROWS], high[BW_Q8_ROWS];
        for (size_t r = 0; r < rows; r++) low[r] = high[r] = _mm256_setzero_si256();
        for (size_t j = 0; j < LINES; j++) {
            __m256i line = _mm256_loadu_si256((const __m256i *)(panel + SCALE_BYTES + j * LINE_BYTES));
            __m256i halves[2] = {line, _mm256_srli_epi16(line, 4)};
            for (size_t h = 0; h < 2; h++) {
                __m256i w = _mm256_add_epi8(_mm256_and_si256(halves[h], mask), least);
                __m256i left = _mm256_cvtepi8_epi16(_mm256_castsi256_si128(w));
                __m256i right = _mm256_cvtepi8_epi16(_mm256_extracti128_si256(w, 1));
#pragma clang loop unroll(full)
                for (size_t r = 0; r < rows; r++) {
                    __m256i x = _mm256_set1_epi32(both(q + ((2 * j + h) * rows + r) * 2));
                    low[r] = _mm256_add_epi32(low[r], _mm256_madd_epi16(left, x));
                    high[r] = _mm256_add_epi32(high[r], _mm256_madd_epi16(right, x));
                }
            }
        }
        __m256 first = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)panel));
        __m256 second = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(panel + 16)));
        for (size_t r = 0; r < rows; r++) {
            float *s = sums + r * BW_Q8_PANEL;
            _mm256_storeu_ps(s, _mm256_add_ps(_mm256_loadu_ps(s), _mm256_mul_ps(_mm256_cvtepi32_ps(low[r]), first)));
            s += 8;
            _mm256_storeu_ps(s, _mm256_add_ps(_mm256_loadu_ps(s), _mm256_mul_ps(_mm256_cvtepi32_ps(high[r]), second)));
        }
    }
}

AVX512 INLINE void avx512_rows(const int16_t *q, const size_t rows, const uint8_t *panel, size_t count, float *sums) {
    const __m256i mask = _mm256_set1_epi8(0xF), least = _mm256_set1_epi8(LEAST);
    __m512 total[BW_Q8_ROWS];
    for (size_t r = 0; r < rows; r++) total[r] = _mm512_setzero_ps();
    for (size_t g = 0; g < count; g++, panel += GROUP_BYTES, q += BW_Q4_GROUP * rows) {
        __m512i sum[BW_Q8_ROWS];
        for (size_t r = 0; r < rows; r++) sum[r] = _mm512_setzero_si512();
        for (size_t j = 0; j < LINES; j++) {
            __m256i line = _mm256_loadu_si256((const __m256i *)(panel + SCALE_BYTES + j * LINE_BYTES));
            __m256i halves[2] = {line, _mm256_srli_epi16(line, 4)};
            for (size_t h = 0; h < 2; h++) {
                __m512i w = _mm512_cvtepi8_epi16(_mm256_add_epi8(_mm256_and_si256(halves[h], mask), least));
#pragma clang loop unroll(full)
                for (size_t r = 0; r < rows; r++)
                    sum[r] = _mm512_dpwssd_epi32(sum[r], w, _mm512_set1_epi32(both(q + ((2 * j + h) * rows + r) * 2)));
            }
        }
        __m512 scales = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)panel));
        for (size_t r = 0; r < rows; r++)
            total[r] = _mm512_add_ps(total[r], _mm512_mul_ps(_mm512_cvtepi32_ps(sum[r]), scales));
    }
    for (size_t r = 0; r < rows; r++) _mm512_storeu_ps(sums + r * BW_Q8_PANEL, total[r]);
}

TILE(avx2, AVX2)
TILE(avx512, AVX512)
#endif

static const struct version versions[] = {
#if defined(__x86_64__)
    {"avx512vnni", avx512_tile, has_avx512},
    {"avx2", avx2_tile, has_avx2},
#endif
    {"generic", generic_tile, always},
};

void bw_q4_product(const int16_t *q, const float *scales, size_t rows, const uint8_t *packed, size_t outputs, size_t inputs,
                   size_t first, size_t panels, const float *bias, float *y) {
    product(find(versions, NULL), q, scales, rows, packed, outputs, bw_q8_padded(inputs), BW_Q4_GROUP,
            bw_q4_panel_bytes(inputs), first, panels, bias, y);
}

int bw_q4_product_version(const char *version, const int16_t *q, const float *scales, size_t rows, const uint8_t *packed,
                          size_t outputs, size_t inputs, size_t first, size_t panels, const float *bias, float *y) {
    tile *run = find(versions, version);
    if (!run) return 0;
    product(run, q, scales, rows, packed, outputs, bw_q8_padded(inputs), BW_Q4_GROUP, bw_q4_panel_bytes(inputs), first,
            panels, bias, y);
    return 1;
}
