// SPDX-License-Identifier: MIT
// How libpng's errors leave it: by longjmp to a point that never leaves this folder.

#ifndef CIC_PNG_ERRORS_H
#define CIC_PNG_ERRORS_H

#include <setjmp.h>

#include <png.h>

#include "CImageCodecs.h"

struct cic_png_errors {
    jmp_buf escape;
    cic_status status;
    char *message;
};

// libpng's two callbacks; their error pointer is a `struct cic_png_errors`.
_Noreturn void cic_png_on_error(png_structp png, png_const_charp text);
void cic_png_on_warning(png_structp png, png_const_charp text);

// Leaves libpng at once.
_Noreturn void cic_png_fail(png_structp png, cic_status status, const char *text);

#endif
