// SPDX-License-Identifier: MIT
import Observability
import Testing

struct ExpositionTests {
    @Test func writesWhatPrometheusReads() {
        var snapshot = MetricSnapshot()
        snapshot.set(.callsOpen, to: 3)
        snapshot.set(.buildInfo, ["1.2\"3\\4\n5", "broker"], to: 1)
        let text = Exposition.text(snapshot)
        #expect(
            text == """
                # HELP boxwood_build_info 1 for the program that runs, with its version.
                # TYPE boxwood_build_info gauge
                boxwood_build_info{version="1.2\\"3\\\\4\\n5",role="broker"} 1
                # HELP boxwood_calls_open Calls of tasks that wait for their answer.
                # TYPE boxwood_calls_open gauge
                boxwood_calls_open 3

                """)
    }

    @Test func bucketsAddUp() throws {
        var snapshot = MetricSnapshot()
        var sizes = Histogram(Histogram.batchSizes)
        for size in [1.0, 2, 2, 3, 500] { sizes.observe(size) }
        snapshot.set(.workerBatchSize, to: sizes)
        let lines = Exposition.text(snapshot).split(separator: "\n").map(String.init)
        #expect(lines.contains(#"boxwood_worker_batch_size_bucket{le="1"} 1"#))
        #expect(lines.contains(#"boxwood_worker_batch_size_bucket{le="2"} 3"#))
        #expect(lines.contains(#"boxwood_worker_batch_size_bucket{le="4"} 4"#))
        #expect(lines.contains(#"boxwood_worker_batch_size_bucket{le="128"} 4"#))
        #expect(lines.contains(#"boxwood_worker_batch_size_bucket{le="+Inf"} 5"#))
        #expect(lines.contains("boxwood_worker_batch_size_sum 508"))
        #expect(lines.contains("boxwood_worker_batch_size_count 5"))
    }

    /// Whatever a peer does, the number of series is that of the table.
    @Test func whatIsNotInTheTableIsOther() {
        var snapshot = MetricSnapshot()
        for number in 0..<100 { snapshot.set(.calls, ["Grounding/\(number)", "OK"], to: 2) }
        let series = Exposition.text(snapshot).split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(series == [#"boxwood_calls_total{method="other",code="OK"} 200"#])
    }

    @Test func everyValueOfALabelIsThere() {
        var snapshot = MetricSnapshot()
        snapshot.set(.workers, by: ["busy": 2])
        #expect(snapshot.value(.workers, "busy") == 2)
        for state in ["idle", "draining", "stuck"] { #expect(snapshot.value(.workers, state) == 0) }
    }

    @Test(arguments: [(0.25, "0.25"), (3.0, "3"), (-1.0, "-1"), (.infinity, "+Inf"), (1e20, "1e+20"), (.nan, "NaN")])
    func numbers(_ value: Double, _ text: String) {
        var snapshot = MetricSnapshot()
        snapshot.set(.queueWork, to: value)
        #expect(Exposition.text(snapshot).hasSuffix("\nboxwood_queue_work_seconds \(text)\n"))
    }
}
