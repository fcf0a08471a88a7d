// SPDX-License-Identifier: MIT
import Glibc
package import Grounding
import Wire

/// Finds the pictures that the command line means, and what is asked of each.
package struct BatchListing {
    private let words: TaskWords
    private let options: GenerationOptions
    private let limit: Int
    private var plan = BatchPlan()
    private var numbers: [TaskRequest: Int] = [:]
    private var places: [String: Int] = [:]
    /// What the command line asks of pictures that say nothing themselves.
    private var common: Int?

    /// - Parameters:
    ///   - inputs: folders, lists (`.jsonl`, `.ndjson`), archives (`.tar`) and pictures.
    ///   - words: what the command line says of the task.
    ///   - limit: the most pictures.
    /// - Throws: `usage`, `badInput` or `noInput`, with the place that is at fault.
    package static func plan(
        _ inputs: [String], _ words: TaskWords, _ options: GenerationOptions, limit: Int = BatchLimits.pictures
    ) throws(CommandFailure) -> BatchPlan {
        if let task = words.task, let word = words.stranger(to: task), !inputs.contains(where: isList) {
            throw CommandFailure(.usage, "\(word.rawValue) is given, which \(task.rawValue) does not take")
        }
        var listing = BatchListing(words: words, options: options, limit: limit)
        for input in inputs { try listing.add(input) }
        guard !listing.plan.items.isEmpty else {
            throw CommandFailure(.noInput, "there is no picture in \(inputs.joined(separator: ", "))")
        }
        return listing.plan
    }

    private init(words: TaskWords, options: GenerationOptions, limit: Int) {
        self.limit = limit
        self.words = words
        self.options = options
    }

    private static func isList(_ input: String) -> Bool {
        ["jsonl", "ndjson"].contains(PictureName.fileExtension(input))
    }

    private mutating func add(_ input: String) throws(CommandFailure) {
        var status = stat()
        if stat(input, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return try addFolder(input) }
        switch PictureName.fileExtension(input) {
        case "jsonl", "ndjson": try addList(input)
        case "tar": try addArchive(input)
        case "tgz", "gz", "tbz2", "bz2", "txz", "xz", "zst", "zip":
            throw CommandFailure(.badInput, "\(input) is compressed; unpack it, or pack it as a plain .tar")
        case let other where PictureName.extensions.contains(other) || access(input, F_OK) == 0:
            try append(key: input, name: input, .file(input), words, place: nil)
        default: throw CommandFailure(.noInput, "\(input): \(String(cString: strerror(errno)))")
        }
    }

    private mutating func addFolder(_ folder: String) throws(CommandFailure) {
        let root = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        for name in try PictureFolder.pictures(root) {
            try append(key: name, name: name, .file("\(root)/\(name)"), words, place: nil)
        }
    }

    /// The key of a file in an archive is its name without its extension, as in WebDataset's shards.
    private mutating func addArchive(_ path: String) throws(CommandFailure) {
        let archive = try TarArchive(path)
        for member in try archive.members() where PictureName.isPicture(member.name) {
            guard !PictureName.isHidden(member.name) else { continue }
            let name = member.name.hasPrefix("./") ? String(member.name.dropFirst(2)) : member.name
            try append(key: PictureName.stem(name), name: name, .member(archive, member), words, place: nil)
        }
    }

    private mutating func addList(_ path: String) throws(CommandFailure) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CommandFailure(.noInput, "\(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        var reader = FileLines(descriptor, limit: BatchLimits.listLineBytes)
        var number = 0
        do {
            while let line = try reader.next() {
                number += 1
                let bytes = line.bytes.filter { $0 != UInt8(ascii: "\r") }
                if bytes.allSatisfy({ $0 == 32 || $0 == 9 }) { continue }
                try add(bytes, folder: folder, place: "line \(number) of \(path)")
            }
        } catch let failure as CommandFailure {
            throw failure
        } catch FileLines.Fault.tooLong {
            throw CommandFailure(
                .badInput, "line \(number + 1) of \(path) has more than \(BatchLimits.listLineBytes) bytes")
        } catch {
            throw CommandFailure(.inputOutput, "\(path) cannot be read")
        }
    }

    private mutating func add(_ bytes: [UInt8], folder: String, place: String) throws(CommandFailure) {
        let line: PictureListLine
        do {
            line = try PictureListLine(bytes)
        } catch {
            throw CommandFailure(.badInput, "\(place) \(error.predicate)")
        }
        let words = line.words.over(words)
        if let task = words.task, let word = line.words.stranger(to: task) {
            throw CommandFailure(.badInput, "\(place) has \(word.rawValue), which \(task.rawValue) does not take")
        }
        let path = line.image.hasPrefix("/") ? line.image : folder + line.image
        try append(key: line.key ?? line.image, name: line.image, .file(path), words, place: place)
    }

    private mutating func append(
        key: String, name: String, _ source: BatchItem.Source, _ words: TaskWords, place: String?
    ) throws(CommandFailure) {
        let item = BatchItem(key: key, name: name, source: source, request: try number(of: words, place: place))
        guard !key.isEmpty, key.utf8.count <= BatchLimits.keyBytes, !key.unicodeScalars.contains(where: Self.isControl)
        else {
            throw CommandFailure(
                .badInput,
                "\(place ?? item.place): a key has 1 to \(BatchLimits.keyBytes) bytes and no control characters")
        }
        if let other = places.updateValue(plan.items.count, forKey: key) {
            throw CommandFailure(
                .badInput, "\"\(key)\" is the key of two pictures, \(plan.items[other].place) and \(item.place)",
                hint: "Rename one, leave one out, or give them keys in a list: {\"custom_id\": ..., \"image\": ...}.")
        }
        guard plan.items.count < limit else {
            throw CommandFailure(.badInput, "there are more than \(limit) pictures; do them in parts")
        }
        plan.items.append(item)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.generalCategory == .control }

    private mutating func number(of words: TaskWords, place: String?) throws(CommandFailure) -> Int {
        if place == nil, let common { return common }
        let request: TaskRequest
        do {
            request = try words.request(options)
        } catch {
            guard let place else { throw error }
            throw CommandFailure(.badInput, "\(place): \(error.message)", hint: error.hint)
        }
        let number = numbers[request] ?? plan.requests.count
        if number == plan.requests.count {
            numbers[request] = number
            plan.requests.append(request)
            plan.digests.append(RequestDigest.text(request))
        }
        if place == nil { common = number }
        return number
    }
}
