// SPDX-License-Identifier: MIT

import Grounding
import Imaging
import Kosmos2
import Tensors

// From a picture's bytes to sequences that decode, in slices.
extension Batcher {
    /// One slice of whatever the policy says is next.
    func admit() {
        if let pass, !jobs.contains(where: pass.serves) { forgetPass() }
        if pass == nil { begin() }
        guard let current = pass else { return }
        var watch = Stopwatch()
        let isPicture = if case .vision = current { true } else { false }
        current.advance(whileDecoding: !running.isEmpty)
        let served = jobs.filter(current.serves)
        if current.isDone { finish(current) }
        let elapsed = watch.lap()
        for job in served {
            if isPicture { job.timing.vision += elapsed } else { job.timing.prefill += elapsed }
            job.stages.note(isPicture ? .vision : .prefill, watch)
        }
    }

    private func begin() {
        switch policy.next(waiting) {
        case .decodeFile: decodeFile()
        case .vision(let count): beginVision(count)
        case .prefix(let count): beginPrefixes(count)
        case .prompts: beginPrompts()
        case nil: break
        }
    }

    private var waiting: AdmissionPolicy.Waiting {
        var waiting = AdmissionPolicy.Waiting(hasPrompt: nextJob != nil)
        for work in works {
            switch work.stage {
            case .file: waiting.files += 1
            case .pixels: waiting.pixels += 1
            case .encoded: waiting.prefixes += 1
            case .busy, .known: break
            }
        }
        return waiting
    }

    private func finish(_ pass: AdmissionPass) {
        switch pass {
        case .vision(let pass, let works):
            for (work, embeddings) in zip(works, pass.embeddings) { work.stage = .encoded(embeddings) }
        case .prefixes(_, let parts):
            for part in parts { know(part.work, prefix: part.cache) }
        case .prompts(let pass, let starts):
            startDecoding(starts, LogitRows(pass.logits()))
        }
        forgetPass()
    }

    /// It is over, or nobody waits for it any more.
    private func forgetPass() {
        pass = nil
        works.removeAll(where: \.jobs.isEmpty)
    }
}

// MARK: - Pictures

extension Batcher {
    /// The work that a job's picture takes, shared with others on the same picture.
    func picture(for job: BatchJob) -> PictureWork {
        let preprocessing = PictureKey.preprocessing(side: model.imageSide)
        let key = PictureKey(job.image, preprocessing: preprocessing, model: identity)
        let shared = works.first { $0.key == key }
        if let shared { shared.jobs.append(job) }
        let known = shared == nil ? pictures.value(for: key) : nil
        job.isHit = shared != nil || known != nil
        if job.isHit { counters.pictureHits += 1 } else { counters.pictureMisses += 1 }
        job.cachedPromptTokens = job.isHit ? encoder.prefix.count : 0
        let work = shared ?? PictureWork(key, known.map { .known($0) } ?? .file(job.image), for: job)
        if shared == nil { works.append(work) }
        return work
    }

    /// A job is over, or has begun all its prompts: what is in a pass stays until the pass is over.
    func release(_ job: BatchJob) {
        guard let work = job.picture else { return }
        work.jobs.removeAll { $0 === job }
        if case .busy = work.stage { return }
        works.removeAll(where: \.jobs.isEmpty)
    }

    private func decodeFile() {
        for work in works {
            guard case .file(let bytes) = work.stage else { continue }
            var watch = Stopwatch()
            decode(work, bytes)
            let elapsed = watch.lap()
            for job in work.jobs {
                job.timing.decodeImage += elapsed
                job.stages.note(.decodeImage, watch)
            }
            return
        }
    }

    private func decode(_ work: PictureWork, _ bytes: [UInt8]) {
        do throws(ImageError) {
            let image = try ImageDecoder.decode(bytes, limits: options.imageLimits, mode: .boxwood)
            let side = model.imageSide
            work.stage = .pixels(Preprocessor.normalize(Preprocessor.squash(image, side: side), side: side))
            work.description = ImageDescription(
                width: image.width, height: image.height, sha256: PictureDigest.text(bytes),
                orientation: image.orientation)
        } catch {
            for job in work.jobs { end(job, .failure(TaskError(error))) }
        }
    }

    private func beginVision(_ count: Int) {
        var batch: [(work: PictureWork, pixels: [Float])] = []
        for work in works where batch.count < count {
            guard case .pixels(let pixels) = work.stage else { continue }
            batch.append((work, pixels))
            work.stage = .busy
        }
        pass = .vision(model.visionPass(batch.map(\.pixels)), batch.map(\.work))
    }

    private func beginPrefixes(_ count: Int) {
        var parts: [(work: PictureWork, cache: KeyValueCache)] = []
        var sequences: [DecoderPass.Sequence] = []
        for work in works where parts.count < count {
            guard case .encoded(let embeddings) = work.stage else { continue }
            let cache = model.makeCache(capacity: encoder.prefix.count)
            let image = PlacedImage(embeddings, at: PromptEncoder.imagePosition)
            sequences.append(.init(encoder.prefix, image: image, cache: cache))
            parts.append((work, cache))
            work.stage = .busy
            work.embeddings = embeddings
        }
        pass = .prefixes(model.decoderPass(sequences), parts)
    }

    private func know(_ work: PictureWork, prefix: KeyValueCache) {
        guard let description = work.description, let embeddings = work.embeddings else {
            preconditionFailure("a picture's prefix without its vectors")
        }
        let picture = KnownPicture(description: description, embeddings: embeddings, prefix: prefix)
        work.stage = .known(picture)
        pictures.insert(picture, for: work.key, bytes: picture.bytes(model))
    }
}
