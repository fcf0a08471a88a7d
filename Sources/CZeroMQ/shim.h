// SPDX-License-Identifier: MIT
// libzmq as the system has it, and the descriptor that wakes its poll loop, which Swift's Glibc module lacks.
// Only the Swift module Messaging imports this.
#include <sys/eventfd.h>
#include <zmq.h>
