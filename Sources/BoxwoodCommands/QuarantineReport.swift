// SPDX-License-Identifier: MIT
package import Wire

/// What is in a broker's quarantine, as a person reads it.
package enum QuarantineReport {
    /// - Parameter width: of the terminal; `nil` when the output is no terminal.
    package static func lines(_ list: ProtoQuarantineListResponse, width: Int?) -> [String] {
        guard !list.entries.isEmpty else { return ["nothing is in quarantine"] }
        var table = TextTable([
            .init("ID"), .init("METHOD", isFlexible: true), .init("WORKERS LOST", .right), .init("ATTEMPTS", .right),
            .init("RETRIES", .right), .init("PICTURE", .right), .init("HERE FOR", .right),
        ])
        for entry in list.entries {
            table.append([
                entry.id, name(entry.method), String(entry.losses), String(entry.attempts), String(entry.retries),
                "\(entry.imageBytes) bytes", ServiceStatus.time(Double(entry.ageMs) / 1000),
            ])
        }
        return table.lines(width: width)
    }

    /// One of them, with the body of its request.
    package static func lines(_ response: ProtoQuarantineShowResponse) -> [String] {
        let entry = response.entry
        return [
            "id: \(entry.id)", "call: \(entry.call)", "method: \(entry.method)",
            "workers lost: \(entry.losses), of which \(entry.failures) had begun with it",
            "attempts: \(entry.attempts)", "retries: \(entry.retries)", "picture: \(entry.imageBytes) bytes",
            "here for: \(ServiceStatus.time(Double(entry.ageMs) / 1000))",
            "body: \(body([UInt8](response.body), method: entry.method))",
        ].map(TerminalText.line)
    }

    /// The body as JSON, however it came.
    private static func body(_ bytes: [UInt8], method: String) -> String {
        guard let task = Method(rawValue: method)?.task, let request = try? TaskRequest(task: task, body: bytes) else {
            return "\(bytes.count) bytes that are no request"
        }
        return String(decoding: request.body(.json), as: UTF8.self)
    }

    private static func name(_ method: String) -> String { String(method.split(separator: "/").last ?? "") }
}
