// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Grounding
import Imaging
import Wire

/// A command that asks one thing of one picture.
protocol TaskCommand: AsyncParsableCommand {
    var image: String { get }
    var options: TaskOptions { get }
    /// The least score of a box, where the command takes one.
    var threshold: Double? { get }
    /// The parts of the picture to look at, where the command takes any.
    var tiling: Tiling? { get }
    /// What is asked; the header tells the size of the picture.
    func task(_ header: ImageHeader) throws(CommandFailure) -> GroundingTask
}

extension TaskCommand {
    var threshold: Double? { nil }
    var tiling: Tiling? { nil }

    func run() async throws {
        let drawing = try options.output.draw.map { path throws(CommandFailure) in
            try DrawingFile(path, picture: image)
        }
        let (request, picture, header) = try question()
        let result = try await answer(request, picture, header)
        // The drawing first: a reader of the table may leave at any line, and the program with it.
        try drawing?.write(result, on: picture)
        show(result, asked: request.task)
    }

    /// What is asked, found valid, and the picture with its header.
    func question() throws(CommandFailure) -> (TaskRequest, [UInt8], ImageHeader) {
        let picture = try PictureFile.load(image)
        let request = TaskRequest(
            try task(picture.header), try options.generation.options(threshold: threshold, tiles: tiling))
        let violations = TaskValidation.violations(request.task, request.options)
        guard violations.isEmpty else { throw CommandFailure(violations) }
        return (request, picture.bytes, picture.header)
    }

    private func answer(
        _ request: TaskRequest, _ picture: [UInt8], _ header: ImageHeader
    ) async throws -> GroundingResult {
        let progress = ProgressLine("\(request.task.name.rawValue) \(image)")
        defer { progress.finish() }
        let name = image == "-" ? "the standard input" : image
        let onEvent = listener(progress)
        return options.service.local
            ? try await LocalService(options.service, picture: name, progress: progress)
                .run(request, picture, onEvent: onEvent)
            : try await RemoteService(options.service, picture: name, progress: progress)
                .run(request, picture, pixels: header.width * header.height, onEvent: onEvent)
    }

    /// Prints each entity once it is found; `nil` where all is printed at the end.
    private func listener(_ progress: ProgressLine) -> (@Sendable (GroundingEvent) -> Void)? {
        guard options.output.stream else { return nil }
        return { [isJSON = options.output.json] event in
            progress.finish()
            StandardStream.output.print(isJSON ? [EventReport.json(event)] : EventReport.lines(event))
        }
    }

    private func show(_ result: GroundingResult, asked: GroundingTask) {
        let screen = StandardStream.output
        if options.output.json, options.output.stream {
            screen.print([EventReport.json(result)])
        } else if options.output.json {
            screen.write((screen.isTerminal ? ResultJSON.pretty(result) : ResultJSON.compact(result)) + "\n")
        } else {
            let width = screen.width
            screen.print(
                options.output.stream
                    ? EventReport.ending(result, asked: asked) : ResultReport.lines(result, asked: asked, width: width))
            StandardStream.error.print(ResultReport.warnings(result))
        }
    }
}
