// SPDX-License-Identifier: MIT
// OpenBLAS as the system has it. Only the Swift module Kernels imports this.
#include <cblas.h>
