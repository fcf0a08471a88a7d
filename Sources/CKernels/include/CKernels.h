// SPDX-License-Identifier: MIT
// Everything that the Swift module Kernels takes from C.
#ifndef BOXWOOD_CKERNELS_H
#define BOXWOOD_CKERNELS_H

#include "f32.h"
#include "kernels.h"
#include "q8.h"
#include "team.h"

#endif
