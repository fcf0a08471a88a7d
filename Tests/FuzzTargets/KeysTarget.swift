// SPDX-License-Identifier: MIT
import Foundation
import Messaging

extension FuzzTarget {
    /// Files of keys: the same however their lines end, and no error shows what is secret.
    static let keys = FuzzTarget(
        "keys", longest: 1024, runs: 3000, words: KeysTarget.words, seeds: KeysTarget.seeds, check: KeysTarget.check)

    /// Addresses: written as they are read, and local only where the machine's own resolver agrees.
    static let endpoints = FuzzTarget(
        "endpoints", longest: 128, runs: 6000, words: EndpointsTarget.words, seeds: EndpointsTarget.seeds,
        check: EndpointsTarget.check)
}

private enum KeysTarget {
    static let words = [
        "role ", "name ", "public ", "secret ", "broker ", "client", "worker", "admin", "\r\n", "\n", "#", "\u{301}",
        "\u{2028}", "\0",
    ]

    /// A pair that is nobody's: the secret is the bytes 1 to 32.
    static let open = "2CVWV6D&QXW]Ii55A)@qco1MAyn+7#3/w+9Xnrjk"
    static let secret = "0rJua1Qkhq2)}4G4gS)W5Ft->6=4P585:Cl9uDpB"

    static func seeds() throws -> [(name: String, bytes: [UInt8])] {
        let lines = ["role client", "name alice", "public \(open)", "secret \(secret)", "broker \(open)"]
        let file = (["# A key for tests"] + lines).joined(separator: "\n") + "\n"
        return [
            ("client", file), ("worker", file.replacing("role client", with: "role worker")),
            ("lines", file.replacing("\n", with: "\r\n")), ("public", lines[0...2].joined(separator: "\n")),
            ("empty", "#\n"), ("twice", file + lines[1]), ("broker", "role broker\n\(lines[2])\n\(lines[3])"),
        ].map { ($0, Array($1.utf8)) }
    }

    static func check(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        let folder = ScratchFolder()
        let credential = read(input, folder, "one")
        // The same lines, ended in the other way.
        let text = String(decoding: input, as: UTF8.self).unicodeScalars
        let isPlain = !text.contains("\r") && Array(String(text).utf8) == input
        if isPlain, input.count * 2 < 4096 {
            let other = read(input.flatMap { $0 == 0x0A ? [0x0D, 0x0A] : [$0] }, folder, "two")
            try promise((try? credential.get()) == (try? other.get()), "a file is the same however its lines end")
        }
        try checkPublic(input, folder)
        switch credential {
        case .success(let credential):
            try promise(
                KeyName.isValid(credential.name), "a key has the name of a key", credential.name.debugDescription)
            try promise(!"\(credential)".contains(secret), "printing a credential shows no secret")
            return true
        case .failure(let error):
            try promise(
                error.code == .key && error.message.contains(folder.path), "an error names the file", error.message)
            try promise(!error.message.contains(secret), "no error shows a secret", error.message)
            return false
        }
    }

    private static func read(
        _ bytes: [UInt8], _ folder: borrowing ScratchFolder, _ name: String
    ) -> Result<Credential, MessagingError> {
        let path = folder.write(bytes, to: name, mode: 0o600)
        return Result { () throws(MessagingError) in try Credential(file: path) }
    }

    /// The same bytes as the public key of somebody whom a broker lets in.
    private static func checkPublic(_ input: [UInt8], _ folder: borrowing ScratchFolder) throws(BrokenPromise) {
        let keys = KeyFolder(folder.path)
        for part in ["/authorized", "/authorized/client"] { mkdir(folder.path + part, 0o700) }
        folder.write(input, to: "authorized/client/alice.pub")
        let names = keys.authorizedNames(.client)
        try promise(names == ["alice"], "a folder has the names of its files", "\(names)")
        guard let key = try? keys.authorized(.client, "alice") else { return }
        try promise(key.text.utf8.count == 40, "a key has 40 characters", key.text)
        try promise(PublicText.holds(input, Array(key.text.utf8)), "a key is what the file says")
    }
}

private enum EndpointsTarget {
    static let words = [
        "tcp://", "ipc://", "inproc://", "127.0.0.1", "localhost", "[::1]", "[::]", "*", ":5540", "0x7f", "017", "+",
        "%lo", ";", "\0", "@", "\u{FF11}", "\u{301}", "0.0.0.0", "127.1",
    ]

    static func seeds() throws -> [(name: String, bytes: [UInt8])] {
        [
            "tcp://127.0.0.1:5540", "tcp://localhost:*", "tcp://[::1]:1", "tcp://*:5540", "tcp://127.example.org:80",
            "ipc:///run/boxwood.sock", "ipc://@abstract", "inproc://name", "tcp://0.0.0.0:65535", "tcp://:1",
            "udp://x:1",
            "tcp://127.0.0.1:0;10.0.0.1:5540",
        ].enumerated().map { ("address-\($0)", Array($1.utf8)) }
    }

    static func check(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        let text = String(decoding: input, as: UTF8.self)
        guard let endpoint = try? Endpoint(text) else { return false }
        try promise(endpoint.description == text, "an address is written as it is read", text)
        try promise((try? Endpoint(endpoint.description)) == endpoint, "an address is read as it is written", text)
        try promise(!endpoint.address.utf8.contains(0), "what libzmq is given ends where it ends", text)
        let isOpen = (try? endpoint.listenable(hasKeys: false)) != nil
        let isReached = (try? endpoint.connectable(hasKeys: false, allowsPlaintext: false)) != nil
        try promise(
            isOpen == endpoint.isLocal && isReached == endpoint.isLocal, "without keys only what is local", text)
        if endpoint.transport == .tcp { try checkTCP(endpoint) }
        return true
    }

    private static func checkTCP(_ endpoint: Endpoint) throws(BrokenPromise) {
        let colon = endpoint.address.lastIndex(of: ":") ?? endpoint.address.startIndex
        let (host, port) = (String(endpoint.address[..<colon]), endpoint.address[colon...].dropFirst())
        try promise(
            port == "*" || port.utf8.allSatisfy { (0x30...0x39).contains($0) }, "a port is a number",
            endpoint.description)
        guard endpoint.isLocal, host != "localhost", host != "[::1]" else { return }
        let first = loopbackByte(host)
        try promise(
            first == 127, "what counts as local is the resolver's loopback, too", "\(host): \(first ?? -1).x.x.x")
    }

    /// The first byte of the IPv4 address that the C library reads, without asking any server; `nil` for none.
    private static func loopbackByte(_ host: String) -> Int? {
        var hints = addrinfo()
        hints.ai_family = AF_INET
        hints.ai_flags = AI_NUMERICHOST
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &found) == 0, let address = found?.pointee.ai_addr else { return nil }
        defer { freeaddrinfo(found) }
        return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { Int($0.pointee.sin_addr.s_addr & 0xFF) }
    }
}
