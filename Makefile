# An index of what one can do here; the work is in dev/*.sh.
.DEFAULT_GOAL := help
.PHONY: help setup build test demo format lint simulate mutate mutate-security fuzz soak recovery sanitize full-parity bench \
    protocol python clean

help:            ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 16

setup:           ## install the Debian packages that are missing
	@dev/setup.sh

build: setup     ## the program, optimised: .build/release/boxwood
	@dev/build.sh

test: setup      ## build and run every test; ends with the count
	@dev/test.sh

demo: build      ## a broker, two workers, five tasks on the sample pictures; writes demo-out/
	@dev/demo.sh

python:          ## the Python client: format, types, tests, its README's examples; dev/python.sh --recipes for Ray and Spark
	@dev/python.sh

format:          ## rewrite the Swift sources in the one format
	@swift format --in-place --parallel --recursive Sources Tests Fuzz/Runner/Sources Fuzz/Runner/Package.swift Package.swift

lint:            ## the format and the floors of the house, checked
	@dev/lint.sh

simulate:        ## the scheduler under a million seeds; dev/simulate.sh --seed N replays one
	@dev/simulate.sh --seeds 1000000

mutate:          ## breaks the scheduler on purpose and expects the simulation to notice
	@dev/mutate.sh

mutate-security: ## breaks what lets strangers in on purpose and expects the tests to notice
	@dev/mutate-security.sh

fuzz:            ## every door to strangers under libFuzzer, FUZZ_SECONDS each (1800); dev/fuzz.sh TARGET for one
	@dev/fuzz.sh --all --seconds $${FUZZ_SECONDS:-1800}
	@dev/fuzz.sh journal --seconds $${FUZZ_SECONDS:-1800}

soak:            ## ten minutes of kills, stops, cuts, full disks and poison; no answer may be lost or come twice
	@dev/soak.sh --minutes 10

recovery:        ## how long until the work of a killed and of a stopped worker runs elsewhere
	@dev/recovery.sh

sanitize:        ## the C kernels under the address, undefined-behaviour and thread sanitizers
	@dev/sanitize.sh

full-parity:     ## the full-size run against the reference's recording (needs python3, 7 GB of disk, 10 GB of memory)
	@dev/full-parity.sh

bench:           ## the figures of BENCHMARKS.md
	@dev/bench.sh

protocol:        ## regenerate Sources/Wire/Generated from protocol/*.proto
	@protocol/generate.sh

clean:           ## remove build output and the demo's pictures
	@rm -rf .build demo-out
