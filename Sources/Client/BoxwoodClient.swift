// SPDX-License-Identifier: MIT
public import Grounding
import Messaging
public import Observability
import Synchronization
public import Wire

/// Calls a broker. Any number of calls may be open at a time, from any task or thread.
///
/// Every call ends within its deadline, with an answer or an `RPCStatus`. A cancelled task cancels its call, at the
/// broker too.
public final class BoxwoodClient: Sendable {
    public let configuration: ClientConfiguration
    private let mailbox = Mailbox<ClientLoop.Mail>()
    private let nextID = Atomic<UInt64>(1)
    private let strays = Strays()
    /// Shared by posting and closing, so that no call is posted to a loop that is over.
    private let isClosed = Mutex(false)
    private let thread: DedicatedThread
    private let prefix = String(UInt32.random(in: .min ... .max), radix: 16)
    private let throttle: Mutex<RetryThrottle>
    private let spans: SpanQueue?

    /// Connects in the background; whether somebody answers shows with the first call.
    ///
    /// - Parameter spans: where the span of each call goes; `nil`: nowhere. Calls belong to the trace that the caller's task is
    ///   in, `TraceContext.current`, either way.
    /// - Throws: INTERNAL when the endpoint is none, or is on another machine and there is no key.
    public init(
        _ configuration: ClientConfiguration = ClientConfiguration(), spans: SpanQueue? = nil
    ) throws(RPCStatus) {
        self.configuration = configuration
        self.spans = spans
        throttle = Mutex(RetryThrottle(configuration.retry))
        do throws(MessagingError) {
            _ = try configuration.checkedEndpoints()
        } catch {
            throw RPCStatus(.internal, error.message)
        }
        thread = DedicatedThread(name: "boxwood-client") { [configuration, mailbox, strays] in
            do throws(MessagingError) {
                try ClientLoop(configuration, mailbox, strays).run()
            } catch {
                Self.refuseAll(mailbox, .failedSocket(error))
            }
        }
    }

    deinit {
        close()
    }

    /// Answers that came for calls that were over, or were somebody else's.
    package var strayCount: Int { strays.count.load(ordering: .relaxed) }

    /// Ends the open calls with CANCELLED and the client's thread.
    public func close() {
        isClosed.withLock { isClosed in
            guard !isClosed else { return }
            isClosed = true
            mailbox.post(.close)
        }
    }

    /// The same, and waits until the broker has been told, at most for the time that the socket lingers. Blocks.
    public func closeAndWait() {
        close()
        thread.join()
    }

    /// Does one task on one picture.
    ///
    /// - Parameters:
    ///   - image: the bytes of a JPEG or PNG file.
    ///   - timeout: for the whole call with all its attempts; `nil` takes the configuration's.
    ///   - priority: batch for what nobody waits for: it goes when nothing interactive waits.
    ///   - pixels: the picture's width times its height, if that is known.
    /// - Throws: the status that the call ended with.
    public func run(
        _ task: GroundingTask, image: [UInt8], options: GenerationOptions = GenerationOptions(),
        timeout: Duration? = nil, metadata: [String: String] = [:], priority: RequestPriority = .interactive,
        pixels: Int? = nil
    ) async throws(RPCStatus) -> GroundingResult {
        let request = TaskRequest(task, options)
        let response = try await call(
            request.method.rawValue, body: request.body(configuration.encoding), image: image, timeout: timeout,
            metadata: metadata, priority: priority, pixels: pixels)
        var result = try GroundingResult(body: response.body)
        result.attempts = max(result.attempts, Int(response.attempts))
        return result
    }

    /// Calls a method by its path, with retries as the configuration says. All attempts are one call under one key: what a
    /// broker has begun for the first, it does not begin again.
    ///
    /// - Parameter idempotencyKey: of 1 to 64 bytes of printable ASCII; `nil` for a new one.
    /// - Throws: the status that the call ended with, when it is not OK.
    public func call(
        _ method: String, body: [UInt8], image: [UInt8]? = nil, timeout: Duration? = nil,
        metadata: [String: String] = [:], priority: RequestPriority = .interactive, pixels: Int? = nil,
        idempotencyKey: String? = nil
    ) async throws(RPCStatus) -> CallResponse {
        try await call(
            method, body: body, image: image, timeout: timeout, metadata: metadata, priority: priority, pixels: pixels,
            idempotencyKey: idempotencyKey, tap: nil)
    }

