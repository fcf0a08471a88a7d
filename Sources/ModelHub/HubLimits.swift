// SPDX-License-Identifier: MIT

/// The bounds of what a hub may ask of this machine.
public enum HubLimits {
    /// The longest owner's or model's name, in bytes.
    public static let nameBytes = 96
    /// The longest name of a branch or tag, in bytes.
    public static let revisionBytes = 200
    /// The longest listing of a repository, in bytes.
    public static let listingBytes = 16 << 20
    /// The longest text of an error that is read from the hub, in bytes.
    public static let errorBytes = 64 << 10
    /// The most files of one pull.
    public static let files = 1_000
    /// The longest file name, in bytes.
    public static let fileNameBytes = 200
    /// The largest file that is not weights; what the reader of model folders takes.
    public static let textFileBytes = 64 << 20
    /// The largest file of weights.
    public static let weightFileBytes = 1 << 40
    /// How often one request is sent on to another address.
    public static let redirects = 10
    /// The longest token, in bytes.
    public static let tokenBytes = 1_024
    /// What is to be free on the disk beyond the files, in bytes.
    public static let spareBytes = 64 << 20
}
