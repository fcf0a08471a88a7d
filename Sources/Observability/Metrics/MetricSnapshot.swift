// SPDX-License-Identifier: MIT

/// The values of a process's metrics at one moment.
public struct MetricSnapshot: Sendable {
    enum Value: Sendable, Hashable {
        case number(Double)
        case histogram(Histogram)
    }

    struct Sample: Sendable, Hashable {
        /// In the order of the row's labels.
        var labels: [String]
        var value: Value
    }

    private(set) var samples: [Metric: [Sample]] = [:]

    public init() {}

    /// Those that have been set, in the order of the table.
    public var metrics: [Metric] { Metric.allCases.filter { samples[$0] != nil } }

    public mutating func set(_ metric: Metric, _ labels: [String] = [], to value: Double) {
        if case .histogram = metric.row.kind { preconditionFailure("\(metric.rawValue) is a histogram") }
        add(metric, labels, .number(value))
    }

    public mutating func set(_ metric: Metric, _ labels: [String] = [], to value: Int) {
        set(metric, labels, to: Double(value))
    }

    public mutating func set(_ metric: Metric, _ labels: [String] = [], to histogram: Histogram) {
        guard metric.row.kind == .histogram(histogram.bounds) else {
            preconditionFailure("\(metric.rawValue) has other buckets than \(histogram.bounds)")
        }
        add(metric, labels, .histogram(histogram))
    }

    /// A metric with one label: zero for every value of it that is not named.
    public mutating func set(_ metric: Metric, by values: [String: Int]) {
        guard let label = metric.row.labels.first, let known = label.values else {
            preconditionFailure("\(metric.rawValue) has no label with known values")
        }
        for value in known { set(metric, [value], to: values[value] ?? 0) }
        for (value, count) in values where !known.contains(value) { set(metric, [value], to: count) }
    }

    /// A metric of which nothing was seen yet is shown without a value.
    public mutating func mention(_ metric: Metric) {
        if samples[metric] == nil { samples[metric] = [] }
    }

    /// The value of one series; of a histogram how many values were seen. `nil` where there is none.
    public func value(_ metric: Metric, _ labels: String...) -> Double? {
        switch samples[metric]?.first(where: { $0.labels == labels })?.value {
        case .number(let number): number
        case .histogram(let histogram): Double(histogram.count)
        case nil: nil
        }
    }

    private mutating func add(_ metric: Metric, _ labels: [String], _ value: Value) {
        let row = metric.row
        precondition(
            labels.count == row.labels.count, "\(metric.rawValue) has labels \(row.labels.map(\.name)), not \(labels)")
        let bounded = zip(row.labels, labels).map { label, value in
            label.values?.contains(value) ?? true ? value : MetricLabels.other
        }
        samples[metric, default: []].append(Sample(labels: bounded, value: value))
    }
}
