// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Observability

struct InspectMetrics: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics", abstract: "Print what a service measures, as a table in Markdown.")

    func run() {
        StandardStream.output.write(MetricDocument.text)
    }
}
