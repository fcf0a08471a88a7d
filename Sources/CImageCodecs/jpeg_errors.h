// SPDX-License-Identifier: MIT
// How libjpeg's errors leave it: by longjmp to a point that never leaves this folder.

#ifndef CIC_JPEG_ERRORS_H
#define CIC_JPEG_ERRORS_H

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include "CImageCodecs.h"

struct cic_jpeg_errors {
    struct jpeg_error_mgr manager;  // first, so that cinfo->err is this struct too
    jmp_buf escape;
    cic_status status;
    char *message;
};

// Fills in the manager, `message` emptied. The caller sets `escape` before any other libjpeg call.
struct jpeg_error_mgr *cic_jpeg_errors_start(struct cic_jpeg_errors *errors, char *message);

// Leaves libjpeg at once.
_Noreturn void cic_jpeg_fail(j_common_ptr info, cic_status status, const char *message);

#endif
