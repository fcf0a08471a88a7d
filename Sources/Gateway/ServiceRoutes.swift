// SPDX-License-Identifier: MIT
import Client
import Grounding
import HTTPTypes
import Hummingbird
import Observability
import Wire

/// What the service is and how it is, for programs that ask about it.
struct ServiceRoutes: Sendable {
    let client: BoxwoodClient
    let traffic: GatewayTraffic
    let version: String

    /// In the shape of OpenAI's list of models.
    func models() async throws -> Response {
        let description = try await client.describe()
        let models = description.models.map { model in
            JSONText.object([
                ("id", .string(model.name)), ("object", .string("model")), ("owned_by", .string("boxwood")),
                ("revision", .string(model.revision)), ("precision", .string(model.precision)),
            ])
        }
        return JSONResponse.json(
            JSONText.object([("object", .string("list")), ("data", .array(models))]).text(indented: false))
    }

    /// Numbers alone: never who asks, nor for what.
    func status() async throws -> Response {
        let status = try await client.status()
        let members: [(key: String, value: JSONText)] = [
            ("workers", .integer(status.workers.count)), ("running", .integer(Int(status.queue.running))),
            ("waiting", .integer(Int(status.queue.waiting))), ("backlog_ms", .integer(Int(status.queue.backlogMs))),
            ("draining", .bool(status.draining)), ("version", .string(status.version)),
        ]
        return JSONResponse.json(JSONText.object(members).text(indented: false))
    }

    /// Whether a call would find a worker.
    func readiness() async -> Response {
        let health = try? await client.health(service: Method.groundingService, timeout: .seconds(2))
        return health == .serving
            ? JSONResponse.text(.ok, "ready\n") : JSONResponse.text(.serviceUnavailable, "not ready\n")
    }

    func metrics() -> Response {
        JSONResponse.text(
            .ok, Exposition.text(traffic.snapshot(version: version)), type: Exposition.contentType)
    }
}
