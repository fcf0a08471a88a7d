// SPDX-License-Identifier: MIT

/// How much a run over many pictures may be. `docs/cli.md` has the same figures.
package enum BatchLimits {
    /// The most pictures of a run: their names are held in memory.
    package static let pictures = 5_000_000
    /// Pictures that are worked on at a time.
    package static let inFlight = 1...1024
    package static let defaultInFlight = 16
    /// Megabytes of the pictures that are worked on; one alone may have more.
    package static let megabytesInFlight = 1...65_536
    package static let defaultMegabytesInFlight = 128
    /// The longest key, in UTF-8 bytes.
    package static let keyBytes = 1024
    /// The longest line of a list of pictures.
    package static let listLineBytes = 1 << 20
    /// The longest line of a file of results: more than any answer that comes over the wire has.
    package static let logLineBytes = 256 << 20
    /// The longest extended header of a tar file, which holds a long name.
    package static let tarHeaderBytes = 1 << 20
    /// The deepest folder below the one that is named.
    package static let folderDepth = 64
    /// For how long a service that was there, and is gone or full, is asked again.
    package static let patience = Duration.seconds(60)
    /// What is under way has so long to end once a signal came.
    package static let grace = Duration.seconds(10)
    /// For one picture, once it is sent to a service.
    package static let timeout = Duration.seconds(300)
}
