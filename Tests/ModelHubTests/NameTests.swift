// SPDX-License-Identifier: MIT
import ModelHub
import Testing

@Suite("Names of models")
struct NameTests {
    @Test(arguments: [
        "microsoft/kosmos-2-patch14-224", "a/b", "A.b_c-d/0", String(repeating: "a", count: 96) + "/b",
    ])
    func names(_ text: String) throws {
        #expect(try RepositoryName(text).description == text)
    }

    @Test(arguments: [
        "", "a", "a/b/c", "/b", "a/", "a//b", "../b", "a/..", "a/b..c", "a/b--c", "-a/b", "a-/b", "a/.b", "a/b.",
        "a/b c",
        "a/ü", "a/b\0", "a/b\n", String(repeating: "a", count: 97) + "/b", "a\\b/c", "~/models",
    ])
    func noNames(_ text: String) {
        #expect(throws: HubError.self) { try RepositoryName(text) }
    }

    @Test(arguments: ["main", "v1.0", "refs/pr/7", "a-b_c", String(repeating: "a", count: 200), FakeCommit.text])
    func revisions(_ text: String) throws {
        #expect(try Revision(text).text == text)
        #expect((try Revision(text).commit != nil) == (text == FakeCommit.text))
    }

    @Test(arguments: [
        "", "..", "a/../b", "/a", "a/", "a//b", ".a", "a/.b", "-a", "a.", "a.lock", "a b", "a~1", "a^", "a:b", "a?",
        "a*",
        "a[", "a\\b", "a@{1}", "ä", "a\0", String(repeating: "a", count: 201),
    ])
    func noRevisions(_ text: String) {
        #expect(throws: HubError.self) { try Revision(text) }
    }

    @Test(arguments: [
        ("a/b", nil as String?, "a/b", "main"), ("a/b@v1", nil, "a/b", "v1"), ("a/b", "v1", "a/b", "v1"),
        ("a/b@refs/pr/1", nil, "a/b", "refs/pr/1"), ("a/b@x@y", nil, "a/b", "x@y"),
    ])
    func references(_ text: String, _ revision: String?, _ name: String, _ meant: String) throws {
        let reference = try ModelReference(text, revision: revision)
        #expect(reference.repository.description == name && reference.revision.text == meant)
    }

    @Test func oneRevisionOnly() {
        #expect(throws: HubError.self) { try ModelReference("a/b@v1", revision: "v2") }
        #expect(throws: HubError.self) { try ModelReference("a/b@") }
    }
}

enum FakeCommit {
    static let text = "0123456789abcdef0123456789abcdef01234567"
}
