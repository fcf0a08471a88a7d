// SPDX-License-Identifier: MIT
// The product's body, compiled once for each CPU version: NAME(f) names a version's function, TARGET its attributes,
// TILE_ROWS by TILE_OUTPUTS the tile whose sums fit its registers; a block of packed activations has TILE_ROWS rows.

// One tile. `rows` and `outputs` are constants wherever this is inlined.
TARGET INLINE void NAME(tile)(
    const float *x, const size_t rows, const float *w, const size_t outputs, size_t inputs, size_t stride, float *y) {
    lanes sums[TILE_ROWS][TILE_OUTPUTS] = {0};
    size_t whole = inputs / LANES * LANES;
    for (size_t k = 0; k < whole; k += LANES, x += rows * LANES)
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (size_t i = 0; i < outputs; i++)
                sums[r][i] += *(const lanes *)(x + r * LANES) * *(const lanes *)(w + i * inputs + k);
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < outputs; i++) {
            float parts[LANES];
            memcpy(parts, &sums[r][i], sizeof parts);
            for (size_t half = LANES / 2; half > 0; half /= 2)
                for (size_t j = 0; j < half; j++) parts[j] += parts[j + half];
            for (size_t k = whole; k < inputs; k++) parts[0] += x[r * LANES + k - whole] * w[i * inputs + k];
            y[r * stride + i] = parts[0];
        }
}

// All rows by one tile's outputs.
TARGET INLINE void NAME(column)(
    const float *x, size_t rows, const float *w, const size_t outputs, size_t inputs, size_t stride, float *y) {
    size_t block = bw_f32_packed(1, inputs) * TILE_ROWS;
    for (; rows >= TILE_ROWS; rows -= TILE_ROWS, x += block, y += TILE_ROWS * stride)
        NAME(tile)(x, TILE_ROWS, w, outputs, inputs, stride, y);
    // The last rows; a constant's cases beyond the tile are left out by the compiler.
    switch (rows % TILE_ROWS) {
    case 5: NAME(tile)(x, 5, w, outputs, inputs, stride, y); break;
    case 4: NAME(tile)(x, 4, w, outputs, inputs, stride, y); break;
    case 3: NAME(tile)(x, 3, w, outputs, inputs, stride, y); break;
    case 2: NAME(tile)(x, 2, w, outputs, inputs, stride, y); break;
    case 1: NAME(tile)(x, 1, w, outputs, inputs, stride, y); break;
    default: break;
    }
}

TARGET static void NAME(product)(
    const float *x, size_t rows, const float *w, size_t outputs, size_t inputs, size_t stride, float *y) {
    size_t i = 0;
    for (; i + TILE_OUTPUTS <= outputs; i += TILE_OUTPUTS)
        NAME(column)(x, rows, w + i * inputs, TILE_OUTPUTS, inputs, stride, y + i);
    for (; i < outputs; i++) NAME(column)(x, rows, w + i * inputs, 1, inputs, stride, y + i);
}
