// SPDX-License-Identifier: MIT
// Packing, and the versions of the single-precision product.
#include "include/f32.h"

#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define SHUFFLED __builtin_shufflevector
// A tile's weights of so many inputs leave room for activations in a first-level cache, and those of so many rows fit half of
// a second: whole blocks of every version.
enum { LANES = 16, DEPTH = 1024, CACHED_ROWS = 132 };
// As many registers as it takes; memory of floats may be read as one.
typedef float lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));

size_t bw_f32_packed(size_t rows, size_t inputs) { return rows * ((inputs + LANES - 1) / LANES * LANES); }

// The inputs that are summed before the sum is added to the output; of a row that has `inputs` of them.
struct part {
    size_t start, end, inputs;
};

INLINE struct part part_from(size_t start, size_t inputs) {
    return (struct part){start, inputs - start < DEPTH ? inputs : start + DEPTH, inputs};
}

enum { GENERIC_ROWS = 2, AVX2_ROWS = 3, AVX512_ROWS = 6 };

#define NAME(f) generic_##f
#define TARGET
#define TILE_ROWS GENERIC_ROWS
#define TILE_OUTPUTS 1
#include "f32_body.h"
#undef NAME
#undef TARGET
#undef TILE_ROWS
#undef TILE_OUTPUTS

#if defined(__x86_64__)
#define NAME(f) avx2_##f
#define TARGET __attribute__((target("avx2,fma")))
#define TILE_ROWS AVX2_ROWS
#define TILE_OUTPUTS 2
#include "f32_body.h"
#undef NAME
#undef TARGET
#undef TILE_ROWS
#undef TILE_OUTPUTS

#define NAME(f) avx512_##f
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")))
#define TILE_ROWS AVX512_ROWS
#define TILE_OUTPUTS 4
#include "f32_body.h"
#undef NAME
#undef TARGET
#undef TILE_ROWS
#undef TILE_OUTPUTS
#endif

int bw_f32_runs(int version) {
#if defined(__x86_64__)
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (version == BW_F32_AVX2) return avx2;
    if (version == BW_F32_AVX512)
        return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
#endif
    return version == BW_F32_GENERIC;
}

int bw_f32_best(void) {
    int version = BW_F32_AVX512;
    while (!bw_f32_runs(version)) version--;
    return version;
}

static void pack_part(const float *x, size_t rows, struct part part, size_t tile, float *packed) {
    size_t length = part.end - part.start;
    while (rows > 0) {
        size_t block = rows < tile ? rows : tile;
        for (size_t r = 0; r < block; r++)
            for (size_t k = 0; k < length; k += LANES)
                memcpy(packed + (k / LANES * block + r) * LANES, x + r * part.inputs + part.start + k,
                       (length - k < LANES ? length - k : LANES) * sizeof *x);
        rows -= block;
        x += block * part.inputs;
        packed += bw_f32_packed(block, length);
    }
}

void bw_f32_pack(int version, const float *x, size_t rows, size_t inputs, float *packed) {
    static const size_t tile[] = {GENERIC_ROWS, AVX2_ROWS, AVX512_ROWS};
    for (size_t start = 0; start < inputs; start += DEPTH)
        pack_part(x, rows, part_from(start, inputs), tile[version], packed + start * rows);
}

void bw_f32_product(int version, const float *packed, size_t rows, const float *w, size_t outputs, size_t inputs,
                    size_t stride, float *y) {
    switch (version) {
#if defined(__x86_64__)
    case BW_F32_AVX512: avx512_product(packed, rows, w, outputs, inputs, stride, y); break;
    case BW_F32_AVX2: avx2_product(packed, rows, w, outputs, inputs, stride, y); break;
#endif
    default: generic_product(packed, rows, w, outputs, inputs, stride, y);
    }
}