    /// - Parameter tap: hears of the call's events, of all attempts as if there were one.
    func call(
        _ method: String, body: [UInt8], image: [UInt8]?, timeout: Duration?, metadata: [String: String],
        priority: RequestPriority, pixels: Int?, idempotencyKey: String?, tap: EventTap?
    ) async throws(RPCStatus) -> CallResponse {
        try checkSizes(body, image)
        let deadline = ContinuousClock.now + (timeout ?? configuration.timeout)
        let key = idempotencyKey ?? (configuration.retry.attempts > 1 ? Self.makeKey() : "")
        let trace = ClientTrace(method, spans)
        var attempt = 1
        while true {
            let id = makeID()
            let request = CallRequest(
                id: id, method: method, metadata: metadata, idempotencyKey: key, traceparent: trace.traceparent,
                previousAttempts: UInt32(attempt - 1), priority: priority, pixels: pixels.map(UInt32.init(clamping:)),
                eventWindow: tap?.begin(as: id) ?? 0, body: body, image: image)
            let response = await once(request, deadline: deadline, tap)
            if response.status.isOK {
                throttle.withLock { $0.succeeded() }
                trace.end(.ok, tries: attempt)
                return response
            }
            guard let pause = pause(after: response.status, attempt: attempt, remaining: deadline - .now) else {
                trace.end(response.status, tries: attempt)
                throw response.status
            }
            do {
                try await Task.sleep(for: pause)
            } catch {
                trace.end(RPCStatus(.cancelled), tries: attempt)
                throw RPCStatus(.cancelled, "the caller cancelled the call")
            }
            attempt += 1
        }
    }

    /// The messages of a streaming call; ends with the call, throwing its status unless that is OK.
    public func stream(
        _ method: String, body: [UInt8], timeout: Duration? = nil, metadata: [String: String] = [:]
    ) -> AsyncThrowingStream<CallEvent, any Error> {
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: CallEvent.self)
        let now = ContinuousClock.now
        let request = CallRequest(id: makeID(), method: method, metadata: metadata, body: body)
        let call = CallTable.Call(
            request: request, deadline: now + (timeout ?? configuration.timeout),
            connectDeadline: now + configuration.connectTimeout,
            onEvent: { event in continuation.yield(event) },
            finish: { response in continuation.finish(throwing: response.status.isOK ? nil : response.status) })
        // Holds the client for as long as somebody listens.
        continuation.onTermination = { _ in self.mailbox.post(.cancel(request.id)) }
        post(call, CallFlag())
        return stream
    }

    /// A broker may send so many events of a call more.
    func grant(_ id: String, _ events: UInt32) {
        isClosed.withLock { isClosed in
            if !isClosed { mailbox.post(.grant(id, events)) }
        }
    }

    // MARK: -

    private func pause(after status: RPCStatus, attempt: Int, remaining: Duration) -> Duration? {
        guard configuration.retry.isRetryable(status) else { return nil }
        // The throttle spares a broker in trouble. Where there are others, all calls at a lost one move on at once.
        let brokers = configuration.endpoints.count
        let isOpen = throttle.withLock { throttle in
            if brokers == 1 || status.code != .unavailable { throttle.failed() }
            return throttle.isOpen
        }
        guard isOpen else { return nil }
        return configuration.retry.pause(
            after: status, attempt: attempt, brokers: brokers, remaining: remaining, jitter: .random(in: 0...1))
    }

    /// 128 bits that nobody guesses.
    private static func makeKey() -> String {
        var random = SystemRandomNumberGenerator()
        return String(random.next(), radix: 36) + "-" + String(random.next(), radix: 36)
    }

    private func once(
        _ request: CallRequest, deadline: ContinuousClock.Instant, _ tap: EventTap?
    ) async -> CallResponse {
        let flag = CallFlag()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let call = CallTable.Call(
                    request: request, deadline: deadline, connectDeadline: .now + configuration.connectTimeout,
                    onEvent: tap?.listener, finish: { continuation.resume(returning: $0) })
                post(call, flag)
            }
        } onCancel: {
            flag.raise()
            mailbox.post(.cancel(request.id))
        }
    }

    private func post(_ call: CallTable.Call, _ flag: CallFlag) {
        let isPosted = isClosed.withLock { isClosed in
            if !isClosed { mailbox.post(.open(call, flag)) }
            return !isClosed
        }
        guard !isPosted else { return }
        call.finish(CallResponse(id: call.request.id, status: RPCStatus(.cancelled, "the client was closed")))
    }

    private func checkSizes(_ body: [UInt8], _ image: [UInt8]?) throws(RPCStatus) {
        guard body.count <= WireLimits.requestBodyBytes else {
            throw .tooLarge("body", bytes: body.count, limit: WireLimits.requestBodyBytes)
        }
        guard let image, image.count > WireLimits.imageBytes else { return }
        throw .tooLarge("image", bytes: image.count, limit: WireLimits.imageBytes)
    }

    private func makeID() -> String {
        "\(prefix)-\(nextID.wrappingAdd(1, ordering: .relaxed).oldValue)"
    }

    /// For a client whose socket could not be made, or failed: ends every call that is posted, until the client is closed.
    private static func refuseAll(_ mailbox: Mailbox<ClientLoop.Mail>, _ status: RPCStatus) {
        while (try? Poller.wait([mailbox.pollItem], timeout: nil)) != nil {
            for mail in mailbox.takeAll() {
                switch mail {
                case .open(let call, _): call.finish(CallResponse(id: call.request.id, status: status))
                case .cancel, .grant: break
                case .close: return
                }
            }
        }
    }
}
