// SPDX-License-Identifier: MIT
import HTTPTypes
import Hummingbird

/// Answers a request for as long as its caller is there: who closes his connection cancels what he asked for.
enum CallerWatch {
    typealias Writing = @Sendable (inout any ResponseBodyWriter) async throws -> Void

    enum Answer: Sendable {
        case whole(@Sendable () async throws -> Response)
        /// As text/event-stream.
        case stream(Writing)
    }

    /// - Parameter prepare: reads the body, of the type given, and says what is to be done; that is cancelled when the
    ///   caller leaves.
    static func answer(
        _ request: Request, _ prepare: ([UInt8], String?) throws(Problem) -> Answer
    ) async throws -> Response {
        var request = request
        let content = try await request.readBody()
        let watched = request.body
        switch try prepare(content, request.headers[.contentType]) {
        case .whole(let work):
            var response = try await watched.consumeWithCancellationOnInboundClose { _ in try await work() }
            // The connection was watched by reading on: what comes behind the request is lost.
            response.headers[.connection] = "close"
            return response
        case .stream(let write):
            return stream(watched, write)
        }
    }

    private static func stream(_ watched: RequestBody, _ write: @escaping Writing) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream", .cacheControl: "no-store", .connection: "close",
                HTTPField.Name("X-Accel-Buffering")!: "no",
            ],
            body: ResponseBody { writer in
                try await watched.consumeWithCancellationOnInboundClose { _ in try await write(&writer) }
                try await writer.finish(nil)
            })
    }
}
