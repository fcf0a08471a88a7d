// SPDX-License-Identifier: MIT
// The choice of a version for this CPU, in one place.
#include "include/kernels.h"

#include <math.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
// Partial sums of a reduction, and queries of one pass over keys and values.
enum { LANES = 16, QUERIES = BW_ATTENTION_QUERIES };
// The same as one value, which the compiler keeps in as many registers as it takes. Memory of floats may be read as one.
typedef float lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));

// e to the power of x, to 1.2e-7 relatively; x is clamped to what float32 can hold. A loop of it becomes vector code.
INLINE float fast_exp(float x) {
    x = x > 88 ? 88 : x;
    x = x < -87 ? -87 : x;
    // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
    float shifted = x * 1.44269504088896341f + 12582912.0f;
    float n = shifted - 12582912.0f;
    // ln 2 in two parts, the first exact in few bits: n times it is exact.
    float r = x - n * 0.693359375f - n * -2.12194440e-4f;
    // Least-maximum polynomial of e^r on +-ln(2)/2, fitted at Chebyshev nodes.
    float p = 0.0013949769781902432f;
    p = p * r + 0.00837596133351326f;
    p = p * r + 0.04166619852185249f;
    p = p * r + 0.16666404902935028f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    int32_t power;
    memcpy(&power, &shifted, 4);
    power = (int32_t)((uint32_t)(power - 0x4B400000 + 127) << 23);
    float scale;
    memcpy(&scale, &power, 4);
    return p * scale;
}

// The error function, to 1.5e-7: below 1 an odd polynomial, above it 1 - exp of a polynomial; both fitted at Chebyshev
// nodes.
INLINE float fast_erf(float x) {
    float a = fabsf(x), u = x * x;
    float small = 7.882497448008507e-05f;
    small = small * u - 0.0008018855005502701f;
    small = small * u + 0.005189312156289816f;
    small = small * u - 0.02685432881116867f;
    small = small * u + 0.11283597350120544f;
    small = small * u - 0.3761262595653534f;
    small = small * u + 1.1283791065216064f;
    float l = a < 4 ? a : 4;
    float large = -1.6140616025950294e-06f;
    large = large * l + 4.559062290354632e-05f;
    large = large * l - 0.0005927695310674608f;
    large = large * l + 0.004740222357213497f;
    large = large * l - 0.02636471763253212f;
    large = large * l + 0.10997824370861053f;
    large = large * l + 0.6319370865821838f;
    large = large * l + 1.1301666498184204f;
    large = large * l - 0.00030321296071633697f;
    float tail = 1 - fast_exp(-large);
    return a < 1 ? x * small : x < 0 ? -tail : tail;
}

#define NAME(f) generic_##f
#define TARGET
#include "kernels_body.h"
#undef NAME
#undef TARGET

#if defined(__x86_64__)
#define NAME(f) avx2_##f
#define TARGET __attribute__((target("avx2,fma")))
#include "kernels_body.h"
#undef NAME
#undef TARGET

static int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

// AVX-512 versions of these loops were tried and are no faster on Zen 4; attention is slower.
#define CALL(f, ...) \
    do { \
        if (has_avx2()) \
            avx2_##f(__VA_ARGS__); \
        else \
            generic_##f(__VA_ARGS__); \
    } while (0)
#else
static int has_avx2(void) { return 0; }
#define CALL(f, ...) generic_##f(__VA_ARGS__)
#endif

const char *bw_kernels_version(void) { return has_avx2() ? "avx2" : "generic"; }

void bw_layer_norm(const float *x, const float *gamma, const float *beta, float epsilon, size_t rows, size_t width, float *y) {
    CALL(layer_norm, x, gamma, beta, epsilon, rows, width, y);
}
void bw_gelu(float *x, size_t count) { CALL(gelu, x, count); }
void bw_quick_gelu(float *x, size_t count) { CALL(quick_gelu, x, count); }
void bw_attention(const float *q, size_t rows, const float *k, const float *v, size_t length, size_t width, size_t size,
                  size_t first_visible, float *scores, float *output) {
    CALL(attention, q, rows, k, v, length, width, size, first_visible, scores, output);
}
void bw_l2_normalize(float *x, size_t rows, size_t width, float epsilon) { CALL(l2_normalize, x, rows, width, epsilon); }
void bw_add_row(float *y, const float *x, size_t rows, size_t width) { CALL(add_row, y, x, rows, width); }
void bw_add(float *y, const float *x, size_t count) { CALL(add, y, x, count); }
void bw_widen_bf16(const void *x, size_t count, float *y) { CALL(widen_bf16, x, count, y); }
void bw_widen_f16(const void *x, size_t count, float *y) { CALL(widen_f16, x, count, y); }
