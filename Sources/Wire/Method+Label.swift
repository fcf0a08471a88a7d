// SPDX-License-Identifier: MIT

extension Method {
    /// The service and the method: `Grounding/Detect`. For metrics, logs and spans.
    package var label: String {
        let parts = rawValue.split(separator: "/")
        return "\(parts[0].split(separator: ".").last ?? "")/\(parts[1])"
    }
}
