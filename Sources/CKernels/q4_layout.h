// SPDX-License-Identifier: MIT
// How 4-bit weights are laid out, as q4.h has it: for those who write them and those who read them.
#ifndef BOXWOOD_Q4_LAYOUT_H
#define BOXWOOD_Q4_LAYOUT_H

#include "include/q4.h"
#include "include/q8.h"

enum { HALF_BYTES = BW_Q8_PANEL * sizeof(uint16_t), LINES = BW_Q4_GROUP / 8, LINE_BYTES = 4 * BW_Q8_PANEL };
enum { GROUP_BYTES = HALF_BYTES + LINES * LINE_BYTES };

// What the 16 codes stand for, times the scale: Lloyd's quantiser of normally distributed weights in groups whose scale is
// searched. Either sign of the scale is allowed, so the ends differ on purpose.
static const int8_t levels[16] = {-127, -98, -77, -60, -45, -33, -21, -9, 2, 13, 24, 36, 49, 64, 81, 105};

// As many groups as the packed activations have, whose groups are longer: the last ones may be all zeros.
static inline size_t groups(size_t inputs) { return (inputs + BW_Q8_GROUP - 1) / BW_Q8_GROUP * (BW_Q8_GROUP / BW_Q4_GROUP); }

// Where a weight stands in its group: the byte, and how far its half is shifted.
static inline size_t byte_of(size_t c, size_t i) { return i / 8 * LINE_BYTES + c * 4 + i % 4; }
static inline int shift_of(size_t i) { return i % 8 < 4 ? 0 : 4; }

#endif
