// SPDX-License-Identifier: MIT

internal import Grounding
import SwiftProtobuf
internal import Wire

/// What the loop itself counts.
struct LoopCounters {
    var refusedFrames = 0
    var unknownMethods = 0
    var repeated = 0
    var undeliverable = 0
    /// Events of tasks that were sent, and those that a client did not take in time.
    var events = 0
    var eventsLeftOut = 0
    /// Messages of workers without a session.
    var strangers = 0
    /// Messages of a key that may not send them.
    var denied = 0

    var named: [String: Double] {
        [
            "frames_refused_total": Double(refusedFrames), "unknown_methods_total": Double(unknownMethods),
            "requests_repeated_total": Double(repeated), "answers_undeliverable_total": Double(undeliverable),
            "events_sent_total": Double(events), "events_left_out_total": Double(eventsLeftOut),
            "worker_strangers_total": Double(strangers), "messages_denied_total": Double(denied),
        ]
    }
}

extension SchedulerCounters {
    var named: [String: Double] {
        [
            "calls_accepted_total": Double(accepted), "calls_refused_total": Double(refused),
            "calls_finished_total": Double(finished), "calls_deadline_total": Double(deadlines),
            "calls_cancelled_total": Double(cancelled), "calls_poisoned_total": Double(poisoned),
            "jobs_dispatched_total": Double(dispatched), "jobs_redelivered_total": Double(redelivered),
            "calls_joined_total": Double(joined), "calls_answered_again_total": Double(answeredAgain),
            "calls_hopeless_total": Double(hopeless), "jobs_near_picture_total": Double(nearPicture),
            "messages_late_total": Double(late), "workers_lost_total": Double(workersLost),
        ]
    }
}

extension ProtoWorkerState {
    static func describing(_ record: WorkerRecord, _ snapshot: Scheduler.WorkerSnapshot) -> ProtoWorkerState {
        .with {
            $0.worker = "\(record.id)"
            $0.name = record.hello.name
            $0.pid = record.hello.pid
            $0.version = record.hello.version
            $0.model = record.hello.model.proto
            // An operator's worker that has nothing left may be taken away.
            $0.state = snapshot.isSetAside && snapshot.jobs == 0 ? "drained" : snapshot.state.rawValue
            $0.credits = UInt32(snapshot.credits)
            $0.jobs = UInt32(snapshot.jobs)
            $0.jobsDone = Double(snapshot.done)
            $0.progress = snapshot.progress
            $0.silentMs = snapshot.silence.milliseconds
        }
    }
}

extension ProtoQueueState {
    static func describing(_ queue: Scheduler.QueueSnapshot, _ terms: SchedulerConfiguration) -> ProtoQueueState {
        .with {
            $0.waiting = UInt32(queue.waiting)
            $0.running = UInt32(queue.running)
            $0.bytes = Double(queue.bytes)
            $0.oldestMs = (queue.oldest ?? .zero).milliseconds
            $0.waitingLimit = UInt32(terms.queueCalls)
            $0.bytesLimit = Double(terms.queueBytes)
            $0.pixels = Double(queue.pixels)
            $0.pixelsLimit = Double(terms.queuePixels)
            $0.backlogMs = queue.backlog.milliseconds
        }
    }
}

extension ProtoDiscoveryResponse {
    /// - Parameter workers: those in session; their own limits for images hold where they are lower.
    static func describing(version: String, workers: [WorkerHello]) -> ProtoDiscoveryResponse {
        .with {
            $0.server = "boxwood"
            $0.version = version
            $0.protocol = WireLimits.protocolVersion
            $0.methods = Method.allCases.map { method in
                ProtoMethodDescription.with {
                    $0.path = method.rawValue
                    $0.request = method.requestType
                    $0.response = method.responseType
                    $0.streaming = method.isStreaming
                    $0.image = method.takesImage
                }
            }
            $0.limits = .inForce
            $0.limits.image.maxBytes = ([$0.limits.image.maxBytes] + workers.map(\.imageLimits.maxBytes)).leastSaid
            $0.limits.image.maxPixels = workers.map(\.imageLimits.maxPixels).leastSaid
            $0.limits.image.maxSide = workers.map(\.imageLimits.maxSide).leastSaid
            $0.models = Set(workers.map(\.model)).sorted { $0.name < $1.name }.map(\.proto)
        }
    }
}

extension [UInt32] {
    /// The least of these limits, of which 0 says nothing; 0 where none says anything.
    fileprivate var leastSaid: UInt32 { filter { $0 > 0 }.min() ?? 0 }
}

extension ProtoProtocolLimits {
    /// The numbers of `WireLimits` that a caller can run into.
    static var inForce: ProtoProtocolLimits {
        .with {
            $0.headerBytes = UInt32(WireLimits.headerBytes)
            $0.bodyBytes = UInt32(WireLimits.requestBodyBytes)
            $0.image.maxBytes = UInt32(WireLimits.imageBytes)
            $0.metadataBytes = UInt32(WireLimits.metadataBytes)
            $0.idBytes = UInt32(WireLimits.idBytes)
            $0.defaultTimeoutMs = WireLimits.defaultTimeoutMilliseconds
            $0.maxTimeoutMs = WireLimits.maxTimeoutMilliseconds
        }
    }
}
