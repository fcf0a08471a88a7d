// SPDX-License-Identifier: MIT
import Foundation

/// What an honest hub says, as of huggingface_hub's own calls: a repository at a revision, its tree, and its files.
struct HubAnswers {
    let repositories: [String: FakeRepository]
    let storeURL: String

    typealias Request = FakeHub.Request
    typealias Reply = FakeHub.Reply

    func hub(_ request: Request) -> Reply {
        let parts = request.path.split(separator: "/").map { $0.removingPercentEncoding ?? String($0) }
        if parts.first == "api", parts.count >= 4 {
            guard let repository = repositories["\(parts[2])/\(parts[3])"] else { return missing(request) }
            if let refusal = refusal(request, repository, isFile: parts[1] == "resolve-cache") { return refusal }
            if parts[1] == "resolve-cache", parts.count == 6 {
                return file(request, repository, revision: parts[4], name: parts[5], isAround: true)
            }
            return listing(repository, Array(parts[4...]))
        }
        guard parts.count == 5, parts[2] == "resolve", let repository = repositories["\(parts[0])/\(parts[1])"] else {
            return missing(request)
        }
        if let refusal = refusal(request, repository, isFile: true) { return refusal }
        return file(request, repository, revision: parts[3], name: parts[4], isAround: false)
    }

    func store(_ request: Request) -> Reply {
        // Those who sign addresses take no second proof of who asks.
        guard request.headers["authorization"] == nil else { return Reply(400) }
        let hash = request.path.split(separator: "/").last.map(String.init) ?? ""
        let files = repositories.values.flatMap { $0.commits.values.flatMap(\.values) }
        guard let file = files.first(where: { $0.isLarge && $0.sha256 == hash }) else { return Reply(404) }
        return bytes(of: file, request, [("ETag", "\"store-\(hash.prefix(8))\"")])
    }

    // MARK: - Who may see it

    private func missing(_ request: Request) -> Reply {
        let status = request.headers["authorization"] == nil ? 401 : 404
        return Reply(status, [("X-Error-Code", "RepoNotFound"), ("X-Error-Message", "Repository not found")])
    }

    private func refusal(_ request: Request, _ repository: FakeRepository, isFile: Bool) -> Reply? {
        switch repository.admission {
        case .everybody: return nil
        case .token(let token):
            return request.headers["authorization"] == "Bearer \(token)" ? nil : missing(request)
        case .gated(let token):
            guard isFile, request.headers["authorization"] != "Bearer \(token)" else { return nil }
            let status = request.headers["authorization"] == nil ? 401 : 403
            return Reply(status, [("X-Error-Code", "GatedRepo"), ("X-Error-Message", "Access is restricted")])
        }
    }

    // MARK: - Listings

    private func listing(_ repository: FakeRepository, _ rest: [String]) -> Reply {
        let revision = rest.count >= 2 ? rest[1] : "main"
        guard let commit = commit(revision, repository), let files = repository.commits[commit] else {
            return Reply(
                404, [("X-Error-Code", "RevisionNotFound"), ("X-Error-Message", "Invalid rev id: \(revision)")])
        }
        let names = files.keys.sorted()
        if rest.first == "tree" {
            return json(names.compactMap { name in files[name].map { treeEntry(name, $0) } })
        }
        let siblings = names.compactMap { name in
            files[name].map { file in
                var entry: [String: Any] = ["rfilename": name]
                guard repository.listsHashes else { return entry }
                entry["size"] = file.bytes.count
                // Of a large file, git has the pointer.
                entry["blobId"] = file.isLarge ? String(repeating: "f", count: 40) : file.gitBlob
                if file.isLarge {
                    entry["lfs"] = ["sha256": file.sha256, "size": file.bytes.count, "pointerSize": 135]
                }
                return entry
            }
        }
        return json([
            "id": repository.name, "modelId": repository.name, "sha": commit, "private": false, "tags": [] as [String],
            "downloads": 0, "likes": 0, "siblings": siblings,
        ])
    }

    private func treeEntry(_ name: String, _ file: FakeRepository.File) -> [String: Any] {
        var entry: [String: Any] = ["type": "file", "path": name, "size": file.bytes.count, "oid": file.gitBlob]
        if file.isLarge { entry["lfs"] = ["oid": file.sha256, "size": file.bytes.count, "pointerSize": 135] }
        return entry
    }

    private func json(_ value: Any) -> Reply {
        let data = (try? JSONSerialization.data(withJSONObject: value, options: [.sortedKeys])) ?? Data()
        return Reply(200, [("Content-Type", "application/json; charset=utf-8")], data)
    }

    private func commit(_ revision: String, _ repository: FakeRepository) -> String? {
        repository.refs[revision] ?? repository.commits.keys.first { $0 == revision }
    }

    // MARK: - Files

    private func file(
        _ request: Request, _ repository: FakeRepository, revision: String, name: String, isAround: Bool
    ) -> Reply {
        guard let commit = commit(revision, repository), let file = repository.commits[commit]?[name] else {
            return Reply(404, [("X-Error-Code", "EntryNotFound"), ("X-Error-Message", "Entry not found")])
        }
        let common = [("X-Repo-Commit", commit)]
        if file.isLarge {
            let linked = [("X-Linked-Etag", "\"\(file.sha256)\""), ("X-Linked-Size", "\(file.bytes.count)")]
            let body = Data("Found. Redirecting".utf8)
            return Reply(302, common + linked + [("Location", "\(storeURL)/blobs/\(file.sha256)?signed=1")], body)
        }
        if repository.sendsAround, !isAround {
            let place = "/api/resolve-cache/\(repository.name)/\(commit)/\(name)"
            return Reply(307, common + [("Location", place)], Data("Temporary Redirect".utf8))
        }
        return bytes(of: file, request, common + [("ETag", "\"\(file.gitBlob)\"")])
    }

    /// All of a file or the part that is asked for.
    private func bytes(of file: FakeRepository.File, _ request: Request, _ headers: [(String, String)]) -> Reply {
        let headers = headers + [("Accept-Ranges", "bytes")]
        let tag = headers.first { $0.0 == "ETag" }?.1
        let isSame = request.headers["if-range"].map { $0 == tag } ?? true
        guard let range = request.headers["range"], range.hasPrefix("bytes="), isSame,
            let first = Int(range.dropFirst(6).prefix { $0 != "-" })
        else {
            return Reply(200, headers, file.bytes)
        }
        let total = file.bytes.count
        guard first < total else { return Reply(416, headers + [("Content-Range", "bytes */\(total)")]) }
        let place = ("Content-Range", "bytes \(first)-\(total - 1)/\(total)")
        return Reply(206, headers + [place], file.bytes.dropFirst(first))
    }
}
