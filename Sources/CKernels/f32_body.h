// SPDX-License-Identifier: MIT
// The product's body, compiled once for each CPU version: NAME(f) names a version's function, TARGET its attributes,
// TILE_ROWS by TILE_OUTPUTS the tile whose sums fit its registers; a block of packed activations has TILE_ROWS rows.

// Four sums, each folded to one number: half of the lanes onto the other until one is left, all four at once.
TARGET INLINE void NAME(fold)(const lanes sums[4], float folded[4]) {
    lanes a = sums[0], b = sums[1], c = sums[2], d = sums[3];
    lanes ab = SHUFFLED(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
               SHUFFLED(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    lanes cd = SHUFFLED(c, d, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
               SHUFFLED(c, d, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    lanes all = SHUFFLED(ab, cd, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
                SHUFFLED(ab, cd, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    all += SHUFFLED(all, all, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
    all += SHUFFLED(all, all, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
    for (size_t i = 0; i < 4; i++) folded[i] = all[4 * i];
}

// One tile, over the inputs of a part. `rows` and `outputs` are constants wherever this is inlined. On the way, the part
// of `fetched` rows of weights that come next is brought into the cache.
TARGET INLINE void NAME(tile)(
    const float *x, const size_t rows, const float *w, const size_t outputs, struct part part, const float *next,
    size_t fetched, size_t stride, float *y) {
    lanes sums[TILE_ROWS * TILE_OUTPUTS + 3] = {0};
    size_t inputs = part.inputs, whole = part.end - (part.end - part.start) % LANES;
    for (size_t k = part.start; k < whole; k += LANES, x += rows * LANES) {
        for (size_t i = 0; i < fetched; i++) __builtin_prefetch(next + i * inputs + k, 0, 2);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (size_t i = 0; i < outputs; i++)
                sums[r * outputs + i] += *(const lanes *)(x + r * LANES) * *(const lanes *)(w + i * inputs + k);
    }
    float folded[TILE_ROWS * TILE_OUTPUTS + 3];
#pragma clang loop unroll(full)
    for (size_t s = 0; s < rows * outputs; s += 4) NAME(fold)(sums + s, folded + s);
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < outputs; i++) {
            float sum = folded[r * outputs + i];
            for (size_t k = whole; k < part.end; k++) sum += x[r * LANES + k - whole] * w[i * inputs + k];
            y[r * stride + i] = part.start == 0 ? sum : y[r * stride + i] + sum;
        }
}

// All rows by one tile's outputs, over the inputs of a part. While the tiles are worked on, the weights of the next
// outputs are fetched, some rows of them with every tile; behind the last outputs that fetches for nothing.
TARGET INLINE void NAME(column)(
    const float *x, size_t rows, const float *w, const size_t outputs, struct part part, size_t stride, float *y) {
    size_t block = bw_f32_packed(1, part.end - part.start) * TILE_ROWS;
    size_t tiles = (rows + TILE_ROWS - 1) / TILE_ROWS, left = outputs, share = (outputs + tiles - 1) / tiles;
    const float *next = w + outputs * part.inputs;
    for (; rows >= TILE_ROWS; rows -= TILE_ROWS, x += block, y += TILE_ROWS * stride) {
        if (left < share) share = left;
        NAME(tile)(x, TILE_ROWS, w, outputs, part, next, share, stride, y);
        left -= share;
        next += share * part.inputs;
    }
    // The last rows; a constant's cases beyond the tile are left out by the compiler.
    switch (rows % TILE_ROWS) {
    case 5: NAME(tile)(x, 5, w, outputs, part, next, left, stride, y); break;
    case 4: NAME(tile)(x, 4, w, outputs, part, next, left, stride, y); break;
    case 3: NAME(tile)(x, 3, w, outputs, part, next, left, stride, y); break;
    case 2: NAME(tile)(x, 2, w, outputs, part, next, left, stride, y); break;
    case 1: NAME(tile)(x, 1, w, outputs, part, next, left, stride, y); break;
    default: break;
    }
}

TARGET static void NAME(columns)(
    const float *x, size_t rows, const float *w, size_t outputs, struct part part, size_t stride, float *y) {
    size_t i = 0;
    for (; i + TILE_OUTPUTS <= outputs; i += TILE_OUTPUTS)
        NAME(column)(x, rows, w + i * part.inputs, TILE_OUTPUTS, part, stride, y + i);
    for (; i < outputs; i++) NAME(column)(x, rows, w + i * part.inputs, 1, part, stride, y + i);
}

// With many rows, a part of some of them is used on all outputs while it is in the cache. With few, what counts is that the
// weights are read in the order in which they lie.
TARGET static void NAME(product)(
    const float *x, size_t rows, const float *w, size_t outputs, size_t inputs, size_t stride, float *y) {
    size_t step = rows > TILE_ROWS ? outputs : TILE_OUTPUTS;
    for (size_t i = 0; i < outputs; i += step)
        for (size_t start = 0; start < inputs; start += DEPTH) {
            struct part part = part_from(start, inputs);
            size_t count = outputs - i < step ? outputs - i : step;
            for (size_t r = 0; r < rows; r += CACHED_ROWS)
                NAME(columns)(x + start * rows + bw_f32_packed(r, part.end - start),
                              rows - r < CACHED_ROWS ? rows - r : CACHED_ROWS, w + i * inputs, count, part, stride,
                              y + r * stride + i);
        }
}
