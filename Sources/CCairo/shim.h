// SPDX-License-Identifier: MIT
// cairo as the system has it, for drawing boxes and labels. Only the Swift module Imaging imports this.
#include <cairo/cairo.h>
