// SPDX-License-Identifier: MIT
// Packing, and the choice of a version of the product for this CPU. The versions differ only in how one tile, 1 to 6 rows
// by 16 outputs, is summed.
#include "include/q8.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { SCALE_BYTES = BW_Q8_PANEL * sizeof(float), GROUP_BYTES = SCALE_BYTES + BW_Q8_PANEL * BW_Q8_GROUP };
enum { PAIRS = BW_Q8_GROUP / 2 };

static size_t groups(size_t inputs) { return (inputs + BW_Q8_GROUP - 1) / BW_Q8_GROUP; }

size_t bw_q8_padded(size_t inputs) { return groups(inputs) * BW_Q8_GROUP; }

size_t bw_q8_panel_bytes(size_t inputs) { return groups(inputs) * GROUP_BYTES; }

// The largest magnitude, in parts that become vector registers.
static float largest(const float *x, size_t count) {
    enum { LANES = 16 };
    float parts[LANES] = {0};
    size_t whole = count / LANES * LANES;
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t j = 0; j < LANES; j++) parts[j] = fabsf(x[i + j]) > parts[j] ? fabsf(x[i + j]) : parts[j];
    for (size_t i = whole; i < count; i++) parts[0] = fabsf(x[i]) > parts[0] ? fabsf(x[i]) : parts[0];
    for (size_t j = 1; j < LANES; j++) parts[0] = parts[j] > parts[0] ? parts[j] : parts[0];
    return parts[0];
}

// The place of output `c`, input `i` among the weights of a group.
static size_t place(size_t c, size_t i) { return (i / 2 * BW_Q8_PANEL + c) * 2 + i % 2; }

void bw_q8_pack(const float *w, size_t outputs, size_t inputs, size_t first, size_t panels, uint8_t *packed) {
    for (size_t p = 0; p < panels; p++) {
        for (size_t g = 0; g < groups(inputs); g++, packed += GROUP_BYTES) {
            memset(packed, 0, GROUP_BYTES);
            float *scales = (float *)packed;
            int8_t *weights = (int8_t *)packed + SCALE_BYTES;
            size_t start = g * BW_Q8_GROUP;
            size_t length = inputs - start < BW_Q8_GROUP ? inputs - start : BW_Q8_GROUP;
            for (size_t c = 0; c < BW_Q8_PANEL && (first + p) * BW_Q8_PANEL + c < outputs; c++) {
                const float *source = w + (p * BW_Q8_PANEL + c) * inputs + start;
                float m = largest(source, length);
                scales[c] = m / 127;
                for (size_t i = 0; m > 0 && i < length; i++) weights[place(c, i)] = (int8_t)lrintf(source[i] / m * 127);
            }
        }
    }
}

void bw_q8_unpack_row(const uint8_t *packed, size_t inputs, size_t row, float *x) {
    const uint8_t *group = packed + row / BW_Q8_PANEL * bw_q8_panel_bytes(inputs);
    size_t c = row % BW_Q8_PANEL;
    for (size_t i = 0; i < inputs; i++) {
        if (i > 0 && i % BW_Q8_GROUP == 0) group += GROUP_BYTES;
        float scale = ((const float *)group)[c];
        x[i] = scale * (float)((const int8_t *)group + SCALE_BYTES)[place(c, i % BW_Q8_GROUP)];
    }
}

// Rounds two activations and puts them into 32 bits. Adding 1.5 * 2^23 rounds to an integer, ties to even, and leaves it
// in the low bits; a loop of it becomes vector code.
static inline uint32_t rounded_pair(const float *x, float inverse) {
    float shifted[2] = {x[0] * inverse + 12582912.0f, x[1] * inverse + 12582912.0f};
    uint32_t bits[2];
    memcpy(bits, shifted, sizeof bits);
    return (bits[0] & 0xFFFF) | bits[1] << 16;
}

