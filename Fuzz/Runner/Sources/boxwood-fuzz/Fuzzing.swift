// SPDX-License-Identifier: MIT
import Foundation
import FuzzTargets

// The program's `main` is libFuzzer's, which calls these two. The target's name is in the environment, not among the
// arguments: libFuzzer starts the program again for some of its work, with arguments of its own.

private let chosen = target(ProcessInfo.processInfo.environment["BOXWOOD_FUZZ_TARGET"] ?? "")

@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<Int32>,
    _ values: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>>>
) -> Int32 {
    if count.pointee == 2, String(cString: values.pointee[1]) == "list" {
        listTargets()
        exit(0)
    }
    _ = chosen
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func tryInput(_ bytes: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    do throws(BrokenPromise) {
        _ = try chosen.check(Array(UnsafeBufferPointer(start: bytes, count: size)))
    } catch {
        FileHandle.standardError.write(Data("\nBROKEN PROMISE of \(chosen.name): \(error)\n".utf8))
        abort()
    }
    return 0
}
