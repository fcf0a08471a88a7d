// SPDX-License-Identifier: MIT
// The kernels' bodies, compiled once for each CPU version: NAME(f) names a version's function, TARGET its attributes.
// Loops are plain so that the compiler vectorises them for the version's registers.

TARGET static void NAME(layer_norm)(
    const float *x, const float *gamma, const float *beta, float epsilon, size_t rows, size_t width, float *y) {
    for (size_t r = 0; r < rows; r++, x += width, y += width) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < width; i++) sum += x[i];
        double mean = sum / (double)width;
        for (size_t i = 0; i < width; i++) {
            double d = x[i] - mean;
            squares += d * d;
        }
        float scale = (float)(1.0 / sqrt(squares / (double)width + epsilon));
        float centre = (float)mean;
        for (size_t i = 0; i < width; i++) y[i] = (x[i] - centre) * scale * gamma[i] + beta[i];
    }
}

TARGET static void NAME(gelu)(float *x, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] = 0.5f * x[i] * (1.0f + erff(x[i] * 0.70710678118654752f));
}

TARGET static void NAME(quick_gelu)(float *x, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] = x[i] / (1.0f + expf(-1.702f * x[i]));
}

TARGET static void NAME(masked_softmax)(float *scores, size_t rows, size_t width, size_t first_visible) {
    for (size_t r = 0; r < rows; r++, scores += width) {
        size_t visible = first_visible + r < width ? first_visible + r : width;
        float largest = -INFINITY;
        for (size_t i = 0; i < visible; i++) largest = scores[i] > largest ? scores[i] : largest;
        double sum = 0;
        for (size_t i = 0; i < visible; i++) {
            scores[i] = expf(scores[i] - largest);
            sum += scores[i];
        }
        float inverse = (float)(1.0 / sum);
        for (size_t i = 0; i < visible; i++) scores[i] *= inverse;
        for (size_t i = visible; i < width; i++) scores[i] = 0;
    }
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
