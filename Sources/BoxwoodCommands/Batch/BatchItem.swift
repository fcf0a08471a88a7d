// SPDX-License-Identifier: MIT
package import Wire

/// One picture of a run.
package struct BatchItem: Sendable {
    package enum Source: Sendable {
        case file(String)
        case member(TarArchive, TarMember)
    }

    /// By which its result is known, in the file of results and by a later run.
    package let key: String
    /// What data sets call the picture's file.
    package let name: String
    package let source: Source
    /// Its place among ``BatchPlan/requests``.
    package let request: Int

    package init(key: String, name: String, source: Source, request: Int) {
        self.key = key
        self.name = name
        self.source = source
        self.request = request
    }

    /// Where it comes from, in a sentence.
    var place: String {
        switch source {
        case .file(let path): path
        case .member(let archive, let member): "\(member.name) in \(archive.path)"
        }
    }
}

/// What a run is to do.
package struct BatchPlan: Sendable {
    package var items: [BatchItem] = []
    /// What is asked; pictures that are asked the same share one.
    package var requests: [TaskRequest] = []
    /// Of each request.
    package var digests: [String] = []

    package init() {}
}
