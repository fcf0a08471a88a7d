// SPDX-License-Identifier: MIT
// Packing of weights and activations, and the choice of a version of the product for this CPU. The versions differ only in
// how one tile is summed.
#include "packed_rows.h"

#include <math.h>

enum { GROUP_BYTES = SCALE_BYTES + BW_Q8_PANEL * BW_Q8_GROUP };

static size_t groups(size_t inputs) { return (inputs + BW_Q8_GROUP - 1) / BW_Q8_GROUP; }

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
static size_t place(size_t c, size_t i) { return (i / QUAD * BW_Q8_PANEL + c) * QUAD + i % QUAD; }

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

// Rounds activations to integers. Adding 1.5 * 2^23 rounds, ties to even, and leaves the integer in the low bits; a loop of
// it becomes vector code.
static void round_all(const float *x, size_t count, float inverse, int8_t *q) {
    for (size_t i = 0; i < count; i++) {
        float shifted = x[i] * inverse + 12582912.0f;
        int32_t bits;
        memcpy(&bits, &shifted, sizeof bits);
        q[i] = (int8_t)bits;
    }
}

static int32_t sum(const int8_t *q, size_t count) {
    int32_t sum = 0;
    for (size_t i = 0; i < count; i++) sum += q[i];
    return sum;
}

// Row `r` of `rows`, its part of a group.
static void quantise_group(const float *x, size_t count, size_t rows, size_t r, uint8_t *packed) {
    int8_t q[BW_Q8_GROUP] = {0};
    float m = largest(x, count);
    // Below that 127 / m would be infinite: the values count as zero.
    if (m < 0x1p-100f) m = 0;
    round_all(x, count, m > 0 ? 127 / m : 0, q);
    ((float *)block_scales(packed))[r] = m / 127;
    for (size_t part = 0; part < PARTS; part++)
        ((int32_t *)block_offsets(packed, rows, part))[r] = -128 * sum(q + part * PART, PART);
    int8_t *values = (int8_t *)block_values(packed, rows) + r * QUAD;
    for (size_t i = 0; i < BW_Q8_GROUP; i += QUAD) memcpy(values + i * rows, q + i, QUAD);
}

static void generic_tile(const uint8_t *x, size_t rows, const uint8_t *panel, size_t count, float *sums) {
    generic_rows(x, rows, panel, BW_Q8_GROUP, count, sums);
}

#if defined(__x86_64__)
#define ONE(rows) avx512_rows(x, rows, panel, 1, count, sums)
#define TWO(rows) avx512_rows(x, rows, panel, 2, count, sums)
#define NARROW(rows) avx2_tile_rows(x, rows, panel, BW_Q8_GROUP, count, sums)
TILE(avx512_one, AVX512, ONE)
TILE(avx512_two, AVX512, TWO)
TILE(avx2_one, AVX2, NARROW)
#endif

static const struct version versions[] = {
#if defined(__x86_64__)
    {"avx512vnni", avx512_one, avx512_two, has_avx512},
    {"avx2", avx2_one, NULL, has_avx2},
#endif
    {"generic", generic_tile, NULL, always},
};

const char *bw_q8_version(void) { return find(versions, NULL)->name; }

size_t bw_q8_activation_bytes(size_t rows, size_t inputs) { return groups(inputs) * block_bytes(rows); }

void bw_q8_quantise(const float *x, size_t rows, size_t inputs, uint8_t *packed) {
    for (size_t start = 0; start < rows; start += BW_Q8_ROWS) {
        size_t block = rows - start < BW_Q8_ROWS ? rows - start : BW_Q8_ROWS;
        for (size_t i = 0; i < inputs; i += BW_Q8_GROUP, packed += block_bytes(block)) {
            size_t count = inputs - i < BW_Q8_GROUP ? inputs - i : BW_Q8_GROUP;
            for (size_t r = 0; r < block; r++) quantise_group(x + (start + r) * inputs + i, count, block, r, packed);
        }
    }
}

int bw_q8_product_version(const char *version, const uint8_t *x, size_t rows, const uint8_t *packed, size_t outputs,
                          size_t inputs, size_t first, size_t panels, const float *bias, float *y) {
    const struct version *found = find(versions, version);
    if (!found) return 0;
    product(found, (struct layout){groups(inputs), bw_q8_panel_bytes(inputs)}, packed, x, rows, first, panels,
            (struct outputs){bias, y, outputs});
    return 1;
}

void bw_q8_product(const uint8_t *x, size_t rows, const uint8_t *packed, size_t outputs, size_t inputs, size_t first,
                   size_t panels, const float *bias, float *y) {
    bw_q8_product_version(NULL, x, rows, packed, outputs, inputs, first, panels, bias, y);
}
