// SPDX-License-Identifier: MIT

import Foundation
package import Messaging

/// Whom a broker lets in, as the folder of keys had it when it was read.
package struct AuthorizedKeys: Sendable {
    package private(set) var identities: [CurvePublicKey: PeerIdentity] = [:]
    /// What is wrong with files, for the log: each of these lets nobody in.
    package private(set) var faults: [String] = []

    package init() {}

    /// Reads the folder. A key that cannot be read, or that is in it twice, is nobody's.
    package init(_ folder: KeyFolder) {
        var ambiguous: Set<CurvePublicKey> = []
        for role in PeerRole.allCases {
            for name in folder.authorizedNames(role) {
                do throws(MessagingError) {
                    let key = try folder.authorized(role, name)
                    let identity = PeerIdentity(role: role, name: name, key: key)
                    if let other = identities.updateValue(identity, forKey: key) {
                        ambiguous.insert(key)
                        faults.append("\(other) and \(identity) have the same key; neither is let in")
                    }
                } catch {
                    faults.append(error.message)
                }
            }
        }
        for key in ambiguous { identities[key] = nil }
    }

    /// Who has a key, if that role may be at this address.
    package func identity(_ key: CurvePublicKey, at side: BrokerSide) -> PeerIdentity? {
        identities[key].flatMap { Permissions.roles(at: side).contains($0.role) ? $0 : nil }
    }
}

/// What a folder of keys looks like from outside: two that differ were changed in between.
struct KeyFolderState: Hashable {
    private struct Entry: Hashable {
        let path: String
        let inode: UInt64
        let size: Int64
        let seconds: Int
        let nanoseconds: Int

        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            self.path = path
            inode = UInt64(status.st_ino)
            size = Int64(status.st_size)
            // Of the last change of contents, owner or mode.
            seconds = status.st_ctim.tv_sec
            nanoseconds = status.st_ctim.tv_nsec
        }
    }

    private let entries: [Entry]

    /// That of no folder at all.
    static let none = KeyFolderState(entries: [])

    /// The folders alone: tells of files that came and went, in three looks.
    static func ofFolders(_ folder: KeyFolder) -> KeyFolderState {
        KeyFolderState(entries: paths(folder).compactMap(Entry.init))
    }

    /// Every file as well: tells of one that was written over, too.
    static func ofFiles(_ folder: KeyFolder) -> KeyFolderState {
        let files = PeerRole.allCases.flatMap { role in
            folder.authorizedNames(role).map { folder.authorizedPath(role, $0) }
        }
        return KeyFolderState(entries: (paths(folder) + files).compactMap(Entry.init))
    }

    private static func paths(_ folder: KeyFolder) -> [String] {
        PeerRole.allCases.map { "\(folder.authorizedPath)/\($0.rawValue)" }
    }
}
