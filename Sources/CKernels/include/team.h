// SPDX-License-Identifier: MIT
// Threads that share one piece of work at a time. Only the Swift module Kernels imports this.
#ifndef BOXWOOD_TEAM_H
#define BOXWOOD_TEAM_H

// Called once for each part, 0 to parts - 1, at the same time on different threads.
typedef void bw_work(void *context, int part, int parts);

// How many threads bw_team_run uses from now on, the caller's own included; 1 to 64. Not while it runs.
void bw_team_resize(int threads);

// How many threads bw_team_run uses.
int bw_team_threads(void);

// Splits one piece of work among the team's threads and returns when all parts are done. One caller at a time; others
// wait for their turn.
void bw_team_run(bw_work *work, void *context);

#endif
