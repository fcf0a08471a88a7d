// SPDX-License-Identifier: MIT
import Grounding
import Imaging
import Wire

/// The turn of one picture: it is read, answered and drawn.
struct BatchTurn: Sendable {
    let item: BatchItem
    let request: TaskRequest
    let answerer: any BatchAnswerer
    /// The file of its drawing.
    let drawing: String?

    func begin(_ tell: @escaping @Sendable (BatchEnding) -> Void) -> Task<Void, Never> {
        Task { tell(await take()) }
    }

    private func take() async -> BatchEnding {
        let loaded = await Blocking.run { load() }
        switch loaded {
        case .failure(let status): return .failed(status)
        case .success(let picture):
            let ending = await answerer.answer(
                request, picture.bytes, pixels: picture.header.width * picture.header.height)
            guard let drawing, case .result(let result) = ending else { return ending }
            // Before the line of the result: what is in the file of results is drawn.
            let failure = await Blocking.run { draw(result, on: picture.bytes, into: drawing) }
            return failure.map(BatchEnding.fatal) ?? ending
        }
    }

    private func load() -> Result<(bytes: [UInt8], header: ImageHeader), RPCStatus> {
        do throws(RPCStatus) {
            return .success(try BatchPicture.load(item))
        } catch {
            return .failure(error)
        }
    }

    private func draw(_ result: GroundingResult, on bytes: [UInt8], into path: String) -> CommandFailure? {
        do throws(CommandFailure) {
            try DrawingFolder.write(path, picture: item.place, result, on: bytes)
            return nil
        } catch {
            return error
        }
    }
}
