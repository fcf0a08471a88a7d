// SPDX-License-Identifier: MIT

#include <stdlib.h>

#include "jpeg_errors.h"

struct encoding {
    struct jpeg_compress_struct info;
    struct cic_jpeg_errors errors;
    unsigned char *bytes;
    unsigned long length;
};

static void configure(j_compress_ptr info, uint32_t width, uint32_t height, int quality, int subsample,
                      int progressive) {
    info->image_width = width;
    info->image_height = height;
    info->input_components = 3;
    info->in_color_space = JCS_RGB;
    jpeg_set_defaults(info);
    jpeg_set_quality(info, quality, TRUE);
    info->comp_info[0].h_samp_factor = subsample ? 2 : 1;
    info->comp_info[0].v_samp_factor = subsample ? 2 : 1;
    if (progressive) jpeg_simple_progression(info);
}

cic_status cic_jpeg_encode(const uint8_t *rgb, uint32_t width, uint32_t height, int quality, int subsample,
                           int progressive, uint8_t **encoded, size_t *encoded_length, char *message) {
    *encoded = NULL;
    *encoded_length = 0;
    // On the heap: what libjpeg changes between setjmp and longjmp must be readable afterwards.
    struct encoding *e = calloc(1, sizeof *e);
    if (e == NULL) return CIC_NO_MEMORY;
    e->info.err = cic_jpeg_errors_start(&e->errors, message);
    if (setjmp(e->errors.escape)) {
        cic_status status = e->errors.status;
        jpeg_destroy_compress(&e->info);
        free(e->bytes);
        free(e);
        return status;
    }
    jpeg_create_compress(&e->info);
    jpeg_mem_dest(&e->info, &e->bytes, &e->length);
    configure(&e->info, width, height, quality, subsample, progressive);
    jpeg_start_compress(&e->info, TRUE);
    while (e->info.next_scanline < height) {
        JSAMPROW row = (JSAMPROW)(rgb + (size_t)width * 3 * e->info.next_scanline);
        jpeg_write_scanlines(&e->info, &row, 1);
    }
    jpeg_finish_compress(&e->info);
    jpeg_destroy_compress(&e->info);
    *encoded = e->bytes;
    *encoded_length = e->length;
    free(e);
    return CIC_OK;
}
