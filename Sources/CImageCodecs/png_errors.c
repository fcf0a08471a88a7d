// SPDX-License-Identifier: MIT

#include "png_errors.h"

#include <string.h>

_Noreturn void cic_png_fail(png_structp png, cic_status status, const char *text) {
    struct cic_png_errors *errors = png_get_error_ptr(png);
    errors->status = status;
    strncpy(errors->message, text, CIC_MESSAGE_LENGTH - 1);
    errors->message[CIC_MESSAGE_LENGTH - 1] = '\0';
    longjmp(errors->escape, 1);
}

// libpng tells its errors apart by text alone.
_Noreturn void cic_png_on_error(png_structp png, png_const_charp text) {
    if (strstr(text, "Not enough image data")) cic_png_fail(png, CIC_TRUNCATED, text);
    if (strstr(text, "chunk data is too large")) cic_png_fail(png, CIC_TOO_COMPLEX, text);
    if (strstr(text, "memory")) cic_png_fail(png, CIC_NO_MEMORY, text);
    cic_png_fail(png, CIC_CORRUPT, text);
}

// A damaged chunk that the pixels do not depend on is not a damaged picture.
void cic_png_on_warning(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}
