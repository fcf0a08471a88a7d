// SPDX-License-Identifier: MIT
// libzmq as the system has it. Only the Swift module Messaging imports this.
#include <zmq.h>
