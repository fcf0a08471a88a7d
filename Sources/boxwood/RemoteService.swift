// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Client
import Grounding
import Observability
import ObservabilityHTTP
import Wire

/// Asks a running service.
struct RemoteService {
    private let options: ServiceOptions
    private let picture: String
    private let progress: ProgressLine

    /// - Parameter picture: what the picture is called in an error.
    init(_ options: ServiceOptions, picture: String, progress: ProgressLine) {
        self.options = options
        self.picture = picture
        self.progress = progress
    }

    /// - Parameter onEvent: hears of each entity once it is found; `nil` where nobody wants to.
    func run(
        _ request: TaskRequest, _ image: [UInt8], pixels: Int, onEvent: (@Sendable (GroundingEvent) -> Void)?
    ) async throws -> GroundingResult {
        let address = options.address
        progress.enter("waiting for \(address)")
        let exporter = try options.trace.start("boxwood-client", LogOptions.quiet("client"))
        let client = try BoxwoodClient.connect(address, options.at.keys, spans: exporter?.queue)
        defer { client.close() }
        let call = begin(client, request, image, pixels: pixels, onEvent: onEvent)
        // A worker should not go on for nobody.
        let stop = Task { [signals = StopSignals()] in
            await signals.first()
            call.cancel()
        }
        defer { stop.cancel() }
        let outcome = await call.value
        await exporter?.stop()
        switch outcome {
        case .success(let result): return result
        case .failure where call.isCancelled:
            await Blocking.run { client.closeAndWait() }
            throw CommandFailure(.interrupted, "stopped; the call is cancelled")
        case .failure(let status): throw CommandFailure(status, endpoint: address, picture: picture)
        }
    }
}

extension RemoteService {
    /// Begins the call, in the trace that the program was started in.
    private func begin(
        _ client: BoxwoodClient, _ request: TaskRequest, _ image: [UInt8], pixels: Int,
        onEvent: (@Sendable (GroundingEvent) -> Void)?
    ) -> Task<Result<GroundingResult, RPCStatus>, Never> {
        TraceContext.$current.withValue(TraceOptions.parent) {
            Task { () -> Result<GroundingResult, RPCStatus> in
                do throws(RPCStatus) {
                    return .success(try await ask(client, request, image, pixels: pixels, onEvent: onEvent))
                } catch {
                    return .failure(error)
                }
            }
        }
    }

    private func ask(
        _ client: BoxwoodClient, _ request: TaskRequest, _ image: [UInt8], pixels: Int,
        onEvent: (@Sendable (GroundingEvent) -> Void)?
    ) async throws(RPCStatus) -> GroundingResult {
        let (timeout, priority) = (options.timeout?.duration, options.batch ? RequestPriority.batch : .interactive)
        guard let onEvent else {
            return try await client.run(
                request.task, image: image, options: request.options, timeout: timeout, priority: priority,
                pixels: pixels)
        }
        let stream = client.stream(
            request.task, image: image, options: request.options, timeout: timeout, priority: priority, pixels: pixels)
        do {
            for try await element in stream {
                switch element {
                case .event(let event): onEvent(event)
                case .result(let result): return result
                }
            }
        } catch {
            throw error as? RPCStatus ?? RPCStatus(.internal, "\(error)")
        }
        throw RPCStatus(.cancelled, "the caller cancelled the call")
    }
}

extension BoxwoodClient {
    /// A client for an address from the command line.
    /// - Throws: `usage` when it is none, or may not be spoken to without a key.
    static func connect(
        _ address: String, _ keys: KeyOptions, spans: SpanQueue? = nil
    ) throws(CommandFailure) -> BoxwoodClient {
        let credential = try keys.credential()
        do {
            return try BoxwoodClient(
                ClientConfiguration(
                    endpoints: EndpointList.parse(address), credential: credential, allowsPlaintext: keys.plaintext),
                spans: spans)
        } catch {
            throw CommandFailure(.usage, error.message)
        }
    }
}
