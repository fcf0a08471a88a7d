// SPDX-License-Identifier: MIT

#include <stdlib.h>

#include "jpeg_errors.h"

// MARK: the source: a span of memory that ends in an error, never in made-up bytes

static void start_source(j_decompress_ptr info) { (void)info; }

static boolean fill_source(j_decompress_ptr info) {
    cic_jpeg_fail((j_common_ptr)info, CIC_TRUNCATED, "the data ends before the picture does");
}

static void skip_source(j_decompress_ptr info, long count) {
    if (count <= 0) return;
    if ((size_t)count > info->src->bytes_in_buffer) fill_source(info);
    info->src->next_input_byte += count;
    info->src->bytes_in_buffer -= (size_t)count;
}

static void end_source(j_decompress_ptr info) { (void)info; }

// MARK: limits

static void check_scans(j_common_ptr info) {
    if (((j_decompress_ptr)info)->input_scan_number > CIC_JPEG_MAX_SCANS) {
        cic_jpeg_fail(info, CIC_TOO_COMPLEX, "more scans than any encoder writes");
    }
}

// MARK: decoding

struct decoding {
    struct jpeg_decompress_struct info;
    struct cic_jpeg_errors errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
};

static void start(struct decoding *d, const uint8_t *data, size_t length) {
    jpeg_create_decompress(&d->info);
    d->source = (struct jpeg_source_mgr){
        .next_input_byte = data,
        .bytes_in_buffer = length,
        .init_source = start_source,
        .fill_input_buffer = fill_source,
        .skip_input_data = skip_source,
        .resync_to_restart = jpeg_resync_to_restart,
        .term_source = end_source,
    };
    d->info.src = &d->source;
    d->progress = (struct jpeg_progress_mgr){.progress_monitor = check_scans};
    d->info.progress = &d->progress;
}

static void choose_output(struct decoding *d, uint32_t width, uint32_t height, cic_jpeg_layout layout) {
    j_decompress_ptr info = &d->info;
    if (info->image_width != width || info->image_height != height
        || (info->num_components == 4) != (layout == CIC_JPEG_CMYK)) {
        cic_jpeg_fail((j_common_ptr)info, CIC_CORRUPT, "two frame headers that disagree");
    }
    info->out_color_space = layout == CIC_JPEG_CMYK ? JCS_CMYK : JCS_RGB;
    info->dct_method = JDCT_ISLOW;
    info->mem->max_memory_to_use = CIC_JPEG_MEMORY_FIXED + CIC_JPEG_MEMORY_PER_PIXEL * (long)width * (long)height;
}

static void read_rows(struct decoding *d, cic_jpeg_layout layout, uint8_t *out) {
    size_t stride = (size_t)d->info.output_width * (size_t)layout;
    while (d->info.output_scanline < d->info.output_height) {
        JSAMPROW row = out + stride * d->info.output_scanline;
        jpeg_read_scanlines(&d->info, &row, 1);
    }
}

cic_status cic_jpeg_decode(const uint8_t *data, size_t length, uint32_t width, uint32_t height,
                           cic_jpeg_layout layout, uint8_t *out, size_t out_length, char *message) {
    if (out_length != (size_t)width * height * (size_t)layout) return CIC_NO_MEMORY;
    // On the heap: what libjpeg changes between setjmp and longjmp must be readable afterwards.
    struct decoding *d = calloc(1, sizeof *d);
    if (d == NULL) return CIC_NO_MEMORY;
    d->info.err = cic_jpeg_errors_start(&d->errors, message);
    if (setjmp(d->errors.escape) == 0) {
        start(d, data, length);
        jpeg_read_header(&d->info, TRUE);
        choose_output(d, width, height, layout);
        jpeg_start_decompress(&d->info);
        read_rows(d, layout, out);
        jpeg_finish_decompress(&d->info);
    }
    cic_status status = d->errors.status;
    jpeg_destroy_decompress(&d->info);
    free(d);
    return status;
}
