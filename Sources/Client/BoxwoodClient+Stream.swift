// SPDX-License-Identifier: MIT

public import Grounding
public import Wire

extension BoxwoodClient {
    /// Events that may be on their way, or wait to be read, if the caller does not say.
    public static let eventWindow: UInt32 = 64

    /// Does one task on one picture and tells of each entity once it is found. With retries, as the configuration says; a retry
    /// goes on where the attempt before it ended.
    ///
    /// - Parameters:
    ///   - image: the bytes of a JPEG or PNG file.
    ///   - window: how many events may wait for the reader, in 1...``WireLimits/eventWindow``; others wait at the broker.
    public func stream(
        _ task: GroundingTask, image: [UInt8], options: GenerationOptions = GenerationOptions(),
        timeout: Duration? = nil, metadata: [String: String] = [:], priority: RequestPriority = .interactive,
        pixels: Int? = nil, window: UInt32 = eventWindow
    ) -> GroundingStream {
        precondition((1...WireLimits.eventWindow).contains(window), "stream: a window of \(window) events")
        let request = TaskRequest(task, options)
        let (elements, continuation) = AsyncThrowingStream.makeStream(of: GroundingStream.Element.self)
        let tap = EventTap(
            window: window, grant: { [weak self] in self?.grant($0, $1) },
            deliver: { continuation.yield(.event($0)) })
        let task = Task {
            do throws(RPCStatus) {
                let response = try await self.call(
                    request.method.rawValue, body: request.body(configuration.encoding), image: image,
                    timeout: timeout, metadata: metadata, priority: priority, pixels: pixels, idempotencyKey: nil,
                    tap: tap)
                var result = try GroundingResult(body: response.body)
                result.attempts = max(result.attempts, Int(response.attempts))
                for event in tap.rest(of: result) { continuation.yield(.event(event)) }
                continuation.yield(.result(result))
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return GroundingStream(elements: elements, taken: { tap.take() }, cancel: { task.cancel() })
    }
}
