// SPDX-License-Identifier: MIT

/// Where the cache is and where the hub is, by the same variables that the Python libraries go by.
///
/// A pure value: the environment, the home folder and the reading of a file are told to it.
public struct HubSettings: Sendable {
    /// The folder of `models--OWNER--NAME` folders.
    public var cache: String
    public var address: HubAddress
    public var token: HubToken?
    /// Nothing at all is asked of the hub.
    public var isOffline: Bool

    public init(cache: String, address: HubAddress, token: HubToken? = nil, isOffline: Bool = false) {
        (self.cache, self.address, self.token, self.isOffline) = (cache, address, token, isOffline)
    }

    /// - Parameters:
    ///   - home: the user's home folder.
    ///   - readFile: the text of a file; `nil` where there is none.
    /// - Throws: `settings`, naming the variable.
    public init(
        environment: [String: String], home: String, readFile: (String) -> String?
    ) throws(HubError) {
        let value = Self.reader(environment)
        cache = Self.cacheFolder(environment, home: home)
        address = try HubAddress(value("HF_ENDPOINT") ?? HubAddress.standard)
        isOffline = Self.isTrue(value("HF_HUB_OFFLINE")) || Self.isTrue(value("TRANSFORMERS_OFFLINE"))
        let path =
            value("HF_TOKEN_PATH").map { Self.expanded($0, home) }
            ?? Self.homeFolder(environment, home: home) + "/token"
        let named = value("HF_TOKEN") ?? value("HUGGING_FACE_HUB_TOKEN")
        token = try (named ?? readFile(path)).flatMap { text throws(HubError) in
            try HubToken(trimming: text, from: named == nil ? path : "HF_TOKEN")
        }
    }

    /// The cache alone, which a model's name is looked up in.
    public static func cacheFolder(_ environment: [String: String], home: String) -> String {
        let value = reader(environment)
        return (value("HF_HUB_CACHE") ?? value("HUGGINGFACE_HUB_CACHE")).map { expanded($0, home) }
            ?? homeFolder(environment, home: home) + "/hub"
    }

    private static func homeFolder(_ environment: [String: String], home: String) -> String {
        let value = reader(environment)
        if let named = value("HF_HOME") { return expanded(named, home) }
        return expanded(value("XDG_CACHE_HOME") ?? "~/.cache", home) + "/huggingface"
    }

    /// A variable that is empty is as good as none.
    private static func reader(_ environment: [String: String]) -> (String) -> String? {
        { name in environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    }

    private static func expanded(_ path: String, _ home: String) -> String {
        let full = path == "~" ? home : path.hasPrefix("~/") ? home + path.dropFirst(1) : path
        return full.count > 1 && full.hasSuffix("/") ? String(full.dropLast()) : full
    }

    private static func isTrue(_ text: String?) -> Bool {
        ["1", "ON", "YES", "TRUE"].contains((text ?? "").uppercased())
    }
}

/// What proves to the hub who asks. It never shows in a text.
public struct HubToken: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    let value: String

    /// - Returns: `nil` for a text of blanks.
    /// - Throws: `settings` for what could not stand in a header of HTTP.
    public init?(trimming text: String, from source: String) throws(HubError) {
        let value = text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()
        guard !value.isEmpty else { return nil }
        let token = String(value)
        guard token.utf8.count <= HubLimits.tokenBytes, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw HubError(.settings, "what \(source) holds is no token of the hub")
        }
        self.value = token
    }

    public var description: String { "(a token)" }
    public var debugDescription: String { description }
}
