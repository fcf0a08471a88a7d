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

enum { SCALE_BYTES = BW_Q8_PANEL * sizeof(float), QUAD = 4, QUAD_BYTES = QUAD * BW_Q8_PANEL };

// One tile: x · w of `rows` packed activations, 1 to 8, and one panel or two that lie one behind the other, onto
// sums [panels, rows, 16]. `groups` are those of the activations.
typedef void tile(const uint8_t *x, size_t rows, const uint8_t *panel, size_t groups, float *sums);

// A group of activations of a block of rows: each row's scale, then for each part each row's offset, then for every four
// inputs each row's four values.
enum { PART = 32, PARTS = BW_Q8_GROUP / PART };
INLINE size_t block_bytes(size_t rows) { return rows * (sizeof(float) + PARTS * sizeof(int32_t) + BW_Q8_GROUP); }
INLINE const float *block_scales(const uint8_t *x) { return (const float *)x; }
INLINE const int32_t *block_offsets(const uint8_t *x, size_t rows, size_t part) {
    return (const int32_t *)x + (1 + part) * rows;
}
INLINE const int8_t *block_values(const uint8_t *x, size_t rows) { return (const int8_t *)block_offsets(x, rows, PARTS); }

// Four values as 32 bits.
INLINE int32_t four(const int8_t *values) {
    int32_t bits;
    memcpy(&bits, values, sizeof bits);
    return bits;
}

// A tile by the number of its rows, which is a constant in each of the bodies: BODY(rows).
#define TILE(name, TARGET, BODY)                                                                                     \
    TARGET static void name(const uint8_t *x, size_t rows, const uint8_t *panel, size_t count, float *sums) {        \
        switch (rows) {                                                                                              \
        case 1: BODY(1); break;                                                                                      \
        case 2: BODY(2); break;                                                                                      \
        case 3: BODY(3); break;                                                                                      \
        case 4: BODY(4); break;                                                                                      \
        case 5: BODY(5); break;                                                                                      \
        case 6: BODY(6); break;                                                                                      \
        case 7: BODY(7); break;                                                                                      \
        default: BODY(8);                                                                                            \
        }                                                                                                            \
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

// One layout's code for one kind of CPU.
struct version {
    const char *name;
    // Of one panel, and of two, which is NULL where registers do not suffice.
    tile *one, *two;
    int (*runs_here)(void);
};

static inline int always(void) { return 1; }

// The version of that name, or the fastest where it is NULL; NULL where this CPU lacks it. The fastest comes first; the
// last runs everywhere.
static inline const struct version *find(const struct version *versions, const char *name) {
    for (;; versions++) {
        if (versions->runs_here() && (!name || strcmp(versions->name, name) == 0)) return versions;
        if (versions->runs_here == always) return NULL;
    }
}

// A layout of packed weights with so many inputs, in so many groups of activations.
struct layout {
    size_t groups, panel_bytes;
};

struct outputs {
    const float *bias;
    float *y;
    size_t count;
};

// From this many rows on, two panels at a time are worth a second stream of weights.
enum { PAIRED_ROWS = 4 };

static inline void finish(const float *sums, size_t row, size_t rows, struct outputs to, size_t start) {
    size_t width = to.count - start < BW_Q8_PANEL ? to.count - start : BW_Q8_PANEL;
    for (size_t r = row; r < row + rows; r++, sums += BW_Q8_PANEL)
        for (size_t c = 0; c < width; c++)
            to.y[r * to.count + start + c] = to.bias ? sums[c] + to.bias[start + c] : sums[c];
}

// One or two panels, from output `start` on, by all rows. Meanwhile the `fetched` bytes at `next` come into the cache.
static inline void panels_by_rows(
    const struct version *version, const uint8_t *panel, size_t panels, size_t groups, const uint8_t *x, size_t rows,
    const uint8_t *next, size_t fetched, struct outputs to, size_t start) {
    float sums[2 * BW_Q8_ROWS * BW_Q8_PANEL];
    enum { LINE = 64 };
    size_t tiles = (rows + BW_Q8_ROWS - 1) / BW_Q8_ROWS, share = fetched / tiles + LINE;
    tile *run = panels == 2 ? version->two : version->one;
    for (size_t r = 0; r < rows; r += BW_Q8_ROWS, next += share) {
        size_t block = rows - r < BW_Q8_ROWS ? rows - r : BW_Q8_ROWS;
        for (size_t b = 0; tiles > 1 && b < share; b += LINE) __builtin_prefetch(next + b, 0, 2);
        memset(sums, 0, panels * block * BW_Q8_PANEL * sizeof *sums);
        run(x + groups * block_bytes(r), block, panel, groups, sums);
        for (size_t p = 0; p < panels; p++) finish(sums + p * block * BW_Q8_PANEL, r, block, to, start + p * BW_Q8_PANEL);
    }
}

// y[r, i] = sum of x * w + bias[i], for all rows and the outputs of `panels` panels from number `first` on.
static inline void product(
    const struct version *version, struct layout layout, const uint8_t *packed, const uint8_t *x, size_t rows,
    size_t first, size_t panels, struct outputs to) {
    int paired = version->two && rows >= PAIRED_ROWS;
    for (size_t p = first, end = first + panels; p < end;) {
        size_t count = paired && p + 1 < end ? 2 : 1;
        const uint8_t *panel = packed + p * layout.panel_bytes, *next = panel + count * layout.panel_bytes;
        panels_by_rows(version, panel, count, layout.groups, x, rows, next, count * layout.panel_bytes, to,
                       p * BW_Q8_PANEL);
        p += count;
    }
}

#endif
