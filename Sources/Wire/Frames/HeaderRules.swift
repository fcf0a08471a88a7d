// SPDX-License-Identifier: MIT

/// What the words in a header may look like.
public enum HeaderRules {
    /// Ids of calls and workers, idempotency keys: 1 to 64 bytes of printable ASCII.
    public static func isID(_ text: String) -> Bool {
        (1...WireLimits.idBytes).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// `/service/method`
    public static func isMethod(_ text: String) -> Bool {
        guard text.utf8.count <= WireLimits.methodBytes, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return false
        }
        let slashes = text.utf8.enumerated().filter { $0.element == UInt8(ascii: "/") }.map(\.offset)
        // One in front, and one more with something on either side.
        return slashes.count == 2 && slashes.first == 0 && text.utf8.last != UInt8(ascii: "/")
            && !text.utf8.starts(with: "//".utf8)
    }

    public static func isMetadataKey(_ text: String) -> Bool {
        (1...WireLimits.metadataKeyBytes).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
                case UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"): true
                default: false
                }
            }
    }

    /// The size that counts against ``WireLimits/metadataBytes``.
    public static func metadataSize(_ metadata: [String: String]) -> Int {
        metadata.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + WireLimits.metadataEntryOverhead }
    }

    /// What is wrong with metadata, as the end of a sentence; `nil` when nothing is.
    static func metadataFault(_ metadata: [String: String]) -> String? {
        if !metadata.keys.allSatisfy(isMetadataKey) {
            return "has a metadata key that is not 1 to \(WireLimits.metadataKeyBytes) of 0-9 a-z _ . -"
        }
        let size = metadataSize(metadata)
        return size <= WireLimits.metadataBytes
            ? nil : "has \(size) bytes of metadata; the limit is \(WireLimits.metadataBytes)"
    }
}
