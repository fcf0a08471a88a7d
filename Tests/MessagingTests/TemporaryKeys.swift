// SPDX-License-Identifier: MIT

import Foundation
import Messaging

/// A folder of keys that goes with the test.
final class TemporaryKeys {
    let folder: KeyFolder

    init() {
        folder = KeyFolder(
            FileManager.default.temporaryDirectory.appending(path: "boxwood-keys-\(UUID().uuidString)").path)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder.path)
    }

    func write(_ text: String, to path: String, mode: mode_t = 0o600) throws {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        chmod(path, mode)
    }
}
