// SPDX-License-Identifier: MIT
import Client
import HTTPTypes
import Hummingbird
import Wire

/// Jobs that outlive every process.
struct JobRoutes: Sendable {
    let client: BoxwoodClient

    /// 201 once the job is on the broker's disk.
    func submit(_ request: Request) async throws -> Response {
        let headers = try CallHeaders(request.headers)
        return try await CallerWatch.answer(request) { content, contentType throws(Problem) in
            let form = try FormRequest(content, contentType: contentType)
            let submission = try Self.translating { () throws(RPCStatus) in
                try JobSubmission(body: form.body, image: form.image)
            }
            return .whole {
                let job = try await client.submit(submission, timeout: headers.timeout)
                return JSONResponse.json(JobJSON.compact(job), .created, [.location: "/v1/jobs/\(job.id)"])
            }
        }
    }

    func list(_ request: Request) async throws -> Response {
        let query = try Self.query(request.uri.queryParameters)
        let page = try await client.jobs(query)
        return JSONResponse.json(JobJSON.text(page, indented: false))
    }

    func get(_ request: Request, _ id: String) async throws -> Response {
        guard let text = request.uri.queryParameters["wait_ms"] else {
            let job = try await client.job(id)
            return JSONResponse.json(JobJSON.compact(job))
        }
        let waits = GatewayLimits.jobWaits
        guard let wait = Int(text), waits.contains(wait) else {
            throw Problem.invalid("wait_ms", "is not in \(waits.lowerBound)...\(waits.upperBound)")
        }
        return try await CallerWatch.answer(request) { _, _ in
            .whole {
                let job = try await client.waitForJob(id, timeout: .milliseconds(wait))
                return JSONResponse.json(JobJSON.compact(job))
            }
        }
    }

    func cancel(_ id: String) async throws -> Response {
        let job = try await client.cancelJob(id)
        return JSONResponse.json(JobJSON.compact(job))
    }

    /// What of the list is asked for, in the names of the protocol.
    static func query(_ parameters: Parameters) throws(Problem) -> ProtoListJobsRequest {
        var query = ProtoListJobsRequest()
        for (name, value) in parameters {
            let (name, value) = (String(name), String(value))
            switch name {
            case "state":
                guard let state = ProtoDurableJob.State(name: value) else {
                    throw .invalid("state", "is no state of a job")
                }
                query.states.append(state)
            case "client": query.client = value
            case "custom_id_prefix": query.customIDPrefix = value
            case "page": query.page = value
            case "page_size":
                guard let size = UInt32(value) else { throw .invalid("page_size", "is no number") }
                query.pageSize = size
            case "submitted_from_ms", "submitted_before_ms":
                guard let time = Double(value), time.isFinite else { throw .invalid(name, "is no number") }
                if name == "submitted_from_ms" { query.submittedFromMs = time } else { query.submittedBeforeMs = time }
            default: throw .invalid(name, "is no parameter of this list")
            }
        }
        return query
    }

    static func translating<Value>(_ work: () throws(RPCStatus) -> Value) throws(Problem) -> Value {
        do throws(RPCStatus) {
            return try work()
        } catch {
            throw Problem(error)
        }
    }
}
