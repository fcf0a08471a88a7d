// SPDX-License-Identifier: MIT

/// What a process that is asked says of itself.
public struct ServiceReport: Sendable {
    /// Whether it can do what it is for.
    public var isReady: Bool
    /// Empty where nobody asked for them.
    public var metrics: MetricSnapshot

    public init(isReady: Bool, metrics: MetricSnapshot = MetricSnapshot()) {
        self.isReady = isReady
        self.metrics = metrics
    }
}

/// Asks a process of a service about itself, which answers once, or, being stuck or gone, never.
public struct ServiceQuestion: Sendable {
    public let wantsMetrics: Bool
    public let answer: @Sendable (ServiceReport) -> Void

    public init(wantsMetrics: Bool, answer: @escaping @Sendable (ServiceReport) -> Void) {
        self.wantsMetrics = wantsMetrics
        self.answer = answer
    }
}
