// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Foundation
import Testing

@Suite("Reading tar archives")
struct TarIndexTests {
    /// One header, with its checksum.
    static func header(
        _ name: String, size: Int, kind: Character = "0", prefix: String = "", magic: String = "ustar\0",
        rawSize: [UInt8]? = nil
    ) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: some Collection<UInt8>, _ offset: Int) {
            block.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        }
        put(Array(name.utf8), 0)
        put(rawSize ?? Array(String(String(size + 0o100_000_000_000, radix: 8).dropFirst()).utf8), 124)
        put([kind.asciiValue!], 156)
        put(Array(magic.utf8), 257)
        put(Array(prefix.utf8), 345)
        put([UInt8](repeating: 32, count: 8), 148)
        let sum = block.reduce(0) { $0 + Int($1) }
        put(Array((String(sum + 0o1_000_000, radix: 8).dropFirst() + "\0 ").utf8), 148)
        return block
    }

    static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
    }

    static func member(_ name: String, _ bytes: [UInt8], prefix: String = "", magic: String = "ustar\0") -> [UInt8] {
        header(name, size: bytes.count, prefix: prefix, magic: magic) + padded(bytes)
    }

    static func extended(_ kind: Character, _ bytes: [UInt8]) -> [UInt8] {
        header("header", size: bytes.count, kind: kind) + padded(bytes)
    }

    static func pax(_ key: String, _ value: String) -> [UInt8] {
        let rest = " \(key)=\(value)\n"
        var length = rest.utf8.count + 1
        while String(length).utf8.count + rest.utf8.count != length { length += 1 }
        return Array("\(length)\(rest)".utf8)
    }

    static let end = [UInt8](repeating: 0, count: 1024)

    private func members(_ bytes: [UInt8]) throws -> [TarMember] {
        var index = TarIndex(size: bytes.count) { offset, count throws(TarIndex.Fault) in
            Array(bytes[offset..<offset + count])
        }
        var found: [TarMember] = []
        while let member = try index.next() { found.append(member) }
        return found
    }

    private func fault(_ bytes: [UInt8]) -> String? {
        do {
            _ = try members(bytes)
            return nil
        } catch {
            return (error as? TarIndex.Fault)?.predicate
        }
    }

    @Test("Names in one field, in two, in a pax header and in GNU tar's")
    func names() throws {
        let long = String(repeating: "ä/", count: 120) + "x.jpg"
        let archive =
            Self.member("a.jpg", [1, 2, 3]) + Self.member("b.jpg", [], prefix: "sub")
            + Self.extended("g", Self.pax("comment", "hello"))
            + Self.extended("x", Self.pax("mtime", "1.5") + Self.pax("path", long)) + Self.member("cut", [4])
            + Self.extended("L", Array(long.utf8) + [0]) + Self.member("cut", [5], magic: "ustar ")
            + Self.member("last.jpg", [6], magic: "") + Self.end
        let found = try members(archive)
        #expect(found.map(\.name) == ["a.jpg", "sub/b.jpg", long, long, "last.jpg"])
        #expect(found.map { Array(archive[$0.offset..<$0.offset + $0.size]) } == [[1, 2, 3], [], [4], [5], [6]])
    }

    @Test("Links, folders and what has a kind of its own are passed over; their names are not the next one's")
    func passed() throws {
        let archive =
            Self.header("folder/", size: 0, kind: "5") + Self.extended("x", Self.pax("path", "link"))
            + Self.header("link", size: 0, kind: "2") + Self.extended("V", [1]) + Self.member("old/", [])
            + Self.member("a.jpg", [9]) + Self.end
        #expect(try members(archive).map(\.name) == ["a.jpg"])
    }

    @Test("Sizes: pax says more than the header, and binary numbers count")
    func sizes() throws {
        let binary: [UInt8] = [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3]
        let archive =
            Self.extended("x", Self.pax("size", "2")) + Self.header("a", size: 0) + Self.padded([7, 8])
            + Self.header("b", size: 0, rawSize: binary) + Self.padded([1, 2, 3])
        #expect(try members(archive).map(\.size) == [2, 3])
    }

    @Test("An archive may end without its two blocks of zeros, and within the last file's block")
    func endings() throws {
        #expect(try members(Self.member("a", [1])).count == 1)
        #expect(try members(Self.header("a", size: 3) + [1, 2, 3]).count == 1)
        #expect(try members(Self.member("a", [1]) + Self.end + Self.member("b", [1])).map(\.name) == ["a"])
        #expect(try members([]).isEmpty)
    }

    @Test("What is cut off, damaged or none at all is refused")
    func bad() {
        #expect(fault(Self.header("a.jpg", size: 4) + [1, 2, 3]) == "ends within a.jpg")
        #expect(fault(Array(Self.header("a", size: 0).prefix(511))) == "ends within a header")
        var broken = Self.member("a", [1])
        broken[3] ^= 1
        #expect(fault(Self.member("b", []) + broken)?.contains("damaged at byte 512") == true)
        #expect(fault(Array(repeating: 65, count: 2048))?.contains("no tar archive") == true)
        #expect(fault(Self.header("a", size: 0, kind: "S"))?.contains("sparse") == true)
        #expect(fault(Self.extended("x", Self.pax("GNU.sparse.major", "1")))?.contains("sparse") == true)
        #expect(fault(Self.extended("x", Array("9 path".utf8)))?.contains("extended header") == true)
        #expect(
            fault(Self.extended("x", Array("99999999999999999999 a=b\n".utf8)))?.contains("extended header") == true)
        #expect(fault(Self.extended("x", Self.pax("size", "-1")))?.contains("size") == true)
        let huge: [UInt8] = [0x80] + [UInt8](repeating: 0xFF, count: 11)
        #expect(fault(Self.header("a", size: 0, rawSize: huge))?.contains("number") == true)
        #expect(fault(Self.header("a", size: 0, rawSize: Array("99999999999\0".utf8)))?.contains("number") == true)
        let most: [UInt8] = [0x80, 0, 0, 0, 0x7F] + [UInt8](repeating: 0xFF, count: 7)
        #expect(fault(Self.header("a", size: 0, rawSize: most)) == "ends within a")
    }

    @Test("A long name at the limit is taken, one byte more is not")
    func limit() throws {
        let long = [UInt8](repeating: 97, count: BatchLimits.tarHeaderBytes)
        #expect(try members(Self.extended("L", long) + Self.member("a", [1])).first?.name.utf8.count == long.count)
        #expect(fault(Self.extended("L", long + [97]) + Self.member("a", [1]))?.contains("the limit is") == true)
    }

    private static let tar = "/usr/bin/tar"
    private static let hasTar = FileManager.default.isExecutableFile(atPath: tar)

    @Test(
        "What tar packs is read as it is, in every form of it",
        .enabled(if: hasTar, "there is no /usr/bin/tar"), arguments: ["v7", "ustar", "gnu", "pax"])
    func packed(_ format: String) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "boxwood-" + UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        // The old form has room for short names alone.
        let deep = format == "v7" ? "deep" : String(repeating: "d", count: 70) + "/" + String(repeating: "e", count: 70)
        try FileManager.default.createDirectory(
            at: folder.appending(path: "in/\(deep)"), withIntermediateDirectories: true)
        let contents = [
            "a.jpg": Data([1, 2, 3]), "\(deep)/b.png": Data(repeating: 7, count: 1000), "empty.jpg": Data(),
        ]
        for (name, data) in contents { try data.write(to: folder.appending(path: "in/\(name)")) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.tar)
        let archive = folder.appending(path: "a.tar").path
        process.arguments = ["-C", folder.appending(path: "in").path, "--format=\(format)", "-cf", archive, "."]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        let file = try TarArchive(archive)
        var read: [String: Data] = [:]
        for member in try file.members() {
            read[String(member.name.dropFirst(2))] = Data(try file.bytes(at: member.offset, count: member.size))
        }
        #expect(read == contents)
    }
}
