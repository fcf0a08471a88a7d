// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Testing

@Suite("Finding the model")
struct ModelSearchTests {
    private func search(_ environment: String? = nil, files: Set<String>) -> ModelSearch {
        ModelSearch(
            environment: environment, programFolder: "/usr/bin", currentFolder: "/home/me/project",
            exists: files.contains)
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
