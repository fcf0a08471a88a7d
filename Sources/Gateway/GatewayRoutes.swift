// SPDX-License-Identifier: MIT
import Client
import Grounding
import HTTPTypes
import Hummingbird
import Observability
import ObservabilityHTTP
import Wire

/// Which path does what.
struct GatewayRoutes: Sendable {
    let client: BoxwoodClient
    let traffic: GatewayTraffic
    let playground: Playground?
    let version: String

    init(_ client: BoxwoodClient, _ traffic: GatewayTraffic, _ playground: Playground?, version: String) {
        self.client = client
        self.traffic = traffic
        self.playground = playground
        self.version = version
    }

    /// What a path can be asked with; `nil` for a path that there is not.
    static func methods(at path: String, playground: Playground?) -> String? {
        if playground?.paths.contains(path) == true { return "GET, HEAD" }
        if path.hasPrefix("/v1/jobs/"), path.dropFirst("/v1/jobs/".count).allSatisfy({ $0 != "/" }) {
            return "GET, HEAD, DELETE"
        }
        switch path {
        case "/v1/jobs": return "GET, HEAD, POST"
        case "/v1/models", "/v1/status", "/healthz", "/readyz", "/metrics": return "GET, HEAD"
        case "/v1/chat/completions", "/huggingface/zero-shot-object-detection", "/huggingface/image-to-text":
            return "POST"
        default: return GroundingTask.Name.allCases.contains { path == "/v1/\($0.rawValue)" } ? "POST" : nil
        }
    }

    func router(behind door: FrontDoor) -> Router<BasicRequestContext> {
        let router = Router(options: .autoGenerateHeadEndpoints)
        router.add(middleware: door)
        for task in GroundingTask.Name.allCases {
            router.post("/v1/\(task.rawValue)") { request, _ in
                try await TaskRoute(client: client, task: task).answer(request)
            }
        }
        addJobs(to: router)
        addShapes(to: router)
        addQuestions(to: router)
        for path in playground?.paths ?? [] {
            router.get(RouterPath(path)) { [playground] _, _ in playground!.response(path) }
        }
        return router
    }

    private func addJobs(to router: Router<BasicRequestContext>) {
        let jobs = JobRoutes(client: client)
        router.post("/v1/jobs") { request, _ in try await jobs.submit(request) }
        router.get("/v1/jobs") { request, _ in try await jobs.list(request) }
        router.get("/v1/jobs/{id}") { request, context in
            try await jobs.get(request, context.parameters.get("id") ?? "")
        }
        router.delete("/v1/jobs/{id}") { _, context in try await jobs.cancel(context.parameters.get("id") ?? "") }
    }

    private func addShapes(to router: Router<BasicRequestContext>) {
        router.post("/v1/chat/completions") { request, _ in try await ChatRoute(client: client).answer(request) }
        let shapes = HuggingFaceRoutes(client: client)
        router.post("/huggingface/zero-shot-object-detection") { request, _ in try await shapes.detect(request) }
        router.post("/huggingface/image-to-text") { request, _ in try await shapes.caption(request) }
    }

    private func addQuestions(to router: Router<BasicRequestContext>) {
        let questions = ServiceRoutes(client: client, traffic: traffic, version: version)
        router.get("/v1/models") { _, _ in try await questions.models() }
        router.get("/v1/status") { _, _ in try await questions.status() }
        router.get("/healthz") { _, _ in JSONResponse.text(.ok, "alive\n") }
        router.get("/readyz") { _, _ in await questions.readiness() }
        router.get("/metrics") { _, _ in questions.metrics() }
    }
}

/// Answers with a text.
enum JSONResponse {
    static func json(
        _ text: String, _ status: HTTPResponse.Status = .ok, _ more: HTTPFields = [:]
    ) -> Response {
        var headers: HTTPFields = [.contentType: "application/json"]
        for field in more { headers[field.name] = field.value }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    static func text(_ status: HTTPResponse.Status, _ text: String, type: String = "text/plain; charset=utf-8")
        -> Response
    {
        Response(
            status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
