// SPDX-License-Identifier: MIT
// Runs every kernel over odd shapes, in memory of exactly the right size, for the address and undefined-behaviour
// sanitizers to watch; and holds the versions of the products against each other and against a plain sum.
#include "CKernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what) {
    fprintf(stderr, "sanitize: %s\n", what);
    exit(1);
}

static void *room(size_t bytes) {
    void *memory = malloc(bytes);
    return memory ? memory : (fail("out of memory"), NULL);
}

static float *numbers(size_t count) {
    float *x = room(count * sizeof *x);
    for (size_t i = 0; i < count; i++) x[i] = (float)(rand() % 2001 - 1000) / 500;
    return x;
}

// A layout of packed weights.
struct layout {
    size_t (*panel_bytes)(size_t inputs);
    void (*pack)(const float *w, size_t outputs, size_t inputs, size_t first, size_t panels, uint8_t *packed);
    void (*unpack_row)(const uint8_t *packed, size_t inputs, size_t row, float *x);
    int (*product)(const char *version, const uint8_t *x, size_t rows, const uint8_t *packed, size_t outputs,
                   size_t inputs, size_t first, size_t panels, const float *bias, float *y);
};
static void pack_four(const float *w, size_t outputs, size_t inputs, size_t first, size_t panels, uint8_t *packed) {
    float *importance = numbers(inputs);
    for (size_t i = 0; i < inputs; i++) importance[i] = fabsf(importance[i]);
    bw_q4_pack(w, importance, outputs, inputs, first, panels, packed);
    free(importance);
}

static const struct layout layouts[] = {
    {bw_q8_panel_bytes, bw_q8_pack, bw_q8_unpack_row, bw_q8_product_version},
    {bw_q4_panel_bytes, pack_four, bw_q4_unpack_row, bw_q4_product_version},
};

static void packed(struct layout layout, const float *x, size_t rows, const float *w, size_t outputs, size_t inputs) {
    size_t panels = (outputs + BW_Q8_PANEL - 1) / BW_Q8_PANEL, size = rows * outputs * sizeof(float);
    uint8_t *packed = room(panels * layout.panel_bytes(inputs));
    uint8_t *q = room(bw_q8_activation_bytes(rows, inputs));
    float *bias = numbers(outputs), *y = room(size), *other = room(size);
    layout.pack(w, outputs, inputs, 0, panels, packed);
    bw_q8_quantise(x, rows, inputs, q);
    if (!layout.product("generic", q, rows, packed, outputs, inputs, 0, panels, bias, y))
        fail("the plain version does not run");
    const char *versions[] = {"avx2", "avx512vnni"};
    for (size_t v = 0; v < 2; v++)
        if (layout.product(versions[v], q, rows, packed, outputs, inputs, 0, panels, bias, other) &&
            memcmp(y, other, size) != 0)
            fail("two versions of a product with packed weights differ");
    float *row = room(inputs * sizeof *row);
    for (size_t i = 0; i < outputs; i++) layout.unpack_row(packed, inputs, i, row);
    free(packed), free(q), free(bias), free(y), free(other), free(row);
}

static void single(const float *x, size_t rows, const float *w, size_t outputs, size_t inputs) {
    float *packed = room(bw_f32_packed(rows, inputs) * sizeof *packed), *y = room(rows * outputs * sizeof *y);
    for (int version = BW_F32_GENERIC; version <= BW_F32_AVX512; version++) {
        if (!bw_f32_runs(version)) continue;
        bw_f32_pack(version, x, rows, inputs, packed);
        bw_f32_product(version, packed, rows, w, outputs, inputs, outputs, y);
        for (size_t i = 0; i < rows * outputs; i++) {
            double exact = 0;
            for (size_t k = 0; k < inputs; k++) exact += (double)x[i / outputs * inputs + k] * w[i % outputs * inputs + k];
            if (fabs(exact - y[i]) > 1e-3) fail("a product in single precision is not its sum");
        }
    }
    free(packed), free(y);
}

static void attention(size_t rows, size_t length, size_t width, size_t heads) {
    size_t size = width / heads;
    float *q = numbers(rows * width), *k = numbers(length * width), *v = numbers(length * width);
    float *output = room(rows * width * sizeof *output), *scores = room(BW_ATTENTION_QUERIES * length * sizeof *scores);
    for (size_t h = 0; h < heads; h++)
        bw_attention(q + h * size, rows, k + h * size, v + h * size, length, width, size, length - rows + 1, scores,
                     output + h * size);
    free(q), free(k), free(v), free(output), free(scores);
}

static void by_rows(size_t rows, size_t width) {
    float *x = numbers(rows * width), *gamma = numbers(width), *y = room(rows * width * sizeof *y);
    bw_layer_norm(x, gamma, gamma, 1e-5f, rows, width, y);
    bw_gelu(y, rows * width);
    bw_quick_gelu(y, rows * width);
    bw_l2_normalize(y, rows, width, 1e-12f);
    bw_add_row(y, gamma, rows, width);
    bw_add(y, x, rows * width);
    uint16_t *halves = room(width * sizeof *halves);
    for (size_t i = 0; i < width; i++) halves[i] = (uint16_t)rand();
    bw_widen_f16(halves, width, gamma);
    bw_widen_bf16(halves, width, gamma);
    free(x), free(gamma), free(y), free(halves);
}

int main(void) {
    static const size_t shapes[][3] = {{1, 1, 1},    {1, 3, 5},    {2, 127, 16}, {3, 128, 17}, {5, 129, 15}, {6, 256, 48},
                                       {7, 588, 33}, {13, 640, 40}, {71, 130, 31}, {4, 15, 4},   {12, 16, 7},  {1, 17, 3},
                                       {3, 1024, 5}, {7, 1025, 4}, {14, 2050, 6}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        size_t rows = shapes[s][0], inputs = shapes[s][1], outputs = shapes[s][2];
        float *x = numbers(rows * inputs), *w = numbers(outputs * inputs);
        for (size_t l = 0; l < sizeof layouts / sizeof *layouts; l++) packed(layouts[l], x, rows, w, outputs, inputs);
        single(x, rows, w, outputs, inputs);
        by_rows(rows, inputs);
        free(x), free(w);
    }
    attention(1, 1, 4, 1), attention(5, 9, 36, 3), attention(7, 7, 64, 1), attention(13, 40, 96, 3);
    puts("sanitize: kernels are clean");
}
