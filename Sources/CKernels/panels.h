// SPDX-License-Identifier: MIT
// What the products with packed weights share: activations, tiles, and the way over panels and rows.
#ifndef BOXWOOD_PANELS_H
#define BOXWOOD_PANELS_H

#include "include/q8.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))

enum { SCALE_BYTES = BW_Q8_PANEL * sizeof(float) };

// One tile: sums [panels, rows, 16], not yet times the rows' scales. `rows` is 1 to 8; `groups` those of the weight's
// layout; two panels lie one behind the other.
typedef void tile(const int16_t *q, size_t rows, const uint8_t *panel, size_t groups, float *sums);

// A row's two activations of one pair, as 32 bits.
INLINE int32_t both(const int16_t *pair) {
    int32_t bits;
    memcpy(&bits, pair, sizeof bits);
    return bits;
}

// A tile by the number of its rows, which is a constant in each of the bodies: BODY(rows).
#define TILE(name, TARGET, BODY)                                                                                     \
    TARGET static void name(const int16_t *q, size_t rows, const uint8_t *panel, size_t count, float *sums) {        \
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

// A group's integers times its scales onto a row's sums.
AVX2 INLINE void avx2_add(float *sums, __m256i low, __m256 first, __m256i high, __m256 second) {
    _mm256_storeu_ps(sums, _mm256_add_ps(_mm256_loadu_ps(sums), _mm256_mul_ps(_mm256_cvtepi32_ps(low), first)));
    sums += 8;
    _mm256_storeu_ps(sums, _mm256_add_ps(_mm256_loadu_ps(sums), _mm256_mul_ps(_mm256_cvtepi32_ps(high), second)));
}

AVX512 INLINE void avx512_add(float *sums, __m512i sum, __m512 scales) {
    _mm512_storeu_ps(sums, _mm512_add_ps(_mm512_loadu_ps(sums), _mm512_mul_ps(_mm512_cvtepi32_ps(sum), scales)));
}
#endif

// One layout's code for one kind of CPU.
struct version {
    const char *name;
    // Of one panel, and of two, which is NULL where registers do not suffice.
    tile *one, *two;
    int (*runs_here)(void);
    // Where reading the layout takes time that matters: a panel in 8 bits, and a tile of it, for when there are several tiles.
    void (*unpack)(const uint8_t *panel, size_t groups, uint8_t *unpacked);
    tile *unpacked;
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

// A layout of packed weights with so many inputs.
struct layout {
    size_t groups, panel_bytes;
    // Of one panel in 8 bits, where it can be unpacked.
    size_t unpacked_bytes;
};

struct activations {
    const int16_t *q;
    const float *scales;
    size_t rows, padded;
};

struct outputs {
    const float *bias;
    float *y;
    size_t count;
};

// From this many rows on, two panels at a time are worth a second stream of weights.
enum { PAIRED_ROWS = 4 };

static inline void finish(const float *sums, struct activations x, size_t row, size_t rows, struct outputs to, size_t start) {
    size_t width = to.count - start < BW_Q8_PANEL ? to.count - start : BW_Q8_PANEL;
    for (size_t r = row; r < row + rows; r++, sums += BW_Q8_PANEL)
        for (size_t c = 0; c < width; c++) {
            float scaled = sums[c] * x.scales[r];
            to.y[r * to.count + start + c] = to.bias ? scaled + to.bias[start + c] : scaled;
        }
}

// One or two panels, from output `start` on, by all rows. Meanwhile the `fetched` bytes at `next` come into the cache.
static inline void panels_by_rows(
    tile *run, const uint8_t *panel, size_t panels, size_t groups, struct activations x, const uint8_t *next,
    size_t fetched, struct outputs to, size_t start) {
    float sums[2 * BW_Q8_ROWS * BW_Q8_PANEL];
    enum { LINE = 64 };
    size_t tiles = (x.rows + BW_Q8_ROWS - 1) / BW_Q8_ROWS, share = fetched / tiles + LINE;
    for (size_t r = 0; r < x.rows; r += BW_Q8_ROWS, next += share) {
        size_t rows = x.rows - r < BW_Q8_ROWS ? x.rows - r : BW_Q8_ROWS;
        for (size_t b = 0; tiles > 1 && b < share; b += LINE) __builtin_prefetch(next + b, 0, 2);
        run(x.q + r * x.padded, rows, panel, groups, sums);
        for (size_t p = 0; p < panels; p++)
            finish(sums + p * rows * BW_Q8_PANEL, x, r, rows, to, start + p * BW_Q8_PANEL);
    }
}

// y[r, i] = sum of x * w + bias[i], for all rows and the outputs of `panels` panels from number `first` on.
static inline void product(
    const struct version *version, struct layout layout, const uint8_t *packed, struct activations x, size_t first,
    size_t panels, struct outputs to) {
    // Without room for an unpacked panel they are read as they are, which is slower and gives the same bits.
    uint8_t *room = version->unpack && x.rows > BW_Q8_ROWS ? malloc(layout.unpacked_bytes) : NULL;
    tile *one = room ? version->unpacked : version->one, *two = x.rows >= PAIRED_ROWS ? version->two : NULL;
    for (size_t p = first, end = first + panels; p < end;) {
        size_t count = two && p + 1 < end ? 2 : 1;
        const uint8_t *panel = packed + p * layout.panel_bytes, *next = panel + count * layout.panel_bytes;
        if (room) {
            version->unpack(panel, layout.groups, room);
            panel = room;
        }
        panels_by_rows(count == 2 ? two : one, panel, count, layout.groups, x, next, count * layout.panel_bytes, to,
                       p * BW_Q8_PANEL);
        p += count;
    }
    free(room);
}

#endif
