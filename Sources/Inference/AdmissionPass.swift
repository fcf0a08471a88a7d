// SPDX-License-Identifier: MIT

import Kosmos2

/// What is being computed for those who do not decode yet: some layers in each slice.
enum AdmissionPass {
    case vision(VisionPass, [PictureWork])
    case prefixes(DecoderPass, [(work: PictureWork, cache: KeyValueCache)])
    case prompts(DecoderPass, [Start])

    /// A prompt on its way to its first logits.
    struct Start {
        let job: BatchJob
        let index: Int
        let cache: KeyValueCache
    }

    /// The sequences in it that a job's room is taken by.
    var starts: [Start] {
        if case .prompts(_, let starts) = self { starts } else { [] }
    }

    /// Whether it is for this job.
    func serves(_ job: BatchJob) -> Bool {
        switch self {
        case .vision(_, let works): works.contains { $0 === job.picture }
        case .prefixes(_, let parts): parts.contains { $0.work === job.picture }
        case .prompts(_, let starts): starts.contains { $0.job === job }
        }
    }

    func advance(whileDecoding: Bool) {
        func layers(_ slice: Int, _ rows: Int) -> Int {
            AdmissionPolicy.layers(slice, rows: rows, whileDecoding: whileDecoding)
        }
        switch self {
        case .vision(let pass, _): pass.advance(layers: layers(AdmissionPolicy.visionSlice, pass.rows))
        case .prefixes(let pass, _), .prompts(let pass, _):
            pass.advance(layers: layers(AdmissionPolicy.decoderSlice, pass.rows))
        }
    }

    var isDone: Bool {
        switch self {
        case .vision(let pass, _): pass.isDone
        case .prefixes(let pass, _), .prompts(let pass, _): pass.isDone
        }
    }
}
