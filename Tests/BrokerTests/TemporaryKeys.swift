// SPDX-License-Identifier: MIT

import Foundation
import Messaging

/// A folder of keys that goes with the test.
final class TemporaryKeys {
    let folder: KeyFolder

    /// With the broker's.
    init() throws {
        folder = KeyFolder(
            FileManager.default.temporaryDirectory.appending(path: "boxwood-keys-\(UUID().uuidString)").path)
        _ = try folder.makeBroker()
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder.path)
    }
}
