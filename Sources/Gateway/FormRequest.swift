// SPDX-License-Identifier: MIT
import Foundation
import Grounding
import HTTPTypes
import Wire

/// A request and its picture, out of what HTTP carries: a form or a JSON object.
package struct FormRequest: Sendable, Hashable {
    /// The request's JSON, without the picture.
    package let body: [UInt8]
    package let image: [UInt8]

    /// - Parameter contentType: of the body; a form or JSON.
    /// - Throws: 415 for anything else, 400 for what cannot be read.
    package init(_ content: [UInt8], contentType: String?) throws(Problem) {
        switch contentType.map({ HeaderParameters($0).value }) {
        case "multipart/form-data":
            do throws(MultipartForm.Fault) {
                let form = try MultipartForm(content, contentType: contentType!)
                try self.init(form)
            } catch {
                throw Problem(.badRequest, .invalidArgument, "the form cannot be read: \(error.message)")
            }
        case "application/json":
            try self.init(json: content)
        default:
            throw Problem(
                .unsupportedMediaType, .invalidArgument, "the body is multipart/form-data or application/json")
        }
    }
}

// MARK: - JSON

extension FormRequest {
    private init(json content: [UInt8]) throws(Problem) {
        var object = try JSONObject.read(content)
        guard let text = object.removeValue(forKey: "image") else { throw Problem.invalid("image", "is missing") }
        guard let text = text as? String, let image = Self.picture(text) else {
            throw Problem.invalid("image", "is neither base64 nor a data: URI with base64")
        }
        self.image = image
        body = JSONObject.write(object)
    }

    /// - Parameter text: base64 by itself, or a `data:` URI with it.
    static func picture(_ text: String) -> [UInt8]? {
        var base64 = Substring(text)
        if text.hasPrefix("data:") {
            guard let comma = text.firstIndex(of: ","), text[..<comma].lowercased().hasSuffix(";base64") else {
                return nil
            }
            base64 = text[text.index(after: comma)...]
        }
        guard !base64.isEmpty, let data = Data(base64Encoded: String(base64), options: .ignoreUnknownCharacters),
            !data.isEmpty, base64.utf8.allSatisfy(Self.isBase64)
        else { return nil }
        return Array(data)
    }

    /// Line ends are left in by some encoders.
    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="), 10, 13:
            true
        default: false
        }
    }
}

/// JSON objects as Foundation has them; nothing of them leaves this module.
enum JSONObject {
    static func read(_ content: [UInt8]) throws(Problem) -> [String: Any] {
        guard let value = try? JSONSerialization.jsonObject(with: Data(content)) else {
            throw Problem.invalid("body", "is no JSON")
        }
        guard let object = value as? [String: Any] else { throw Problem.invalid("body", "is no JSON object") }
        return object
    }

    static func write(_ object: [String: Any]) -> [UInt8] {
        guard let data = try? JSONSerialization.data(withJSONObject: object) else {
            preconditionFailure("what was read as JSON cannot be written as JSON")
        }
        return Array(data)
    }
}

// MARK: - Forms

extension FormRequest {
    /// How a field's text is meant.
    private enum Kind {
        case text, list, number, flag, json
    }

    /// Of the requests of all tasks, by the last name of their paths.
    private static let kinds: [String: Kind] = [
        "detail": .text, "grounded": .flag, "labels": .list, "sentence": .text, "phrases": .json, "caption": .text,
        "expression": .text, "box": .json, "question": .text, "prompt": .text, "options": .json,
        "options.max_new_tokens": .number, "options.no_repeat_ngram": .number, "options.threshold": .number,
        "options.box_decoding": .text, "options.tiles": .text, "options.beam.width": .number,
        "options.sample.temperature": .number, "options.sample.top_p": .number, "options.sample.seed": .number,
    ]

    private init(_ form: MultipartForm) throws(MultipartForm.Fault) {
        var image: [UInt8]?
        var fields = FormFields()
        for part in form.parts {
            if part.name == "image" {
                guard image == nil else { throw MultipartForm.Fault("there is more than one field image") }
                image = Array(part.content)
            } else {
                try Self.take(part, into: &fields)
            }
        }
        guard let image, !image.isEmpty else { throw MultipartForm.Fault("there is no file named image") }
        self.image = image
        body = JSONObject.write(fields.object)
    }

    private static func take(_ part: MultipartForm.Part, into fields: inout FormFields) throws(MultipartForm.Fault) {
        guard let text = part.text else { throw MultipartForm.Fault("the field \(part.name) is no UTF-8") }
        if part.name == "request" {
            guard let object = json(text) as? [String: Any] else {
                throw MultipartForm.Fault("the field request is no JSON object")
            }
            for (name, value) in object { try fields.set([name], value) }
            return
        }
        guard let kind = kinds[part.name] else { throw MultipartForm.Fault("there is no field \(part.name)") }
        let path = part.name.split(separator: ".").map(String.init)
        switch kind {
        case .text: try fields.set(path, text)
        case .list: fields.append(path[0], text)
        case .number:
            guard let number = json(text) as? NSNumber, Double(text) != nil else {
                throw MultipartForm.Fault("the field \(part.name) is no number")
            }
            try fields.set(path, number)
        case .flag:
            guard text == "true" || text == "false" else {
                throw MultipartForm.Fault("the field \(part.name) is neither true nor false")
            }
            try fields.set(path, text == "true")
        case .json:
            guard let value = json(text) else { throw MultipartForm.Fault("the field \(part.name) is no JSON") }
            try fields.set(path, value)
        }
    }

    private static func json(_ text: String) -> Any? {
        try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    }
}

/// The object that a form's fields add up to.
private struct FormFields {
    private(set) var object: [String: Any] = [:]

    /// - Throws: for a field that is there twice.
    mutating func set(_ path: [String], _ value: Any) throws(MultipartForm.Fault) {
        guard let changed = Self.setting(path[...], value, in: object) else {
            throw MultipartForm.Fault("there is more than one field \(path.joined(separator: "."))")
        }
        object = changed
    }

    /// A list has a field for each of its members.
    mutating func append(_ name: String, _ text: String) {
        object[name] = (object[name] as? [Any] ?? []) + [text]
    }

    private static func setting(_ path: ArraySlice<String>, _ value: Any, in object: [String: Any]) -> [String: Any]? {
        var object = object
        guard let name = path.first else { return nil }
        if path.count == 1 {
            guard object[name] == nil else { return nil }
            object[name] = value
            return object
        }
        let inner = object[name] ?? [String: Any]()
        guard let inner = inner as? [String: Any], let changed = setting(path.dropFirst(), value, in: inner) else {
            return nil
        }
        object[name] = changed
        return object
    }
}
