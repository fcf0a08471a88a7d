// SPDX-License-Identifier: MIT
// The choice of a version for this CPU, in one place.
#include "include/kernels.h"

#include <math.h>
#include <string.h>

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
void bw_masked_softmax(float *scores, size_t rows, size_t width, size_t first_visible) {
    CALL(masked_softmax, scores, rows, width, first_visible);
}
void bw_l2_normalize(float *x, size_t rows, size_t width, float epsilon) { CALL(l2_normalize, x, rows, width, epsilon); }
void bw_add_row(float *y, const float *x, size_t rows, size_t width) { CALL(add_row, y, x, rows, width); }
void bw_add(float *y, const float *x, size_t count) { CALL(add, y, x, count); }
void bw_widen_bf16(const void *x, size_t count, float *y) { CALL(widen_bf16, x, count, y); }
void bw_widen_f16(const void *x, size_t count, float *y) { CALL(widen_f16, x, count, y); }
