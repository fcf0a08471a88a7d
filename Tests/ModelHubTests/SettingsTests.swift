// SPDX-License-Identifier: MIT
import ModelHub
import Testing

@Suite("Where cache and hub are")
struct SettingsTests {
    private func settings(_ environment: [String: String], files: [String: String] = [:]) throws -> HubSettings {
        try HubSettings(environment: environment, home: "/home/me") { files[$0] }
    }

    @Test(
        "The folders of the Python libraries",
        arguments: [
            ([:], "/home/me/.cache/huggingface/hub"), (["XDG_CACHE_HOME": "/x"], "/x/huggingface/hub"),
            (["HF_HOME": "/h", "XDG_CACHE_HOME": "/x"], "/h/hub"), (["HF_HOME": "~/h/"], "/home/me/h/hub"),
            (["HF_HUB_CACHE": "/c", "HF_HOME": "/h"], "/c"), (["HUGGINGFACE_HUB_CACHE": "/old"], "/old"),
            (["HF_HUB_CACHE": "", "HF_HOME": ""], "/home/me/.cache/huggingface/hub"),
        ] as [([String: String], String)])
    func cache(_ environment: [String: String], _ folder: String) throws {
        #expect(try settings(environment).cache == folder)
        #expect(HubSettings.cacheFolder(environment, home: "/home/me") == folder)
    }

    @Test func addresses() throws {
        #expect(try settings([:]).address.description == "https://huggingface.co")
        #expect(try settings(["HF_ENDPOINT": "http://127.0.0.1:80/"]).address.description == "http://127.0.0.1:80")
        #expect(try settings(["HF_ENDPOINT": "https://mirror/hub"]).address.description == "https://mirror/hub")
        for bad in [
            "mirror", "ftp://mirror", "https://", "https://me@mirror", "https://mirror?x=1", "https://mirror#x",
        ] {
            let error = #expect(throws: HubError.self) { try settings(["HF_ENDPOINT": bad]) }
            #expect(error?.code == .settings && error?.message.contains("HF_ENDPOINT") == true)
        }
    }

    @Test func offline() throws {
        for value in ["1", "true", "YES", "on"] { #expect(try settings(["HF_HUB_OFFLINE": value]).isOffline) }
        #expect(try settings(["TRANSFORMERS_OFFLINE": "1"]).isOffline)
        for value in ["", "0", "false"] { #expect(try !settings(["HF_HUB_OFFLINE": value]).isOffline) }
    }

    @Test func tokens() throws {
        let file = ["/home/me/.cache/huggingface/token": " hf_file\n"]
        #expect(try settings([:]).token == nil)
        #expect(try settings([:], files: file).token == HubToken(trimming: "hf_file", from: ""))
        #expect(try settings(["HF_TOKEN": "hf_x"], files: file).token == HubToken(trimming: "hf_x", from: ""))
        #expect(try settings(["HF_HOME": "/h"], files: ["/h/token": "t"]).token == HubToken(trimming: "t", from: ""))
        #expect(try settings(["HF_TOKEN_PATH": "/t"], files: ["/t": "t"]).token == HubToken(trimming: "t", from: ""))
        #expect(try settings(["HF_TOKEN": " \n"]).token == nil)
        let longest = String(repeating: "a", count: HubLimits.tokenBytes)
        #expect(try settings(["HF_TOKEN": longest]).token != nil)
        for bad in [longest + "a", "a\r\nX-Other: 1", "a b", "ü"] {
            #expect(throws: HubError.self) { try settings(["HF_TOKEN": bad]) }
        }
    }

    @Test func aTokenIsNeverPrinted() throws {
        let settings = try settings(["HF_TOKEN": "hf_secret"])
        var dumped = ""
        dump(settings.token.map { "\($0) \(String(reflecting: $0))" }, to: &dumped)
        #expect(!dumped.contains("secret"))
        #expect(!"\(settings)".contains("secret"))
    }
}
