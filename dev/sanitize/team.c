// SPDX-License-Identifier: MIT
// The thread team under the thread sanitizer: two callers at once, and teams that grow and shrink.
#include "team.h"

#include <pthread.h>
#include <stdio.h>

enum { ROUNDS = 5000, MOST = 4 };

static void count(void *context, int part, int parts) {
    int *done = context;
    if (part < parts) done[part]++;
}

static int sum(const int *done) {
    int total = 0;
    for (int i = 0; i < MOST; i++) total += done[i];
    return total;
}

static void *call(void *result) {
    int done[MOST] = {0};
    for (int i = 0; i < ROUNDS; i++) bw_team_run(count, done);
    *(int *)result = sum(done);
    return NULL;
}

int main(void) {
    int first = 0, second = 0;
    pthread_t thread;
    bw_team_resize(3);
    if (pthread_create(&thread, NULL, call, &first) != 0) return 1;
    call(&second);
    pthread_join(thread, NULL);
    int isRight = first == 3 * ROUNDS && second == 3 * ROUNDS;
    for (int i = 0; i < ROUNDS; i++) {
        int done[MOST] = {0}, threads = 1 + i % MOST;
        bw_team_resize(threads);
        bw_team_run(count, done);
        isRight &= sum(done) == threads;
    }
    puts(isRight ? "sanitize: the team is clean" : "sanitize: a part was left out or done twice");
    return !isRight;
}
