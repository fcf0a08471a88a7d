// SPDX-License-Identifier: MIT
// What the products with packed weights share: activations, tiles, and the way over panels and rows.
#ifndef BOXWOOD_PANELS_H
#define BOXWOOD_PANELS_H

#include "include/q8.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))

// One tile: sums [rows, 16], not yet times the rows' scales. `rows` is 1 to 6; `groups` those of the weight's layout.
typedef void tile(const int16_t *q, size_t rows, const uint8_t *panel, size_t groups, float *sums);

// A row's two activations of one pair, as 32 bits.
INLINE int32_t both(const int16_t *pair) {
    int32_t bits;
    memcpy(&bits, pair, sizeof bits);
    return bits;
}

// A tile by the number of its rows, which is a constant in each of the bodies.
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

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,f16c")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,f16c")))

static inline int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c"); }
static inline int has_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("f16c");
}
#endif

// The versions of one layout's tile, the fastest first; the last runs everywhere.
struct version {
    const char *name;
    tile *run;
    int (*runs_here)(void);
};

static inline int always(void) { return 1; }

// The version of that name, or the fastest where it is NULL; NULL where this CPU lacks it.
static inline tile *find(const struct version *versions, const char *name) {
    for (;; versions++) {
        if (versions->runs_here() && (!name || strcmp(versions->name, name) == 0)) return versions->run;
        if (versions->runs_here == always) return NULL;
    }
}

// y[r, i] = sum of x * w + bias[i], for all rows and the outputs of `panels` panels from number `first` on.
static inline void product(
    tile *run, const int16_t *q, const float *scales, size_t rows, const uint8_t *packed, size_t outputs, size_t padded,
    size_t group, size_t panel_bytes, size_t first, size_t panels, const float *bias, float *y) {
    float sums[BW_Q8_ROWS * BW_Q8_PANEL];
    for (size_t p = first; p < first + panels; p++) {
        size_t start = p * BW_Q8_PANEL;
        size_t width = outputs - start < BW_Q8_PANEL ? outputs - start : BW_Q8_PANEL;
        for (size_t r = 0; r < rows; r += BW_Q8_ROWS) {
            size_t block = rows - r < BW_Q8_ROWS ? rows - r : BW_Q8_ROWS;
            run(q + r * padded, block, packed + p * panel_bytes, padded / group, sums);
            for (size_t i = 0; i < block; i++)
                for (size_t c = 0; c < width; c++) {
                    float scaled = sums[i * BW_Q8_PANEL + c] * scales[r + i];
                    y[(r + i) * outputs + start + c] = bias ? scaled + bias[start + c] : scaled;
                }
        }
    }
}

#endif
