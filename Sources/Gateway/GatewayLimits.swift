// SPDX-License-Identifier: MIT
import NIOCore
import Wire

/// Every number with which the gateway refuses something; `protocol/http.md` has the table.
public enum GatewayLimits {
    /// A picture, the largest request beside it, and what multipart adds.
    public static let formBytes = WireLimits.imageBytes + (2 << 20)
    /// The same picture in base64.
    public static let jsonBytes = WireLimits.imageBytes / 3 * 4 + (2 << 20) + 4096
    public static let formFields = 1100
    /// The lines before a part of a form.
    public static let partHeaderBytes = 4096
    /// How long a request's body may take.
    public static let bodyTime: Duration = .seconds(30)
    /// A connection that says nothing for so long is closed.
    static let idleTime: TimeAmount = .seconds(120)
    /// Requests that are worked on at a time.
    public static let requests = 256
    /// Bodies of all of them; one that does not say how long it will be counts as the largest.
    public static let bodiesBytes = 256 << 20
    /// Connections at a time; more wait.
    public static let connections = 512
    /// How often a stream shows that somebody is there.
    public static let commentPause: Duration = .seconds(10)
    /// How long a job may be waited for in one request, in milliseconds; the broker answers a little before the time is over.
    public static let jobWaits = 100...600_000
    public static let tokens = 1024
}
