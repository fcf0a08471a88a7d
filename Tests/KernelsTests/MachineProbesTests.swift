// SPDX-License-Identifier: MIT
import Kernels
import Tensors
import Testing

@Suite("Probes of the machine")
struct MachineProbesTests {
    @Test("All bytes are read, whole strides or not", arguments: [256, 300, 1 << 12, 1_000_003])
    func memory(_ byteCount: Int) {
        let probe = MemoryProbe(byteCount: byteCount)
        #expect(probe.byteCount == byteCount / 256 * 256)
        #expect(probe.read())
    }

    @Test("A product counts its operations and is one")
    func product() {
        let probe = ProductProbe(rows: 3, inputs: 16, outputs: 5)
        #expect(probe.operations == 2 * 3 * 16 * 5)
        #expect(probe.run().shape == [3, 5])
        #expect(probe.run().array.allSatisfy { $0 == 2 })
    }
}
