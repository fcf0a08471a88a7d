// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Testing

@Suite("Measurements")
struct MeasurementTests {
    @Test(
        "The median, with the ends beside it",
        arguments: [
            ([3.0], 3.0, 3.0, 3.0), ([5, 1, 3], 3, 1, 5), ([4, 1, 3, 2], 2.5, 1, 4), ([7, 7, 1, 7], 7, 1, 7),
        ])
    func median(_ samples: [Double], _ median: Double, _ min: Double, _ max: Double) {
        let measurement = Measurement(samples)
        #expect([measurement.median, measurement.min, measurement.max] == [median, min, max])
    }

    @Test("The longest time is the lowest rate")
    func rate() {
        let rate = Measurement([2, 4, 8]).rate(of: 16)
        #expect([rate.median, rate.min, rate.max] == [4, 2, 8])
    }
}

@Suite("What the system says of memory")
struct ProcessMemoryTests {
    private let status =
        "Name:\tboxwood\nVmHWM:\t   1536 kB\nVmRSS:\t    512 kB\nVmHWMX:\t 7 kB\nPrivate_Dirty: 12 pages\n"

    @Test("A line is found by its whole name and read in bytes")
    func field() {
        #expect(ProcessMemory.field("VmHWM", in: status) == 1536 * 1024)
        #expect(ProcessMemory.field("Private_Dirty", in: status) == nil)
        #expect(ProcessMemory.field("Vm", in: status) == nil)
        #expect(ProcessMemory.field("Swap", in: status) == nil)
    }

    @Test("This process has memory")
    func own() throws {
        let peak = try #require(ProcessMemory.peakResident)
        let own = try #require(ProcessMemory.unshareable)
        #expect(own > 0 && own <= peak)
    }

    @Test("Sizes of caches", arguments: [("32768K\n", 32768 << 10), ("2M", 2 << 20), ("1G", 1 << 30), ("64", 64)])
    func cacheSize(_ text: String, _ bytes: Int) {
        #expect(Processor.cacheSize(text) == bytes)
    }

    @Test("What is no size", arguments: ["", "K", "x2M", "2T"])
    func noCacheSize(_ text: String) {
        #expect(Processor.cacheSize(text) == nil)
    }
}
