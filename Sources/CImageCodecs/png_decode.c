// SPDX-License-Identifier: MIT
// libpng's row interface only: its simplified interface (png_image_*) has had memory errors on ordinary pictures.

#include <stdlib.h>
#include <string.h>

#include "png_errors.h"

struct decoding {
    struct cic_png_errors errors;
    png_structp png;
    png_infop info;
    const uint8_t *next;
    size_t left;
};

static void read_bytes(png_structp png, png_bytep out, size_t count) {
    struct decoding *d = png_get_io_ptr(png);
    if (count > d->left) cic_png_fail(png, CIC_TRUNCATED, "the data ends before the picture does");
    memcpy(out, d->next, count);
    d->next += count;
    d->left -= count;
}

// Nothing but pixels is wanted: text, profiles, gamma and the like are skipped unread, so that nothing hidden in them
// is ever unpacked.
static void skip_what_is_not_pixels(png_structp png) {
    static const png_byte names[] = "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0sRGB\0"
                                    "tEXt\0tIME\0zTXt";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, names, sizeof names / 5);
}

static void start(struct decoding *d, uint32_t width, uint32_t height) {
    png_set_read_fn(d->png, d, read_bytes);
    png_set_user_limits(d->png, width, height);
    png_set_chunk_cache_max(d->png, CIC_PNG_MAX_KEPT_CHUNKS);
    png_set_chunk_malloc_max(d->png, CIC_PNG_MAX_CHUNK_BYTES);
    skip_what_is_not_pixels(d->png);
    // A palette index past the palette's end is drawn black, as most viewers do.
    png_set_check_for_invalid_index(d->png, 0);
}

static void choose_output(struct decoding *d, cic_png_layout layout, cic_png_depth_rule rule) {
    png_structp png = d->png;
    png_byte color = png_get_color_type(png, d->info);
    if (layout == CIC_PNG_GRAY16) return;
    int transparent = (color & PNG_COLOR_MASK_ALPHA) || png_get_valid(png, d->info, PNG_INFO_tRNS);
    png_set_expand(png);
    if (rule == CIC_PNG_ROUND_16) {
        png_set_scale_16(png);
    } else {
        png_set_strip_16(png);
    }
    if (!(color & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(png);
    if (layout == CIC_PNG_RGBA && !transparent) png_set_add_alpha(png, 0xFF, PNG_FILLER_AFTER);
}

static void read_rows(struct decoding *d, uint32_t width, uint32_t height, cic_png_layout layout, uint8_t *out) {
    int passes = png_set_interlace_handling(d->png);
    png_read_update_info(d->png, d->info);
    size_t stride = (size_t)width * (size_t)layout;
    if (png_get_image_width(d->png, d->info) != width || png_get_image_height(d->png, d->info) != height
        || png_get_rowbytes(d->png, d->info) != stride) {
        cic_png_fail(d->png, CIC_CORRUPT, "chunks that contradict the header");
    }
    for (int pass = 0; pass < passes; pass++) {
        for (uint32_t y = 0; y < height; y++) png_read_row(d->png, out + stride * y, NULL);
    }
    png_read_end(d->png, NULL);
}

cic_status cic_png_decode(const uint8_t *data, size_t length, uint32_t width, uint32_t height, cic_png_layout layout,
                          cic_png_depth_rule rule, uint8_t *out, size_t out_length, char *message) {
    message[0] = '\0';
    if (out_length != (size_t)width * height * (size_t)layout) return CIC_NO_MEMORY;
    // On the heap: what changes between setjmp and longjmp must be readable afterwards.
    struct decoding *d = calloc(1, sizeof *d);
    if (d == NULL) return CIC_NO_MEMORY;
    d->errors.message = message;
    d->next = data;
    d->left = length;
    if (setjmp(d->errors.escape) == 0) {
        d->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &d->errors, cic_png_on_error, cic_png_on_warning);
        d->info = d->png ? png_create_info_struct(d->png) : NULL;
        if (d->info == NULL) {
            d->errors.status = CIC_NO_MEMORY;
        } else {
            start(d, width, height);
            png_read_info(d->png, d->info);
            choose_output(d, layout, rule);
            read_rows(d, width, height, layout, out);
        }
    }
    cic_status status = d->errors.status;
    png_destroy_read_struct(&d->png, &d->info, NULL);
    free(d);
    return status;
}
