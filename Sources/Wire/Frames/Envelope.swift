// SPDX-License-Identifier: MIT
import SwiftProtobuf

/// A message taken apart: version and kind are checked, its number of frames and the size of its header too.
struct Envelope {
    let kind: MessageKind
    let header: [UInt8]
    let body: [UInt8]
    let image: Payload?

    /// - Parameters:
    ///   - last: one more frame behind the others, which was not copied.
    ///   - kinds: those that go this way.
    init(_ frames: [[UInt8]], last: Payload? = nil, kinds: Set<MessageKind>) throws(FrameError) {
        var (frames, last) = (frames, last)
        if let stray = last, frames.count != 4 {
            // Not a picture, by its place.
            frames.append(stray.array)
            last = nil
        }
        let count = frames.count + (last == nil ? 0 : 1)
        // The header's place is the same in every version, so that even another version is answered in kind.
        let encoding = frames.count > 2 ? WireEncoding(of: frames[2]) : .protobuf
        guard let magic = frames.first else { throw .stranger }
        guard magic == WireLimits.magic else {
            throw Self.isOtherVersion(magic) ? FrameError.version.encoded(encoding) : .stranger
        }
        guard count >= 3 else { throw .frameCount(count, of: nil) }
        guard let kind = MessageKind(frames[1]), kinds.contains(kind) else {
            throw FrameError.unknownKind.encoded(encoding)
        }
        guard kind.frameCounts.contains(count) else {
            throw FrameError.frameCount(count, of: kind).encoded(encoding)
        }
        guard frames[2].count <= WireLimits.headerBytes else {
            throw FrameError.tooLarge("header", bytes: frames[2].count, limit: WireLimits.headerBytes).encoded(encoding)
        }
        self.kind = kind
        header = frames[2]
        body = frames.count > 3 ? frames[3] : []
        image = last ?? (frames.count > 4 ? Payload(frames[4]) : nil)
    }

    var encoding: WireEncoding { WireEncoding(of: header) }

    func decodeHeader<M: Message>(_ type: M.Type) throws(FrameError) -> M {
        do throws(MalformedMessage) {
            return try WireEncoding.decode(type, from: header)
        } catch {
            throw FrameError.header(error.predicate).encoded(encoding)
        }
    }

    /// Comes after the header, so that the refusal can name the dispatch.
    func checkSizes(_ dispatch: Dispatch) throws(FrameError) {
        do throws(FrameError) {
            try checkSizes()
        } catch {
            throw error.about(dispatch)
        }
    }

    /// Comes after the header, so that the refusal can name the call.
    func checkSizes(id: String = "") throws(FrameError) {
        guard body.count <= kind.bodyLimit else {
            throw FrameError.tooLarge("body", bytes: body.count, limit: kind.bodyLimit).about(id).encoded(encoding)
        }
        if let image, image.count > WireLimits.imageBytes {
            throw FrameError.tooLarge("image", bytes: image.count, limit: WireLimits.imageBytes).about(id)
                .encoded(encoding)
        }
    }

    private static func isOtherVersion(_ magic: [UInt8]) -> Bool {
        magic.count == 4 && magic[..<3] == WireLimits.magic[..<3]
            && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(magic[3])
    }

    /// Puts a message together.
    static func frames(
        _ kind: MessageKind, _ header: some Message, _ encoding: WireEncoding, body: [UInt8]? = nil,
        image: [UInt8]? = nil
    ) -> [[UInt8]] {
        var frames = [WireLimits.magic, kind.bytes, encoding.encode(header)]
        if let body { frames.append(body) }
        if let image { frames.append(image) }
        return frames
    }
}

extension FrameError {
    func encoded(_ encoding: WireEncoding) -> FrameError {
        var error = self
        error.encoding = encoding
        return error
    }

    func about(_ dispatch: Dispatch) -> FrameError {
        var error = self
        error.dispatch = dispatch
        return error
    }

    func about(_ id: String) -> FrameError {
        var error = self
        error.id = id
        return error
    }
}

/// The empty frame that a REQ socket puts before its message.
public enum Delimiter {
    /// Takes it off; true where there was one.
    public static func take(from frames: inout [[UInt8]]) -> Bool {
        guard frames.first?.isEmpty == true else { return false }
        frames.removeFirst()
        return true
    }
}
