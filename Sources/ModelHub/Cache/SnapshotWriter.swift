// SPDX-License-Identifier: MIT
import Foundation

/// Gives blobs that are all there the names that a snapshot has for them, and a branch or tag its commit, in that order: at no
/// moment does a name lead to something that is not there.
struct SnapshotWriter {
    let layout: CacheLayout
    /// Whether copies of files give way to links, as they do for a repair.
    var replacesCopies = false

    func link(_ files: [PlannedFile], at commit: Commit) throws(HubError) {
        let folder = layout.snapshot(commit)
        try FileNames.makeFolder(folder)
        for file in files {
            let path = "\(folder)/\(file.name)"
            // Where there are no links, the Python libraries put the files themselves there.
            let isCopy = !replacesCopies && !FileNames.isLink(path) && FileNames.size(path) == file.size
            guard !isCopy, FileNames.target(path) != layout.target(file.digest) else { continue }
            try replace(path) { name throws(HubError) in
                guard symlink(layout.target(file.digest), name) == 0 else {
                    throw HubError(system: "cannot link", name)
                }
            }
        }
    }

    func name(_ revision: Revision, _ commit: Commit) throws(HubError) {
        guard revision.commit == nil, FileNames.text(layout.ref(revision)) != commit.text else { return }
        try FileNames.makeFolder((layout.ref(revision) as NSString).deletingLastPathComponent)
        try replace(layout.ref(revision)) { name throws(HubError) in
            let file = try OpenFile(name, O_WRONLY | O_CREAT | O_TRUNC)
            try file.write(Array(commit.text.utf8), at: 0)
        }
    }

    /// Makes it under another name first, so that there is always the old one or the new one.
    private func replace(_ path: String, _ make: (String) throws(HubError) -> Void) throws(HubError) {
        let name = "\(path).\(getpid()).tmp"
        try FileNames.remove(name)
        try make(name)
        do throws(HubError) {
            try FileNames.rename(name, to: path)
        } catch {
            try? FileNames.remove(name)
            throw error
        }
    }
}
