// SPDX-License-Identifier: MIT
import Client
import Foundation
import Testing
import Wire

/// What a program owes whoever reads it, stops it, or gives it a place to write.
@Suite(
    "Streams, signals and files", .enabled(if: BuiltProgram.exists, "the program is not built beside the tests"),
    .enabled(if: BuiltProgram.hasModel, "models/boxwood-nano is not here"))
struct StreamTests {
    private let samples: Samples

    init() throws {
        samples = try Samples()
    }

    private func shell(_ script: String, _ arguments: [String]) async throws -> BuiltProgram.Outcome {
        let program = try RunningProgram(["-c", script, BuiltProgram.path] + arguments, program: "/bin/bash")
        program.send([])
        return await program.end()
    }

    @Test("The drawing is made whether or not anybody reads the table")
    func drawing() async throws {
        let drawing = samples.folder.appending(path: "drawn.png").path
        let task = ["describe", try samples.picture(), "--box", "0,0,1,1", "--local", "--draw", drawing]
        let outcome = try await shell(#""$0" "$@" | true; exit ${PIPESTATUS[0]}"#, task)
        #expect(outcome.status == 0)
        #expect(FileManager.default.fileExists(atPath: drawing))
    }

    @Test("An output that cannot be written is said", .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
    func fullDisk() async throws {
        let outcome = try await shell(#""$0" "$@" >/dev/full"#, ["caption", try samples.picture(), "--local"])
        #expect(outcome.status == 74)
        #expect(outcome.errors.contains("No space left on device"))
    }

    @Test("A drawing goes into a PNG file other than the picture")
    func drawingNames() async throws {
        let picture = try samples.picture()
        for (path, status, words) in [
            ("-", 64, ".png"), ("boxes.jpg", 64, ".png"), (picture, 64, "replace"),
            ("/no/such/folder/boxes.png", 74, "No such file or directory"),
        ] {
            let outcome = try await BuiltProgram.run(["caption", picture, "--local", "--draw", path])
            #expect(outcome.status == status && outcome.errors.contains(words), "\(path): \(outcome.errors)")
        }
    }

    @Test("An argument that is not UTF-8 is refused, not taken for another")
    func notText() async throws {
        let outcome = try await shell(
            #""$0" detect "$1" --local --label $'\xff\xfe'"#, [try samples.picture()])
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains("not UTF-8"))
    }

    @Test("An address that is none", arguments: ["foo", "tcp://localhost:", "http://127.0.0.1:1"])
    func addresses(_ address: String) async throws {
        let picture = try samples.picture()
        for command in [["caption", picture], ["status"]] {
            #expect(try await BuiltProgram.run(command + ["--endpoint", address]).status == 64)
        }
    }

    @Test("Whoever is interrupted tells the service")
    func interrupt() async throws {
        let labels = try samples.write("labels", Samples.manyLabels.joined(separator: "\n").utf8)
        let picture = try samples.picture()
        try await RunningService.use(workers: 1) { service in
            var status: Int32 = 0
            // On a busy machine a task may be over before it was seen to run, or before the signal came.
            for _ in 0..<10 where status != 130 {
                let task = try RunningProgram(
                    ["detect", picture, "--labels-file", labels, "--threshold", "0", "--endpoint", service.endpoint])
                task.send([])
                _ = try await eventually {
                    let running = try await service.client.status().queue.running
                    return running == 1 || !task.isRunning
                }
                task.signal(SIGINT)
                status = await task.end().status
            }
            #expect(status == 130)
            let isFree = try await eventually { try await service.client.status().queue.running == 0 }
            #expect(isFree)
            #expect(try await service.client.status().counters["calls_cancelled_total"] == 1)
        }
    }

    @Test("A service outlives the reader of its addresses")
    func reader() async throws {
        // `head` reads the first line and goes; the service says "ready" to nobody, and is asked by another program.
        let script = #"""
            coproc up { exec "$0" up --workers 1 --client-endpoint 'tcp://127.0.0.1:*' --worker-endpoint 'tcp://127.0.0.1:*'; }
            read -r _ address <&${up[0]}
            pid=$up_PID
            exec {up[0]}<&-
            for _ in $(seq 200); do
                "$0" caption "$1" --endpoint "$address" >/dev/null && break
                sleep 0.1
            done
            kill -0 $pid && echo alive
            kill $pid
            wait $pid
            """#
        let outcome = try await shell(script, [try samples.picture()])
        #expect(outcome.output.contains("alive"), "\(outcome.errors)")
    }
}
