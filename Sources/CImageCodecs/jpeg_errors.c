// SPDX-License-Identifier: MIT

#include "jpeg_errors.h"

#include <string.h>

#include <jerror.h>

static cic_status status_of(int code) {
    switch (code) {
    case JERR_INPUT_EMPTY:
    case JERR_INPUT_EOF:
        return CIC_TRUNCATED;
    case JERR_OUT_OF_MEMORY:
        return CIC_NO_MEMORY;
    // Raised where libjpeg would spill to a file because of max_memory_to_use.
    case JERR_NO_BACKING_STORE:
    case JERR_WIDTH_OVERFLOW:
        return CIC_TOO_COMPLEX;
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_SOF_UNSUPPORTED:
        return CIC_UNSUPPORTED;
    default:
        return CIC_CORRUPT;
    }
}

_Noreturn void cic_jpeg_fail(j_common_ptr info, cic_status status, const char *message) {
    struct cic_jpeg_errors *errors = (struct cic_jpeg_errors *)info->err;
    errors->status = status;
    strncpy(errors->message, message, CIC_MESSAGE_LENGTH - 1);
    errors->message[CIC_MESSAGE_LENGTH - 1] = '\0';
    longjmp(errors->escape, 1);
}

static void on_error(j_common_ptr info) {
    char text[JMSG_LENGTH_MAX];
    info->err->format_message(info, text);
    cic_jpeg_fail(info, status_of(info->err->msg_code), text);
}

// libjpeg "recovers" from damaged picture data by making pixels up; here damage is an error. Warnings about
// harmless oddities (extra bytes before a marker, an unknown JFIF version) stay harmless.
static void on_message(j_common_ptr info, int level) {
    if (level >= 0) return;
    char text[JMSG_LENGTH_MAX];
    switch (info->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_JPEG_EOF:
        info->err->format_message(info, text);
        cic_jpeg_fail(info, CIC_TRUNCATED, text);
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
        info->err->format_message(info, text);
        cic_jpeg_fail(info, CIC_CORRUPT, text);
    default:
        info->err->num_warnings++;
    }
}

static void on_output(j_common_ptr info) { (void)info; }

struct jpeg_error_mgr *cic_jpeg_errors_start(struct cic_jpeg_errors *errors, char *message) {
    jpeg_std_error(&errors->manager);
    errors->manager.error_exit = on_error;
    errors->manager.emit_message = on_message;
    errors->manager.output_message = on_output;
    errors->status = CIC_OK;
    errors->message = message;
    message[0] = '\0';
    return &errors->manager;
}
