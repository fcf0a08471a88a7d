// SPDX-License-Identifier: MIT

package import Checkpoints
import Foundation

/// What a model's folder says of how its text is generated.
///
/// `generation_config.json` is asked first, then `text_config` of `config.json`, where the published model has it: its
/// authors generate without a run of three tokens twice. transformers 5.23 no longer reads the second place.
public struct GenerationDefaults: Sendable, Hashable {
    /// No run of this many tokens occurs twice; 0 where neither file says anything: then there is no such rule.
    public var noRepeatNgram: Int

    static let file = "generation_config.json"
    /// The longest run that a folder may name.
    static let longestRun = 1024

    /// - Throws: `CheckpointError` of code `configuration` for a file that is damaged or a size that is none.
    package init(_ checkpoint: Checkpoint) throws(CheckpointError) {
        let own = checkpoint.holds(Self.file) ? try Self.decode(Sizes.self, checkpoint, Self.file) : Sizes()
        let text = try Self.decode(Configuration.self, checkpoint, "config.json").text_config ?? Sizes()
        let size = own.no_repeat_ngram_size ?? text.no_repeat_ngram_size ?? 0
        guard (0...Self.longestRun).contains(size) else {
            throw CheckpointError(
                .configuration, "no_repeat_ngram_size is \(size); allowed is 0 to \(Self.longestRun)")
        }
        noRepeatNgram = size
    }

    private static func decode<T: Decodable>(
        _ type: T.Type, _ checkpoint: Checkpoint, _ file: String
    ) throws(CheckpointError) -> T {
        let data = try checkpoint.json(file)
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw CheckpointError(.configuration, "\(file) is not a configuration of generation")
        }
    }

    /// As the files spell it.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    private struct Sizes: Decodable {
        var no_repeat_ngram_size: Int?
    }

    // swift-format-ignore: AlwaysUseLowerCamelCase
    private struct Configuration: Decodable {
        var text_config: Sizes?
    }
}
