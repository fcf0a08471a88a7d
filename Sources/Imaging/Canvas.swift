// SPDX-License-Identifier: MIT

/// placeholder
public struct Canvas { public static let maximumSide = 32_767 }
