// SPDX-License-Identifier: MIT

/// The fields of an answer's head, found whatever the case of their names; of a repeated one the first.
package struct HubHeaders: Sendable {
    private var fields: [String: String] = [:]

    package init(_ pairs: some Sequence<(name: String, value: String)>) {
        for (name, value) in pairs where fields[name.lowercased()] == nil { fields[name.lowercased()] = value }
    }

    package subscript(_ name: String) -> String? { fields[name.lowercased()] }

    /// A length in bytes; `nil` where there is none or it is no plain number.
    package func length(_ name: String) -> Int? {
        self[name].flatMap { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int($0) : nil }
    }

    /// The entity tag without its quotes; a weak one is not taken for a strong one by its name alone.
    package func tag(_ name: String) -> EntityTag? { self[name].flatMap(EntityTag.init) }
}

/// What a server calls one state of a file.
package struct EntityTag: Hashable, Sendable {
    package let text: String
    package let isWeak: Bool

    package init?(_ field: String) {
        isWeak = field.hasPrefix("W/")
        let quoted = isWeak ? field.dropFirst(2) : field[...]
        let isQuoted = quoted.count >= 2 && quoted.hasPrefix("\"") && quoted.hasSuffix("\"")
        text = String(isQuoted ? quoted.dropFirst().dropLast() : quoted)
        if text.isEmpty { return nil }
    }

    /// For a condition, which weak ones are no good for.
    package var condition: String? { isWeak ? nil : "\"\(text)\"" }
}
