// SPDX-License-Identifier: MIT
import Client
import Foundation
import Wire

/// The clients of one way, each of which does one call at a time on a connection of its own.
struct BenchmarkCallers: Sendable {
    let way: BrokerBenchmarkWay
    let endpoint: String
    let setting: BrokerBenchmarkSetting
    /// From one call of one caller to its next; `nil` for no pause.
    let interval: Duration?

    /// Starts all and waits for their end.
    func run(_ window: MeasuredWindow) async -> CallerOutcome {
        switch way {
        case .proxy, .broker: await onThread { PlainCallers(self).run(window) }
        case .service: await clients(window)
        }
    }

    private func clients(_ window: MeasuredWindow) async -> CallerOutcome {
        await withTaskGroup(of: CallerOutcome.self) { group in
            for number in 0..<setting.clients { group.addTask { await client(number, window) } }
            var all = CallerOutcome()
            for await outcome in group { all += outcome }
            return all
        }
    }

    private func onThread(_ body: @escaping @Sendable () -> CallerOutcome) async -> CallerOutcome {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }

    /// Callers at set times begin one after the other.
    func schedule(_ number: Int, _ begin: ContinuousClock.Instant, _ end: ContinuousClock.Instant)
        -> CallSchedule
    {
        let shift = interval.map { $0 * Double(number) / Double(setting.clients) } ?? .zero
        return CallSchedule(interval: interval, begin: begin + shift, end: end)
    }

    // MARK: - Our client

    private func client(_ number: Int, _ window: MeasuredWindow) async -> CallerOutcome {
        var request = BenchmarkRequest(bytes: setting.bytes, caller: number)
        var outcome = CallerOutcome()
        do {
            let client = try BoxwoodClient(ClientConfiguration(endpoint: endpoint))
            defer { client.close() }
            func call() async throws -> Bool {
                request.nextPicture()
                do throws(RPCStatus) {
                    _ = try await client.call(request.method, body: request.body, image: request.image)
                    return true
                } catch {
                    // Refusals under load are figures; anything else is a fault of the setting.
                    guard error.code == .resourceExhausted || error.code == .deadlineExceeded else { throw error }
                    return false
                }
            }
            guard let (begin, end) = try await warmUpClient(window, call) else { return outcome }
            var schedule = schedule(number, begin, end)
            var free = begin
            while let due = schedule.next(at: .now) {
                if due > .now { try await Task.sleep(until: due, tolerance: .zero, clock: .continuous) }
                let start = CallSchedule.beginning(due: due, freeSince: free, now: .now)
                if try await call() { outcome.samples.append(start.duration(to: .now)) } else { outcome.failed += 1 }
                free = .now
            }
            outcome.missed = schedule.missed
            outcome.end = free
        } catch {
            window.failed("a client failed: \(error)")
        }
        return outcome
    }

    private func warmUpClient(
        _ window: MeasuredWindow, _ call: () async throws -> Bool
    ) async throws -> (ContinuousClock.Instant, ContinuousClock.Instant)? {
        var isReady = false
        while true {
            switch window.phase {
            case .giveUp: return nil
            case .measure(let begin, let end):
                if begin > .now { try await Task.sleep(until: begin, tolerance: .zero, clock: .continuous) }
                return (begin, end)
            case .warmUp:
                guard try await call(), !isReady else { continue }
                isReady = true
                window.callerIsReady()
            }
        }
    }
}
