// SPDX-License-Identifier: MIT
public import Grounding
public import Wire

/// The tasks by their names. `image` is the bytes of a JPEG or PNG file; each throws the status that the call ended
/// with.
extension BoxwoodClient {
    public func caption(
        image: [UInt8], detail: CaptionDetail = .brief, grounded: Bool = true,
        options: GenerationOptions = GenerationOptions(), timeout: Duration? = nil
    ) async throws(RPCStatus) -> GroundingResult {
        try await run(.caption(detail: detail, grounded: grounded), image: image, options: options, timeout: timeout)
    }

    public func detect(
        image: [UInt8], labels: [String], options: GenerationOptions = GenerationOptions(), timeout: Duration? = nil
    ) async throws(RPCStatus) -> GroundingResult {
        try await run(.detect(labels: labels), image: image, options: options, timeout: timeout)
    }

    /// - Parameter phrases: in Unicode scalars of the sentence; in order, disjoint, none empty.
    public func ground(
        image: [UInt8], sentence: String, phrases: [Range<Int>], options: GenerationOptions = GenerationOptions(),
        timeout: Duration? = nil
    ) async throws(RPCStatus) -> GroundingResult {
        try await run(.ground(sentence: sentence, phrases: phrases), image: image, options: options, timeout: timeout)
    }

    /// - Parameter caption: comes back as it is, with the phrases that the model chose and found.
    public func align(
        image: [UInt8], caption: String, options: GenerationOptions = GenerationOptions(), timeout: Duration? = nil
    ) async throws(RPCStatus) -> GroundingResult {
        try await run(.align(caption: caption), image: image, options: options, timeout: timeout)
    }

    public func refer(
        image: [UInt8], expression: String, options: GenerationOptions = GenerationOptions(),
        timeout: Duration? = nil
    ) async throws(RPCStatus) -> GroundingResult {
        try await run(.refer(expression: expression), image: image, options: options, timeout: timeout)
    }

    public func describe(
        image: [UInt8], box: NormalizedBox, options: GenerationOptions = GenerationOptions(),
        timeout: Duration? = nil
    ) async throws(RPCStatus) -> GroundingResult {
        try await run(.describe(box: box), image: image, options: options, timeout: timeout)
    }

    public func ask(
        image: [UInt8], question: String, grounded: Bool = true, options: GenerationOptions = GenerationOptions(),
        timeout: Duration? = nil
    ) async throws(RPCStatus) -> GroundingResult {
        try await run(.ask(question: question, grounded: grounded), image: image, options: options, timeout: timeout)
    }

    public func generate(
        image: [UInt8], prompt: String, options: GenerationOptions = GenerationOptions(), timeout: Duration? = nil
    ) async throws(RPCStatus) -> GroundingResult {
        try await run(.generate(prompt: prompt), image: image, options: options, timeout: timeout)
    }
}
