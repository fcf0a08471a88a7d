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

// Four groups, which meet one group of activations, in 8 bits as packed_rows.h has them.
static void generic_unpack(const uint8_t *panel, uint8_t *unpacked) {
    for (size_t k = 0; k < PARTS; k++, panel += GROUP_BYTES, unpacked += group_bytes(BW_Q4_GROUP)) {
        int8_t *weights = (int8_t *)unpacked + SCALE_BYTES;
        for (size_t c = 0; c < BW_Q8_PANEL; c++) {
            ((float *)unpacked)[c] = scale(panel, c);
            for (size_t i = 0; i < BW_Q4_GROUP; i++) weights[i / QUAD * QUAD_BYTES + c * QUAD + i % QUAD] = (int8_t)weight(panel, c, i);
        }
    }
}

enum { UNPACKED_BYTES = PARTS * (SCALE_BYTES + BW_Q8_PANEL * BW_Q4_GROUP) };

static void generic_tile(const uint8_t *x, size_t rows, const uint8_t *panel, size_t count, float *sums) {
    _Alignas(float) uint8_t unpacked[UNPACKED_BYTES];
    for (size_t g = 0; g < count; g++, x += block_bytes(rows), panel += PARTS * GROUP_BYTES) {
        generic_unpack(panel, unpacked);
        generic_rows(x, rows, unpacked, BW_Q4_GROUP, 1, sums);
    }
}

#if defined(__x86_64__)
// The same. Half a line is eight outputs' weights of two times four inputs.
AVX2 INLINE void avx2_unpack(const uint8_t *panel, uint8_t *unpacked) {
    const __m256i mask = _mm256_set1_epi8(0xF);
    const __m256i values = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)levels));
    for (size_t k = 0; k < PARTS; k++, panel += GROUP_BYTES, unpacked += group_bytes(BW_Q4_GROUP)) {
        float *scales = (float *)unpacked;
        _mm256_storeu_ps(scales, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)panel)));
        _mm256_storeu_ps(scales + 8, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(panel + 16))));
        for (size_t h = 0; h < 2 * LINES; h++) {
            __m256i line = _mm256_loadu_si256((const __m256i *)(panel + HALF_BYTES + h * LINE_BYTES / 2));
            uint8_t *to = unpacked + SCALE_BYTES + h / 2 * 2 * QUAD_BYTES + h % 2 * QUAD_BYTES / 2;
            _mm256_storeu_si256((__m256i *)to, _mm256_shuffle_epi8(values, _mm256_and_si256(line, mask)));
            __m256i high = _mm256_and_si256(_mm256_srli_epi16(line, 4), mask);
            _mm256_storeu_si256((__m256i *)(to + QUAD_BYTES), _mm256_shuffle_epi8(values, high));
        }
    }
}

AVX2 INLINE void avx2_four(const uint8_t *x, const size_t rows, const uint8_t *panel, size_t count, float *sums) {
    _Alignas(float) uint8_t unpacked[UNPACKED_BYTES];
    for (size_t g = 0; g < count; g++, x += block_bytes(rows), panel += PARTS * GROUP_BYTES) {
        avx2_unpack(panel, unpacked);
        avx2_tile_rows(x, rows, unpacked, BW_Q4_GROUP, 1, sums);
    }
}

// The weights of a line, of two times four inputs, each 128 more than it is.
AVX512 INLINE void avx512_line(const uint8_t *line, __m512i quads[2]) {
    const __m512i mask = _mm512_set1_epi8(0xF), bias = _mm512_set1_epi8(-128);
    const __m512i values = _mm512_xor_si512(_mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)levels)), bias);
    __m512i codes = _mm512_loadu_si512(line);
    quads[0] = _mm512_shuffle_epi8(values, _mm512_and_si512(codes, mask));
    quads[1] = _mm512_shuffle_epi8(values, _mm512_and_si512(_mm512_srli_epi16(codes, 4), mask));
}

AVX512 INLINE void avx512_four(
    const uint8_t *x, const size_t rows, const uint8_t *panel, size_t count, float *sums) {
    const size_t chains = rows <= 2 ? 2 : 1;
    for (size_t g = 0; g < count; g++, x += block_bytes(rows)) {
        const int8_t *values = block_values(x, rows);
        __m512 part[BW_Q8_ROWS];
        for (size_t r = 0; r < rows; r++) part[r] = _mm512_setzero_ps();
        for (size_t k = 0; k < PARTS; k++, panel += GROUP_BYTES) {
            __m512i sum[2][BW_Q8_ROWS];
            for (size_t r = 0; r < rows; r++) {
                sum[0][r] = _mm512_set1_epi32(block_offsets(x, rows, k)[r]);
                sum[1][r] = _mm512_setzero_si512();
            }
#pragma clang loop unroll(full)
            for (size_t j = 0; j < LINES; j++) {
                __m512i quads[2];
                avx512_line(panel + HALF_BYTES + j * LINE_BYTES, quads);
#pragma clang loop unroll(full)
                for (size_t h = 0; h < 2; h++, values += rows * QUAD)
#pragma clang loop unroll(full)
                    for (size_t r = 0; r < rows; r++) {
                        __m512i q = _mm512_set1_epi32(four(values + r * QUAD));
                        sum[h % chains][r] = _mm512_dpbusd_epi32(sum[h % chains][r], quads[h], q);
                    }
            }
            __m512 scales = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)panel));
#pragma clang loop unroll(full)
            for (size_t r = 0; r < rows; r++) {
                __m512i all = chains == 2 ? _mm512_add_epi32(sum[0][r], sum[1][r]) : sum[0][r];
                part[r] = avx512_scaled(part[r], all, scales);
            }
        }
        for (size_t r = 0; r < rows; r++) avx512_add(sums + r * BW_Q8_PANEL, part[r], block_scales(x)[r]);
    }
}

#define ONE(rows) avx512_four(x, rows, panel, count, sums)
#define NARROW(rows) avx2_four(x, rows, panel, count, sums)
TILE(avx512_one, AVX512, ONE)
TILE(avx2_one, AVX2, NARROW)
#endif

static const struct version versions[] = {
#if defined(__x86_64__)
    {"avx512vnni", avx512_one, NULL, has_avx512},
    {"avx2", avx2_one, NULL, has_avx2},
#endif
    {"generic", generic_tile, NULL, always},
};

int bw_q4_product_version(const char *version, const uint8_t *x, size_t rows, const uint8_t *packed, size_t outputs,
                          size_t inputs, size_t first, size_t panels, const float *bias, float *y) {
    const struct version *found = find(versions, version);
    if (!found) return 0;
    product(found, (struct layout){groups(inputs) / PARTS, bw_q4_panel_bytes(inputs)}, packed, x, rows, first, panels,
            (struct outputs){bias, y, outputs});
    return 1;
}

void bw_q4_product(const uint8_t *x, size_t rows, const uint8_t *packed, size_t outputs, size_t inputs, size_t first,
                   size_t panels, const float *bias, float *y) {
    bw_q4_product_version(NULL, x, rows, packed, outputs, inputs, first, panels, bias, y);
}
