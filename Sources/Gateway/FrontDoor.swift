// SPDX-License-Identifier: MIT
import HTTPTypes
import Hummingbird
import Logging
import ObservabilityHTTP
import Synchronization
import Wire

/// What every request goes through: who may ask, how many at a time, and how it ended, for the log and the metrics. Whatever was thrown
/// on the way becomes a problem here.
final class FrontDoor: RouterMiddleware, Sendable {
    typealias Context = BasicRequestContext

    private let address: MonitorAddress
    private let tokens: TokenFile?
    private let traffic: GatewayTraffic
    private let playground: Playground?
    private let logger: Logger
    private let port = Atomic(0)

    init(
        _ address: MonitorAddress, tokens: TokenFile?, playground: Playground?, traffic: GatewayTraffic, logger: Logger
    ) {
        self.playground = playground
        self.address = address
        self.tokens = tokens
        self.traffic = traffic
        self.logger = logger
    }

    /// The port that was free.
    func listens(at port: Int) { self.port.store(port, ordering: .relaxed) }

    func handle(
        _ request: Request, context: BasicRequestContext,
        next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        let visit = traffic.enter(request.uri.path, bytes: Self.bodyBytes(request))
        var response: Response
        do {
            try admit(request)
            guard visit.isWithinLimit else {
                throw Problem(
                    .serviceUnavailable, .unavailable,
                    "as many requests are being worked on as there may be", retryMilliseconds: 1000)
            }
            response = try await next(request, context)
        } catch {
            response = problem(error, request).response
        }
        for (name, value) in Self.headers where response.headers[name] == nil { response.headers[name] = value }
        traffic.leave(visit, response.status.code)
        return response
    }

    /// What is refused for its length takes nothing.
    private static func bodyBytes(_ request: Request) -> Int {
        guard let text = request.headers[.contentLength] else {
            return request.method == .post ? GatewayLimits.jsonBytes : 0
        }
        return Int(text).map { (0...GatewayLimits.jsonBytes).contains($0) ? $0 : 0 } ?? 0
    }

    private func admit(_ request: Request) throws(Problem) {
        let keeper = Doorkeeper(
            host: address.host, port: port.load(ordering: .relaxed), isLoopback: address.isLoopback)
        try keeper.admit(
            path: request.uri.path, authority: request.head.authority, origin: request.headers[.origin],
            authorization: request.headers[.authorization], tokens: tokens?.list)
    }

    /// Errors of the server itself say what HTTP needs; anything else is a fault of ours, and its text stays here.
    private func problem(_ error: any Error, _ request: Request) -> Problem {
        switch error {
        case let problem as Problem: return problem
        case let status as RPCStatus: return Problem(status)
        case is CancellationError:
            return Problem(.clientClosedRequest, .cancelled, "the caller left")
        case let error as any HTTPResponseError where error.status == .notFound: return absence(request)
        case let error as any HTTPResponseError:
            return Problem(error.status, .invalidArgument, error.status.reasonPhrase)
        default:
            logger.error("request", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            return Problem(.internalServerError, .internal, "the gateway failed")
        }
    }

    /// The router knows paths by their methods: it says the same of a path that there is not and of a method that it has not.
    private func absence(_ request: Request) -> Problem {
        guard let methods = GatewayRoutes.methods(at: request.uri.path, playground: playground) else {
            return Problem(.notFound, .notFound, "there is nothing at this path")
        }
        var problem = Problem(.methodNotAllowed, .unimplemented, "this path is asked with \(methods)")
        problem.allow = methods
        return problem
    }

    private static let headers: [(HTTPField.Name, String)] = [
        (.xContentTypeOptions, "nosniff"), (.cacheControl, "no-store"),
        (HTTPField.Name("Referrer-Policy")!, "no-referrer"),
        (HTTPField.Name("Cross-Origin-Resource-Policy")!, "same-origin"),
    ]
}
