// SPDX-License-Identifier: MIT
// Rounding of weights to four bits: the scale of each group, and each weight's code.
#include "q4_layout.h"

#include <math.h>
#include <string.h>

#include "include/kernels.h"

// The code of the level nearest to each integer from -128 to 127.
typedef uint8_t nearest_codes[256];
// A group's weights, or a figure for each of them.
typedef float group[BW_Q4_GROUP];

static void find_nearest(nearest_codes nearest) {
    for (int x = -128, code = 0; x < 128; x++) {
        while (code < 15 && 2 * x > levels[code] + levels[code + 1]) code++;
        nearest[x + 128] = (uint8_t)code;
    }
}

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

// Sums in parts that become vector registers.
static float sum(const group x) {
    enum { PARTS = 16 };
    float parts[PARTS] = {0};
    for (size_t i = 0; i < BW_Q4_GROUP; i += PARTS)
        for (size_t j = 0; j < PARTS; j++) parts[j] += x[i + j];
    for (size_t j = 1; j < PARTS; j++) parts[0] += parts[j];
    return parts[0];
}

// The codes of a group's weights where they are multiplied by `inverse` first. Adding 1.5 * 2^23 rounds to an integer and
// leaves it in the low bits.
static void find_codes(const group w, float inverse, const nearest_codes nearest, uint8_t codes[BW_Q4_GROUP]) {
    uint32_t rounded[BW_Q4_GROUP];
    for (size_t i = 0; i < BW_Q4_GROUP; i++) {
        float x = w[i] * inverse;
        x = (x < -128 ? -128 : x > 127 ? 127 : x) + (12582912.0f + 128);
        memcpy(&rounded[i], &x, sizeof x);
    }
    for (size_t i = 0; i < BW_Q4_GROUP; i++) codes[i] = nearest[rounded[i] & 0xFF];
}

// How well the codes of that inverse scale do with the best scale for them, which is `*scale`: what they take off the
// weighted squared error, sum h w^2 at first.
static float gain_of(const group w, const group h, float inverse, const nearest_codes nearest, float *scale) {
    uint8_t codes[BW_Q4_GROUP];
    find_codes(w, inverse, nearest, codes);
    group q, along, length;
    for (size_t i = 0; i < BW_Q4_GROUP; i++) q[i] = levels[codes[i]];
    for (size_t i = 0; i < BW_Q4_GROUP; i++) {
        along[i] = h[i] * w[i] * q[i];
        length[i] = h[i] * q[i] * q[i];
    }
    float a = sum(along), l = sum(length);
    *scale = l > 0 ? a / l : 0;
    return l > 0 ? a * a / l : 0;
}

// The scale of least weighted squared error: of those that put the extreme weight at or around either end of the levels,
// each moved to where its codes want it, the best; then moved again for as long as that helps.
static float best_scale(const group w, const group h, const nearest_codes nearest) {
    enum { STEPS = 8, MOVES = 3 };
    float extreme = 0;
    for (size_t i = 0; i < BW_Q4_GROUP; i++) extreme = h[i] > 0 && fabsf(w[i]) > fabsf(extreme) ? w[i] : extreme;
    if (extreme == 0) return 0;
    float best = 0, most = 0, scale;
    for (int end = 0; end < 16; end += 15)
        for (int step = 0; step < STEPS; step++) {
            float gain = gain_of(w, h, (float)levels[end] * (0.8f + 0.05f * (float)step) / extreme, nearest, &scale);
            if (gain > most) {
                most = gain;
                best = scale;
            }
        }
    for (int move = 0; move < MOVES && best != 0; move++) {
        float gain = gain_of(w, h, 1 / best, nearest, &scale);
        if (!(gain > most)) break;
        most = gain;
        best = scale;
    }
    return best;
}

// One output's group, into its place in `packed`.
static void pack_group(const group w, const group h, size_t c, const nearest_codes nearest, uint8_t *packed) {
    uint16_t half = to_half(best_scale(w, h, nearest));
    memcpy(packed + c * sizeof half, &half, sizeof half);
    float scale = from_half(half);
    uint8_t codes[BW_Q4_GROUP];
    find_codes(w, scale != 0 ? 1 / scale : 0, nearest, codes);
    for (size_t i = 0; i < BW_Q4_GROUP; i++) packed[HALF_BYTES + byte_of(c, i)] |= (uint8_t)(codes[i] << shift_of(i));
}

void bw_q4_pack(const float *w, const float *importance, size_t outputs, size_t inputs, size_t first, size_t panels,
                uint8_t *packed) {
    nearest_codes nearest;
    find_nearest(nearest);
    memset(packed, 0, panels * bw_q4_panel_bytes(inputs));
    for (size_t p = 0; p < panels; p++)
        for (size_t g = 0; g < groups(inputs); g++, packed += GROUP_BYTES) {
            size_t start = g * BW_Q4_GROUP;
            if (start >= inputs) continue;
            size_t length = inputs - start < BW_Q4_GROUP ? inputs - start : BW_Q4_GROUP;
            group h = {0};
            for (size_t i = 0; i < length; i++) h[i] = importance ? importance[start + i] : 1;
            for (size_t c = 0; c < BW_Q8_PANEL && (first + p) * BW_Q8_PANEL + c < outputs; c++) {
                group values = {0};
                memcpy(values, w + (p * BW_Q8_PANEL + c) * inputs + start, length * sizeof *values);
                pack_group(values, h, c, nearest, packed);
            }
        }
}
