// SPDX-License-Identifier: MIT
import Foundation

/// The part of JSON Schema 2020-12 that `protocol/result.schema.json` uses.
struct Schema {
    private let root: [String: Any]

    static func ofResult() throws -> Schema {
        let data = try Data(contentsOf: Examples.protocolFolder.appending(path: "result.schema.json"))
        return Schema(root: try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:])
    }

    /// What is wrong with a value, each fault with its path.
    func faults(in value: Any) -> [String] { faults(value, root, "$") }

    private func faults(_ value: Any, _ schema: [String: Any], _ path: String) -> [String] {
        if let reference = schema["$ref"] as? String {
            let name = String(reference.split(separator: "/").last ?? "")
            let definitions = root["$defs"] as? [String: [String: Any]] ?? [:]
            return faults(value, definitions[name] ?? [:], path)
        }
        if let values = schema["enum"] as? [String] {
            return values.contains(value as? String ?? "") ? [] : ["\(path): none of \(values)"]
        }
        switch schema["type"] as? String {
        case "object": return objectFaults(value, schema, path)
        case "array": return arrayFaults(value, schema, path)
        case "string": return value is String ? [] : ["\(path): no string"]
        case "boolean": return (value as? NSNumber).map(Self.isBool) == true ? [] : ["\(path): no boolean"]
        case "integer", "number": return numberFaults(value, schema, path)
        default: return ["\(path): the schema has no type"]
        }
    }

    private func objectFaults(_ value: Any, _ schema: [String: Any], _ path: String) -> [String] {
        guard let object = value as? [String: Any] else { return ["\(path): no object"] }
        let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
        let missing = (schema["required"] as? [String] ?? []).filter { object[$0] == nil }
        return missing.map { "\(path).\($0): missing" }
            + object.flatMap { key, member in
                properties[key].map { faults(member, $0, "\(path).\(key)") } ?? ["\(path).\(key): unknown"]
            }
    }

    private func arrayFaults(_ value: Any, _ schema: [String: Any], _ path: String) -> [String] {
        guard let array = value as? [Any] else { return ["\(path): no array"] }
        let allowed = (schema["minItems"] as? Int ?? 0)...(schema["maxItems"] as? Int ?? .max)
        guard allowed.contains(array.count) else { return ["\(path): \(array.count) items"] }
        let items = schema["items"] as? [String: Any] ?? [:]
        return array.enumerated().flatMap { faults($1, items, "\(path)[\($0)]") }
    }

    private func numberFaults(_ value: Any, _ schema: [String: Any], _ path: String) -> [String] {
        guard let number = value as? NSNumber, !Self.isBool(number), !(value is String) else {
            return ["\(path): no number"]
        }
        let double = number.doubleValue
        if schema["type"] as? String == "integer", double.rounded() != double { return ["\(path): not whole"] }
        let lowest = (schema["minimum"] as? NSNumber)?.doubleValue ?? -.infinity
        let highest = (schema["maximum"] as? NSNumber)?.doubleValue ?? .infinity
        return (lowest...highest).contains(double) ? [] : ["\(path): \(double)"]
    }

    /// JSON's true and 1 are both numbers to Foundation; only their type encoding tells them apart.
    private static func isBool(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }
}
