// SPDX-License-Identifier: MIT
// A forward pass is some hundred products, each a fraction of a millisecond: helpers look for the next one for a while
// before they go to sleep, for waking a sleeping thread takes about as long as a small product.
#include "include/team.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { MOST_THREADS = 64 };
// Looks before sleeping: some 50 microseconds.
enum { PATIENCE = 4000 };

static pthread_mutex_t callers = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t sleeping = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t awake = PTHREAD_COND_INITIALIZER;

static int team = 1;     // threads wanted, the caller's included
static int helpers = 0;  // threads started; they stay for the life of the process
static bw_work *work;
static void *work_context;
// Counts pieces of work, with the number of parts in the last 7 bits; a change is the signal to begin. Together, so that
// a helper that a smaller team left out, and that comes late, cannot take the next piece's parts for this one's.
static atomic_uint rounds;
enum { PARTS_BITS = 7 };
static atomic_int unfinished;  // parts of helpers that are not done

static void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static unsigned next_round(unsigned last) {
    for (int i = 0; i < PATIENCE; i++) {
        unsigned now = atomic_load_explicit(&rounds, memory_order_acquire);
        if (now != last) return now;
        pause_briefly();
    }
    pthread_mutex_lock(&sleeping);
    unsigned now;
    while ((now = atomic_load_explicit(&rounds, memory_order_acquire)) == last) pthread_cond_wait(&awake, &sleeping);
    pthread_mutex_unlock(&sleeping);
    return now;
}

// A helper starts before the round that it is first needed in, and is told the round before that.
struct start {
    int part;
    unsigned round;
};
static struct start starts[MOST_THREADS];

static void *help(void *argument) {
    struct start *start = argument;
    for (unsigned round = start->round;;) {
        round = next_round(round);
        int parts = (int)(round & ((1u << PARTS_BITS) - 1));
        // A team may shrink: the helpers beyond it only follow the count.
        if (start->part < parts) {
            work(work_context, start->part, parts);
            atomic_fetch_sub_explicit(&unfinished, 1, memory_order_release);
        }
    }
    return 0;
}

void bw_team_resize(int threads) {
    pthread_mutex_lock(&callers);
    team = threads < 1 ? 1 : threads > MOST_THREADS ? MOST_THREADS : threads;
    while (helpers < team - 1) {
        struct start *start = &starts[helpers];
        *start = (struct start){helpers + 1, atomic_load(&rounds)};
        pthread_t thread;
        if (pthread_create(&thread, 0, help, start) != 0) {
            team = helpers + 1;
            break;
        }
        pthread_detach(thread);
        helpers++;
    }
    pthread_mutex_unlock(&callers);
}

int bw_team_threads(void) { return team; }

void bw_team_run(bw_work *function, void *context) {
    pthread_mutex_lock(&callers);
    if (team > 1) {
        work = function;
        work_context = context;
        atomic_store_explicit(&unfinished, team - 1, memory_order_relaxed);
        pthread_mutex_lock(&sleeping);
        unsigned next = ((atomic_load(&rounds) >> PARTS_BITS) + 1) << PARTS_BITS | (unsigned)team;
        atomic_store_explicit(&rounds, next, memory_order_release);
        pthread_cond_broadcast(&awake);
        pthread_mutex_unlock(&sleeping);
    }
    function(context, 0, team);
    for (int i = 0; team > 1 && atomic_load_explicit(&unfinished, memory_order_acquire) > 0; i++)
        i < PATIENCE ? pause_briefly() : (void)sched_yield();
    pthread_mutex_unlock(&callers);
}
