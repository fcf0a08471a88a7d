// SPDX-License-Identifier: MIT
import BoxwoodCommands
import ModelHub
import Testing

@Suite("Finding the model")
struct ModelSearchTests {
    private func search(
        _ environment: String? = nil, files: Set<String>, folders: Set<String> = [], cached: [String: String] = [:]
    ) -> ModelSearch {
        ModelSearch(
            environment: environment, programFolder: "/usr/bin", currentFolder: "/home/me/project",
            exists: files.contains, isFolder: folders.contains,
            cached: { reference, file throws(HubError) in
                guard let folder = cached["\(reference) \(file)"] else {
                    throw HubError(.notCached, "\(reference) is not in /cache", hint: "Fetch it")
                }
                return folder
            })
    }

    @Test(
        "From near to far",
        arguments: [
            ("/usr/bin/models/boxwood-nano", nil as String?, nil as String?),
            ("/usr/bin/../share/boxwood/models/boxwood-nano", nil, nil),
            ("/home/me/project/models/boxwood-nano", nil, nil), ("/home/models/boxwood-nano", nil, nil),
            ("/models/boxwood-nano", nil, nil), ("/usr/models/boxwood-nano", nil, nil),
            ("/elsewhere", "/elsewhere", nil), ("mine", "/elsewhere", "mine"),
        ])
    func places(_ folder: String, _ environment: String?, _ named: String?) throws {
        let found = try search(environment, files: [folder + "/config.json"]).folder(named: named)
        #expect(found == folder)
    }

    @Test("The nearest wins")
    func order() throws {
        let folders = ["/usr/bin/models/boxwood-nano", "/home/me/models/boxwood-nano", "/models/boxwood-nano"]
        #expect(try search(files: Set(folders.map { $0 + "/config.json" })).folder(named: nil) == folders[0])
        #expect(try search(files: Set(folders[1...].map { $0 + "/config.json" })).folder(named: nil) == folders[1])
    }

    @Test("A folder that is named is the only one looked at")
    func named() {
        let files: Set = ["/usr/bin/models/boxwood-nano/config.json"]
        #expect(failure { try search(files: files).folder(named: "/typo") }?.status == .badInput)
        #expect(failure { try search("/typo", files: files).folder(named: nil) }?.message.contains("/typo") == true)
    }

    @Test("A name of the cache does where a folder does")
    func names() throws {
        let cached = ["acme/tiny config.json": "/cache/s1", "acme/tiny@v1 pieces": "/cache/s2"]
        #expect(try search(files: [], cached: cached).folder(named: "acme/tiny") == "/cache/s1")
        #expect(try search("acme/tiny", files: [], cached: cached).folder(named: nil) == "/cache/s1")
        #expect(try search(files: [], cached: cached).folder(named: "acme/tiny@v1", with: "pieces") == "/cache/s2")
        #expect(try search("acme/tiny", files: ["/m/config.json"], cached: cached).folder(named: "/m") == "/m")
    }

    @Test("A folder of that name wins, with a model in it or without")
    func folderWins() throws {
        let cached = ["acme/tiny config.json": "/cache/s1"]
        let here = search(files: ["acme/tiny/config.json"], folders: ["acme/tiny"], cached: cached)
        #expect(try here.folder(named: "acme/tiny") == "acme/tiny")
        let empty = search(files: [], folders: ["acme/tiny"], cached: cached)
        #expect(failure { try empty.folder(named: "acme/tiny") }?.message.contains("config.json") == true)
    }

    @Test("A name that is not in the cache says what fetches it")
    func missing() {
        let failure = failure { try search(files: []).folder(named: "acme/tiny") }
        #expect(failure?.status == .badInput && failure?.hint == "Fetch it")
        #expect(failure?.message == "no folder acme/tiny is here, and acme/tiny is not in /cache")
    }

    @Test("A folder may be known by another file")
    func anotherFile() throws {
        #expect(try search(files: ["/t/pieces"]).folder(named: "/t", with: "pieces") == "/t")
        let failure = failure { try search(files: ["/t/config.json"]).folder(named: "/t", with: "pieces") }
        #expect(failure?.message.contains("pieces") == true)
    }

    @Test("The error says everywhere it looked")
    func message() throws {
        let message = try #require(failure { try search(files: []).folder(named: nil) }).message
        for place in ["/usr/bin/", "/home/me/project/", "/home/me/", "/home/", "/models/"] {
            #expect(message.contains(place))
        }
    }
}
