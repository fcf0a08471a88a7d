// SPDX-License-Identifier: MIT

/// How large a request may be. What fits here may still be too long for a model's context, which the model says.
public enum TaskLimits {
    /// The most labels of one `detect`.
    public static let labels = 1000
    /// The most phrases of one `ground`, and the most that `align` chooses.
    public static let phrases = 64
    /// The longest label, in Unicode scalars.
    public static let labelScalars = 256
    /// The longest sentence, caption, expression, question or raw prompt, in Unicode scalars.
    public static let textScalars = 4096
    /// The longest of any of these in UTF-8 bytes is this many times its scalars, which UTF-8 never exceeds.
    public static let bytesPerScalar = 4
    /// The most tiles that a picture is cut into, and the most in one direction.
    public static let tiles = 16
    public static let tilesPerSide = 1...8
    public static let maxNewTokens = 1...2048
    public static let beamWidth = 1...8
    public static let temperature = 0.01...100.0
    /// `topP` lies above 0 and at most at 1.
    public static let topP = 1.0
    public static let noRepeatNgram = 0...32
    public static let threshold = 0.0...1.0
}
