// SPDX-License-Identifier: MIT
import Client
import Grounding
import HTTPTypes
import Hummingbird
import Observability
import Wire

/// One task on one picture: with one answer, or with events.
struct TaskRoute: Sendable {
    let client: BoxwoodClient
    let task: GroundingTask.Name

    /// - Throws: a problem, or the cancellation of a call whose caller left.
    func answer(_ request: Request) async throws -> Response {
        let headers = try CallHeaders(request.headers)
        let wantsEvents = try Self.wantsEvents(request.headers[.accept])
        return try await CallerWatch.answer(request) { content, contentType throws(Problem) in
            let form = try FormRequest(content, contentType: contentType)
            let task = try Self.read(task, form.body)
            let call = TaskCall(client: client, task: task, image: form.image, headers: headers)
            return wantsEvents
                ? .stream { writer in try await EventStreamWriter(call).write(to: &writer) }
                : .whole { JSONResponse.json(ResultJSON.compact(try await call.result())) }
        }
    }

    static func read(_ task: GroundingTask.Name, _ body: [UInt8]) throws(Problem) -> TaskRequest {
        do throws(RPCStatus) {
            return try TaskRequest(task: task, body: body)
        } catch {
            throw Problem(error)
        }
    }

    /// - Throws: 406 for whoever takes neither.
    static func wantsEvents(_ accept: String?) throws(Problem) -> Bool {
        guard let accept else { return false }
        let kinds = accept.split(separator: ",").map { HeaderParameters(String($0)).value }
        if kinds.contains("text/event-stream") { return true }
        guard kinds.contains(where: { ["application/json", "application/*", "*/*"].contains($0) }) else {
            throw Problem(
                .notAcceptable, .invalidArgument, "the answer is application/json or text/event-stream")
        }
        return false
    }
}

/// A call that a request asks for.
struct TaskCall: Sendable {
    let client: BoxwoodClient
    let task: TaskRequest
    let image: [UInt8]
    let headers: CallHeaders

    /// - Throws: the problem that the call ended with.
    func result() async throws -> GroundingResult {
        let context = headers.traceparent.flatMap { TraceContext($0) }
        return try await TraceContext.$current.withValue(context ?? TraceContext.current) {
            do throws(RPCStatus) {
                let response = try await client.call(
                    task.method.rawValue, body: task.body(client.configuration.encoding), image: image,
                    timeout: headers.timeout, priority: headers.priority, idempotencyKey: headers.idempotencyKey)
                var result = try GroundingResult(body: response.body)
                result.attempts = max(result.attempts, Int(response.attempts))
                return result
            } catch {
                throw Problem(error)
            }
        }
    }

    var events: GroundingStream {
        let context = headers.traceparent.flatMap { TraceContext($0) }
        return TraceContext.$current.withValue(context ?? TraceContext.current) {
            client.stream(
                task.task, image: image, options: task.options, timeout: headers.timeout, priority: headers.priority)
        }
    }
}
