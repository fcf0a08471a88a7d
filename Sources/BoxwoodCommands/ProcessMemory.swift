// SPDX-License-Identifier: MIT
import Foundation
import Glibc

/// What the kernel says of this process's memory. Source: proc(5).
package enum ProcessMemory {
    /// The most memory that was resident at a time, mapped files included; `nil` where the system does not say.
    package static var peakResident: Int? { field("VmHWM", in: contents("/proc/self/status")) }

    /// Memory that no other process could share, however many map the same weights.
    ///
    /// `Private_Dirty`: clean pages of a mapped file count as private too while nobody else maps them, and would make
    /// the first worker of a machine look as if its weights were its own.
    package static var unshareable: Int? { field("Private_Dirty", in: contents("/proc/self/smaps_rollup")) }

    /// Begins ``peakResident`` anew from what is resident now, where the system allows it.
    package static func resetPeak() {
        let descriptor = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = write(descriptor, "5", 1)
        close(descriptor)
    }

    /// The bytes of a line such as `VmHWM:   1234 kB`.
    package static func field(_ name: String, in text: String) -> Int? {
        for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
            let words = line.dropFirst(name.count + 1).split(whereSeparator: \.isWhitespace)
            guard words.count == 2, words[1] == "kB", let kilobytes = Int(words[0]) else { return nil }
            return kilobytes * 1024
        }
        return nil
    }

    private static func contents(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

/// What the kernel says of this processor.
package enum Processor {
    /// The largest cache in bytes; `nil` where the system does not say.
    package static var largestCache: Int? {
        let folder = "/sys/devices/system/cpu/cpu0/cache"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.compactMap { name in
            FileManager.default.contents(atPath: "\(folder)/\(name)/size")
                .flatMap { cacheSize(String(decoding: $0, as: UTF8.self)) }
        }.max()
    }

    package static var name: String? {
        let text = FileManager.default.contents(atPath: "/proc/cpuinfo").map { String(decoding: $0, as: UTF8.self) }
        return text?.split(separator: "\n").first { $0.hasPrefix("model name") }?
            .split(separator: ":", maxSplits: 1).last.map { String($0.trimmed) }
    }

    /// Bytes of a size as sysfs writes it: `32768K`, `2M`, `64`.
    package static func cacheSize(_ text: String) -> Int? {
        let text = text[...].trimmed
        let unit = text.last.map { ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30][String($0)] ?? 1 } ?? 1
        return Int(unit == 1 ? text : text.dropLast()).map { $0 * unit }
    }
}
