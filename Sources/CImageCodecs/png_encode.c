// SPDX-License-Identifier: MIT

#include <stdlib.h>
#include <string.h>

#include "png_errors.h"

struct encoding {
    struct cic_png_errors errors;
    png_structp png;
    png_infop info;
    uint8_t *bytes;
    size_t length;
    size_t capacity;
};

static void write_bytes(png_structp png, png_bytep bytes, size_t count) {
    struct encoding *e = png_get_io_ptr(png);
    if (count > e->capacity - e->length) {
        size_t capacity = (e->length + count) * 2;
        uint8_t *grown = realloc(e->bytes, capacity);
        if (grown == NULL) cic_png_fail(png, CIC_NO_MEMORY, "out of memory");
        e->bytes = grown;
        e->capacity = capacity;
    }
    memcpy(e->bytes + e->length, bytes, count);
    e->length += count;
}

static void flush_nothing(png_structp png) { (void)png; }

static void write_picture(struct encoding *e, const uint8_t *rgb, uint32_t width, uint32_t height) {
    png_set_write_fn(e->png, e, write_bytes, flush_nothing);
    png_set_IHDR(e->png, e->info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE,
                 PNG_FILTER_TYPE_BASE);
    png_write_info(e->png, e->info);
    for (uint32_t y = 0; y < height; y++) png_write_row(e->png, rgb + (size_t)width * 3 * y);
    png_write_end(e->png, e->info);
}

cic_status cic_png_encode(const uint8_t *rgb, uint32_t width, uint32_t height, uint8_t **encoded,
                          size_t *encoded_length, char *message) {
    *encoded = NULL;
    *encoded_length = 0;
    message[0] = '\0';
    struct encoding *e = calloc(1, sizeof *e);
    if (e == NULL) return CIC_NO_MEMORY;
    e->errors.message = message;
    if (setjmp(e->errors.escape) == 0) {
        e->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &e->errors, cic_png_on_error, cic_png_on_warning);
        e->info = e->png ? png_create_info_struct(e->png) : NULL;
        if (e->info == NULL) {
            e->errors.status = CIC_NO_MEMORY;
        } else {
            write_picture(e, rgb, width, height);
        }
    }
    cic_status status = e->errors.status;
    png_destroy_write_struct(&e->png, &e->info);
    if (status == CIC_OK) {
        *encoded = e->bytes;
        *encoded_length = e->length;
    } else {
        free(e->bytes);
    }
    free(e);
    return status;
}

void cic_free(uint8_t *encoded) { free(encoded); }