void bw_q8_quantise(const float *x, size_t rows, size_t inputs, int16_t *q, float *scales) {
    size_t padded = bw_q8_padded(inputs);
    for (size_t start = 0; start < rows; start += BW_Q8_ROWS, q += BW_Q8_ROWS * padded) {
        size_t block = rows - start < BW_Q8_ROWS ? rows - start : BW_Q8_ROWS;
        uint32_t *pairs = (uint32_t *)q;
        if (padded != inputs) memset(pairs, 0, block * padded * sizeof *q);
        for (size_t r = 0; r < block; r++) {
            const float *row = x + (start + r) * inputs;
            float m = largest(row, inputs), inverse = m > 0 ? 32767 / m : 0;
            scales[start + r] = m / 32767;
            for (size_t i = 0; i < inputs / 2; i++) pairs[i * block + r] = rounded_pair(row + 2 * i, inverse);
            if (inputs % 2 == 1) {
                float last[2] = {row[inputs - 1], 0};
                pairs[inputs / 2 * block + r] = rounded_pair(last, inverse);
            }
        }
    }
}

// One tile: sums [rows, 16], not yet times the rows' scales.
typedef void tile(const int16_t *q, size_t rows, const uint8_t *panel, size_t groups, float *sums);

static void generic_tile(const int16_t *q, size_t rows, const uint8_t *panel, size_t count, float *sums) {
    memset(sums, 0, rows * BW_Q8_PANEL * sizeof *sums);
    for (size_t g = 0; g < count; g++, panel += GROUP_BYTES, q += BW_Q8_GROUP * rows) {
        const float *scales = (const float *)panel;
        const int8_t *weights = (const int8_t *)panel + SCALE_BYTES;
        for (size_t r = 0; r < rows; r++) {
            int32_t sum[BW_Q8_PANEL] = {0};
            for (size_t i = 0; i < PAIRS; i++) {
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
#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#define INLINE static inline __attribute__((always_inline))

// A row's two activations of one pair, as 32 bits.
INLINE int32_t both(const int16_t *pair) {
    int32_t bits;
    memcpy(&bits, pair, sizeof bits);
    return bits;
}

// 16 sums of a row take two registers; `rows` is a constant wherever this is inlined, so that they are registers.
AVX2 INLINE void avx2_rows(const int16_t *q, const size_t rows, const uint8_t *panel, size_t count, float *sums) {
    memset(sums, 0, rows * BW_Q8_PANEL * sizeof *sums);
    for (size_t g = 0; g < count; g++, panel += GROUP_BYTES, q += BW_Q8_GROUP * rows) {
        const int8_t *weights = (const int8_t *)panel + SCALE_BYTES;
        __m256i low[BW_Q8_ROWS], high[BW_Q8_ROWS];
        for (size_t r = 0; r < rows; r++) low[r] = high[r] = _mm256_setzero_si256();
        for (size_t i = 0; i < PAIRS; i++, weights += 2 * BW_Q8_PANEL) {
            __m256i left = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)weights));
            __m256i right = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(weights + BW_Q8_PANEL)));
#pragma clang loop unroll(full)
            for (size_t r = 0; r < rows; r++) {
                __m256i x = _mm256_set1_epi32(both(q + (i * rows + r) * 2));
                low[r] = _mm256_add_epi32(low[r], _mm256_madd_epi16(left, x));
                high[r] = _mm256_add_epi32(high[r], _mm256_madd_epi16(right, x));
            }
        }
        __m256 first = _mm256_loadu_ps((const float *)panel), second = _mm256_loadu_ps((const float *)panel + 8);
        for (size_t r = 0; r < rows; r++) {
            float *s = sums + r * BW_Q8_PANEL;
            _mm256_storeu_ps(s, _mm256_add_ps(_mm256_loadu_ps(s), _mm256_mul_ps(_mm256_cvtepi32_ps(low[r]), first)));
            s += 8;
            _mm256_storeu_ps(s, _mm256_add_ps(_mm256_loadu_ps(s), _mm256_mul_ps(_mm256_cvtepi32_ps(high[r]), second)));
        }
    }
}

AVX512 INLINE void avx512_rows(const int16_t *q, const size_t rows, const uint8_t *panel, size_t count, float *sums) {
    __m512 total[BW_Q8_ROWS];
    for (size_t r = 0; r < rows; r++) total[r] = _mm512_setzero_ps();
    for (size_t g = 0; g < count; g++, panel += GROUP_BYTES, q += BW_Q8_GROUP * rows) {
        const int8_t *weights = (const int8_t *)panel + SCALE_BYTES;
        __m512i sum[BW_Q8_ROWS];
        for (size_t r = 0; r < rows; r++) sum[r] = _mm512_setzero_si512();
        for (size_t i = 0; i < PAIRS; i++, weights += 2 * BW_Q8_PANEL) {
            __m512i w = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)weights));
