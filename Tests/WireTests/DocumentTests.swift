// SPDX-License-Identifier: MIT
import Foundation
import Testing
import Wire

/// `protocol/README.md` and the code name the same numbers.
struct DocumentTests {
    private let text = try? String(
        contentsOf: Examples.protocolFolder.appending(path: "README.md"), encoding: .utf8)

    @Test(arguments: StatusCode.allCases)
    func theTableOfCodesIsTheCodes(_ code: StatusCode) throws {
        let row = try #require(
            text?.split(separator: "\n").first { $0.hasPrefix("| \(code.name) | \(code.rawValue) |") })
        let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        for (maker, cell) in zip(StatusCode.Maker.allCases, cells[2...4]) {
            #expect(code.mayBeMade(by: maker) == !cell.isEmpty, "\(code.name) by \(maker)")
        }
    }

    @Test(arguments: Method.allCases)
    func theTableOfMethodsIsTheMethods(_ method: Method) {
        let arrow = method.isStreaming ? "→ stream of" : "→"
        let row = "| `\(method.rawValue)` | \(method.requestType) \(arrow) \(method.responseType) |"
        #expect(text?.contains(row) == true)
    }

    @Test func limitsAreThoseOfTheCode() throws {
        let text = try #require(text)
        for row in [
            "| header | 65 536 bytes", "| body of a REQUEST or JOB | 4 MiB", "| image | 32 MiB",
            "| metadata | 8 192 bytes", "| any one frame | 64 MiB", "| method path | 128 bytes",
            "| status message | 2 048 bytes", "| timeout | 3 600 000 ms", "| attempts | 3 ", "| JSON nesting | 100",
        ] {
            #expect(text.contains(row), "\(row)")
        }
        #expect(WireLimits.headerBytes == 65_536 && WireLimits.requestBodyBytes == 4 << 20)
        #expect(WireLimits.imageBytes == 32 << 20 && WireLimits.metadataBytes == 8192)
        #expect(WireLimits.frameBytes == 64 << 20 && WireLimits.methodBytes == 128)
        #expect(WireLimits.statusMessageBytes == 2048 && WireLimits.maxTimeoutMilliseconds == 3_600_000)
        #expect(WireLimits.attempts == 3 && WireLimits.jsonDepth == 100)
        #expect(text.contains(WireLimits.frontEndpoint) && text.contains(WireLimits.backEndpoint))
    }
}
