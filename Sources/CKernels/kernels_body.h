// SPDX-License-Identifier: MIT
// The kernels' bodies, compiled once for each CPU version: NAME(f) names a version's function, TARGET its attributes.
// Loops are plain so that the compiler vectorises them for the version's registers.

// Sums in LANES parts that the compiler keeps in vector registers; the order is the same for every version and row.
TARGET static double NAME(sum)(const float *x, size_t count, double centre, int squared) {
    double parts[LANES] = {0};
    size_t whole = count / LANES * LANES;
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t j = 0; j < LANES; j++) {
            double d = x[i + j] - centre;
            parts[j] += squared ? d * d : d;
        }
    double total = 0;
    for (size_t j = 0; j < LANES; j++) total += parts[j];
    for (size_t i = whole; i < count; i++) {
        double d = x[i] - centre;
        total += squared ? d * d : d;
    }
    return total;
}

TARGET static void NAME(layer_norm)(
    const float *x, const float *gamma, const float *beta, float epsilon, size_t rows, size_t width, float *y) {
    for (size_t r = 0; r < rows; r++, x += width, y += width) {
        double mean = NAME(sum)(x, width, 0, 0) / (double)width;
        double squares = NAME(sum)(x, width, mean, 1);
        float scale = (float)(1.0 / sqrt(squares / (double)width + epsilon));
        float centre = (float)mean;
        for (size_t i = 0; i < width; i++) y[i] = (x[i] - centre) * scale * gamma[i] + beta[i];
    }
}

TARGET static void NAME(gelu)(float *x, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] = 0.5f * x[i] * (1.0f + fast_erf(x[i] * 0.70710678118654752f));
}

TARGET static void NAME(quick_gelu)(float *x, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] = x[i] / (1.0f + fast_exp(-1.702f * x[i]));
}

// Softmax of the first `count` scores.
TARGET static void NAME(softmax)(float *scores, size_t count) {
    float largest = -INFINITY;
    for (size_t i = 0; i < count; i++) largest = scores[i] > largest ? scores[i] : largest;
    for (size_t i = 0; i < count; i++) scores[i] = fast_exp(scores[i] - largest);
    float inverse = (float)(1.0 / NAME(sum)(scores, count, 0, 0));
    for (size_t i = 0; i < count; i++) scores[i] *= inverse;
}

// The sum of all parts, halves folded onto halves.
TARGET INLINE float NAME(total)(const lanes *parts) {
    float p[LANES];
    memcpy(p, parts, sizeof p);
    for (size_t half = LANES / 2; half > 0; half /= 2)
        for (size_t j = 0; j < half; j++) p[j] += p[j + half];
    return p[0];
}

// Scores of `rows` queries, a constant of at most QUERIES, against `count` keys: each key is read once for all of them.
TARGET INLINE void NAME(dots)(
    const float *q, const size_t rows, const float *k, size_t width, size_t size, size_t count, float scale,
    float *scores, size_t stride) {
    size_t whole = size / LANES * LANES;
    for (size_t l = 0; l < count; l++, k += width) {
        lanes parts[QUERIES] = {0};
        for (size_t i = 0; i < whole; i += LANES)
            for (size_t r = 0; r < rows; r++)
                parts[r] += *(const lanes *)(q + r * width + i) * *(const lanes *)(k + i);
        for (size_t r = 0; r < rows; r++) {
            float sum = NAME(total)(parts + r);
            for (size_t i = whole; i < size; i++) sum += q[r * width + i] * k[i];
            scores[r * stride + l] = sum * scale;
        }
    }
}

// The weighted means of `count` values for `rows` queries, a constant of at most QUERIES.
TARGET INLINE void NAME(mix)(
    const float *weights, size_t stride, const size_t rows, const float *v, size_t width, size_t size, size_t count,
    float *output) {
    size_t start = 0;
    for (; start + LANES <= size; start += LANES) {
        lanes parts[QUERIES] = {0};
        for (size_t l = 0; l < count; l++)
            for (size_t r = 0; r < rows; r++)
                parts[r] += weights[r * stride + l] * *(const lanes *)(v + l * width + start);
        for (size_t r = 0; r < rows; r++) *(lanes *)(output + r * width + start) = parts[r];
    }
    for (; start < size; start++)
        for (size_t r = 0; r < rows; r++) {
            float sum = 0;
            for (size_t l = 0; l < count; l++) sum += weights[r * stride + l] * v[l * width + start];
            output[r * width + start] = sum;
        }
}

// Each row by itself comes to the same bits as among others: a weight of exactly 0 beyond what it sees adds nothing.
TARGET INLINE void NAME(attend)(
    const float *q, const size_t rows, const float *k, const float *v, size_t length, size_t width, size_t size,
    size_t first_visible, float *scores, float *output) {
    size_t visible[QUERIES];
    for (size_t r = 0; r < rows; r++) visible[r] = first_visible + r < length ? first_visible + r : length;
    size_t seen = visible[rows - 1];
    NAME(dots)(q, rows, k, width, size, seen, 1 / sqrtf((float)size), scores, length);
    for (size_t r = 0; r < rows; r++) {
        NAME(softmax)(scores + r * length, visible[r]);
        for (size_t l = visible[r]; l < seen; l++) scores[r * length + l] = 0;
    }
    NAME(mix)(scores, length, rows, v, width, size, seen, output);
}

TARGET static void NAME(attention)(
    const float *q, size_t rows, const float *k, const float *v, size_t length, size_t width, size_t size,
    size_t first_visible, float *scores, float *output) {
    size_t r = 0;
    for (; r + QUERIES <= rows; r += QUERIES)
        NAME(attend)(q + r * width, QUERIES, k, v, length, width, size, first_visible + r, scores, output + r * width);
    for (; r < rows; r++)
        NAME(attend)(q + r * width, 1, k, v, length, width, size, first_visible + r, scores, output + r * width);
}

TARGET static void NAME(l2_normalize)(float *x, size_t rows, size_t width, float epsilon) {
    for (size_t r = 0; r < rows; r++, x += width) {
        double squares = 0;
        for (size_t i = 0; i < width; i++) squares += (double)x[i] * x[i];
        double length = sqrt(squares);
        float inverse = (float)(1.0 / (length > epsilon ? length : epsilon));
        for (size_t i = 0; i < width; i++) x[i] *= inverse;
    }
}

TARGET static void NAME(add_row)(float *y, const float *x, size_t rows, size_t width) {
    for (size_t r = 0; r < rows; r++, y += width)
        for (size_t i = 0; i < width; i++) y[i] += x[i];
}

TARGET static void NAME(add)(float *y, const float *x, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] += x[i];
}

TARGET static void NAME(widen_bf16)(const void *x, size_t count, float *y) {
    const unsigned char *bytes = x;
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, bytes + 2 * i, 2);
        uint32_t bits = (uint32_t)half << 16;
        memcpy(y + i, &bits, 4);
    }
}

TARGET static void NAME(widen_f16)(const void *x, size_t count, float *y) {
    const unsigned char *bytes = x;
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, bytes + 2 * i, 2);
        // The exponent is moved by a multiplication, which also makes subnormals come out right; infinities and NaN
        // (all exponent bits set) get the exponent that the product cannot give them.
        uint32_t bits = (uint32_t)(half & 0x7FFF) << 13;
        float value;
        memcpy(&value, &bits, 4);
        value *= 0x1p112f;
        memcpy(&bits, &value, 4);
        bits |= (half & 0x7C00) == 0x7C00 ? 0x7F800000u : 0;
        bits |= (uint32_t)(half & 0x8000) << 16;
        memcpy(y + i, &bits, 4);
    }
}