#pragma clang loop unroll(full)
            for (size_t r = 0; r < rows; r++)
                sum[r] = _mm512_dpwssd_epi32(sum[r], w, _mm512_set1_epi32(both(q + (i * rows + r) * 2)));
        }
        __m512 scales = _mm512_loadu_ps(panel);
        for (size_t r = 0; r < rows; r++)
            total[r] = _mm512_add_ps(total[r], _mm512_mul_ps(_mm512_cvtepi32_ps(sum[r]), scales));
    }
    for (size_t r = 0; r < rows; r++) _mm512_storeu_ps(sums + r * BW_Q8_PANEL, total[r]);
}

#define TILE(version, TARGET)                                                                                           \
    TARGET static void version##_tile(const int16_t *q, size_t rows, const uint8_t *panel, size_t count, float *sums) { \
        switch (rows) {                                                                                                 \
        case 1: version##_rows(q, 1, panel, count, sums); break;                                                        \
        case 2: version##_rows(q, 2, panel, count, sums); break;                                                        \
        case 3: version##_rows(q, 3, panel, count, sums); break;                                                        \
        case 4: version##_rows(q, 4, panel, count, sums); break;                                                        \
        case 5: version##_rows(q, 5, panel, count, sums); break;                                                        \
        default: version##_rows(q, 6, panel, count, sums);                                                              \
        }                                                                                                               \
    }
TILE(avx2, AVX2)
TILE(avx512, AVX512)

static int has_avx2(void) { return __builtin_cpu_supports("avx2"); }
static int has_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vnni");
}
#endif

static const struct {
    const char *name;
    tile *run;
} versions[] = {
#if defined(__x86_64__)
    {"avx512vnni", avx512_tile},
    {"avx2", avx2_tile},
#endif
    {"generic", generic_tile},
};
enum { VERSIONS = sizeof versions / sizeof *versions };

static int runs_here(size_t version) {
#if defined(__x86_64__)
    if (versions[version].run == avx512_tile) return has_avx512();
    if (versions[version].run == avx2_tile) return has_avx2();
#endif
    return 1;
}

// The first that runs here; the last always does.
static size_t best(void) {
    size_t version = 0;
    while (!runs_here(version)) version++;
    return version;
}

const char *bw_q8_version(void) { return versions[best()].name; }

static void product(tile *run, const int16_t *q, const float *scales, size_t rows, const uint8_t *packed, size_t outputs,
                    size_t inputs, size_t first, size_t panels, const float *bias, float *y) {
    size_t count = groups(inputs), bytes = bw_q8_panel_bytes(inputs);
    float sums[BW_Q8_ROWS * BW_Q8_PANEL];
    for (size_t p = first; p < first + panels; p++) {
        size_t start = p * BW_Q8_PANEL;
        size_t width = outputs - start < BW_Q8_PANEL ? outputs - start : BW_Q8_PANEL;
        for (size_t r = 0; r < rows; r += BW_Q8_ROWS) {
            size_t block = rows - r < BW_Q8_ROWS ? rows - r : BW_Q8_ROWS;
            run(q + r * count * BW_Q8_GROUP, block, packed + p * bytes, count, sums);
            for (size_t i = 0; i < block; i++)
                for (size_t c = 0; c < width; c++) {
                    float scaled = sums[i * BW_Q8_PANEL + c] * scales[r + i];
                    y[(r + i) * outputs + start + c] = bias ? scaled + bias[start + c] : scaled;
                }
        }
    }
}

void bw_q8_product(const int16_t *q, const float *scales, size_t rows, const uint8_t *packed, size_t outputs, size_t inputs,
                   size_t first, size_t panels, const float *bias, float *y) {
    product(versions[best()].run, q, scales, rows, packed, outputs, inputs, first, panels, bias, y);
}

int bw_q8_product_version(const char *version, const int16_t *q, const float *scales, size_t rows, const uint8_t *packed,
                          size_t outputs, size_t inputs, size_t first, size_t panels, const float *bias, float *y) {
    for (size_t v = 0; v < VERSIONS; v++) {
        if (strcmp(versions[v].name, version) != 0 || !runs_here(v)) continue;
        product(versions[v].run, q, scales, rows, packed, outputs, inputs, first, panels, bias, y);
        return 1;
    }
    return 0;
}
