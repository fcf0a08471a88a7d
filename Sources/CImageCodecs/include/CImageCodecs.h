// SPDX-License-Identifier: MIT
//
// A small face over libjpeg-turbo and libpng for one caller, the Swift module Imaging.
//
// Every function returns a status and never longjmps, aborts or prints. The caller has already read the picture's
// header and checked its limits; a decoder refuses a picture whose own header disagrees with what the caller saw.
// Pixels are written only into the caller's buffer. On any status but CIC_OK the buffer's content is meaningless.

#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H

#include <stddef.h>
#include <stdint.h>

// What became of a call.
typedef enum {
    CIC_OK = 0,
    CIC_TRUNCATED = 1,    // the data ends before the picture does
    CIC_CORRUPT = 2,      // the data contradicts its own format
    CIC_UNSUPPORTED = 3,  // a legal picture that this decoder does not read
    CIC_TOO_COMPLEX = 4,  // over the scan, chunk or working-memory limit
    CIC_NO_MEMORY = 5,
} cic_status;

// The size of every `message` buffer: the library's own sentence, NUL-terminated, empty on CIC_OK.
#define CIC_MESSAGE_LENGTH 256

// A progressive JPEG of a few bytes can ask for any number of passes over the whole picture. Encoders use about
// ten; libjpeg-turbo's own fuzzer stops at 100.
#define CIC_JPEG_MAX_SCANS 100

// Working memory that libjpeg may take: a fixed part, and a part per pixel. A progressive CMYK picture keeps four
// 16-bit coefficients per pixel (8 bytes) and some padding.
#define CIC_JPEG_MEMORY_FIXED (64L * 1024 * 1024)
#define CIC_JPEG_MEMORY_PER_PIXEL 16L

// Chunks that are not pixels are skipped unread. Should libpng ever unpack one, no more bytes than this (its own
// default), and it keeps no more chunks than this.
#define CIC_PNG_MAX_CHUNK_BYTES 8000000
#define CIC_PNG_MAX_KEPT_CHUNKS 128

// How a JPEG's pixels are written: CIC_JPEG_RGB for one or three components, CIC_JPEG_CMYK (as stored) for four.
typedef enum { CIC_JPEG_RGB = 3, CIC_JPEG_CMYK = 4 } cic_jpeg_layout;

// Decodes a JPEG into `out`, width * height * layout bytes, row by row from the top.
cic_status cic_jpeg_decode(const uint8_t *data, size_t length, uint32_t width, uint32_t height,
                           cic_jpeg_layout layout, uint8_t *out, size_t out_length, char *message);

// How a PNG's pixels are written. The RGB and RGBA layouts expand palettes, gray and small depths to 8-bit samples;
// RGBA is opaque where the picture has no transparency. GRAY16 is big-endian and only for 16-bit gray pictures.
typedef enum { CIC_PNG_GRAY16 = 2, CIC_PNG_RGB = 3, CIC_PNG_RGBA = 4 } cic_png_layout;

// How 16-bit samples become 8-bit ones: rounded to nearest, or the high byte.
typedef enum { CIC_PNG_ROUND_16 = 0, CIC_PNG_HIGH_BYTE_16 = 1 } cic_png_depth_rule;

// Decodes a PNG into `out`, width * height * layout bytes, row by row from the top.
cic_status cic_png_decode(const uint8_t *data, size_t length, uint32_t width, uint32_t height, cic_png_layout layout,
                          cic_png_depth_rule rule, uint8_t *out, size_t out_length, char *message);

// Encodes 8-bit RGB. On CIC_OK `*encoded` is the file, to be given back to cic_free; otherwise it is NULL.
cic_status cic_png_encode(const uint8_t *rgb, uint32_t width, uint32_t height, uint8_t **encoded,
                          size_t *encoded_length, char *message);

// The same as JPEG, quality 1...100. With `progressive` not 0, in several scans; `subsample` not 0 halves the colour.
cic_status cic_jpeg_encode(const uint8_t *rgb, uint32_t width, uint32_t height, int quality, int subsample,
                           int progressive, uint8_t **encoded, size_t *encoded_length, char *message);

void cic_free(uint8_t *encoded);

#endif
