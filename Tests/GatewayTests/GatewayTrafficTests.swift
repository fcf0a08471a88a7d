// SPDX-License-Identifier: MIT

import Gateway
import Testing

@Suite("Requests at a time")
struct GatewayTrafficTests {
    @Test("so many requests and no more, until one has left")
    func requests() {
        let traffic = GatewayTraffic()
        let visits = (0..<GatewayLimits.requests).map { _ in traffic.enter("/v1/detect", bytes: 1) }
        #expect(visits.allSatisfy { $0.isWithinLimit })
        let refused = traffic.enter("/v1/detect", bytes: 1)
        #expect(!refused.isWithinLimit)
        traffic.leave(refused, 503)
        traffic.leave(visits[0], 200)
        #expect(traffic.enter("/v1/detect", bytes: 1).isWithinLimit)
    }

    @Test("so many bytes of bodies and no more, until one has left")
    func bytes() {
        let traffic = GatewayTraffic()
        let half = traffic.enter("/v1/detect", bytes: GatewayLimits.bodiesBytes / 2)
        #expect(traffic.enter("/v1/detect", bytes: GatewayLimits.bodiesBytes / 2).isWithinLimit)
        let refused = traffic.enter("/v1/detect", bytes: 1)
        #expect(!refused.isWithinLimit)
        traffic.leave(refused, 503)
        traffic.leave(half, 200)
        #expect(traffic.enter("/v1/detect", bytes: 1).isWithinLimit)
        #expect(traffic.enter("/v1/models", bytes: 0).isWithinLimit)
    }
}
