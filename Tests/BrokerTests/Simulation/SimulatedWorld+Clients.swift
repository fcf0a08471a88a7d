// SPDX-License-Identifier: MIT

import Broker

/// Asks, gives up, asks again under the same key, and vanishes.
struct SimulatedClient {
    var id: ClientID
    let account: ClientID
    /// Between two calls, in milliseconds.
    let pause: ClosedRange<Int>
    let isPatient: Bool
    var keyed: [SimulatedWorld.Request] = []
}

extension SimulatedWorld {
    func populate() {
        for index in 0..<plan.clients {
            // Some ask ten times as often as others; two connections may belong to one account.
            let slow = random.below(3) == 0 && !plan.isCalm && !plan.isUniform ? 10 : 1
            let common = plan.pause.lowerBound...(plan.pause.upperBound * slow)
            let pause = index < plan.pauseByClient.count ? plan.pauseByClient[index] : common
            let account = ClientID([UInt8(random.below(4) == 0 && !plan.isUniform ? 0 : index)])
            clients.append(
                SimulatedClient(
                    id: ClientID([UInt8(index), 0]), account: account, pause: pause, isPatient: random.below(2) == 0))
            timeline.add(.clientActs(index), at: random.milliseconds(0...pause.upperBound))
        }
        for index in 0..<plan.workers {
            workers.append(SimulatedWorker(credits: random.int(plan.credits)))
            plan(.greet, for: index, in: plan.arrivals)
        }
        var time = Duration.zero
        while plan.standstills > 0, time < plan.length {
            time += random.milliseconds(1...(200_000 / plan.standstills))
            timeline.add(.standstill(random.milliseconds(1...8000)), at: time)
        }
    }

    func act(client index: Int) {
        guard !isOver else { return }
        if random.happens(plan.vanishing) { vanish(index) }
        let count = random.happens(plan.floods) ? random.int(5...40) : 1
        for _ in 0..<count { ask(index) }
        timeline.add(.clientActs(index), at: now + random.milliseconds(clients[index].pause))
    }

    private func vanish(_ index: Int) {
        let client = clients[index].id
        timeline.add(.vanish(client), at: now + random.milliseconds(0...1000))
        clients[index].id = ClientID([UInt8(index), client.bytes[1] &+ 1])
    }

    private func ask(_ index: Int) {
        if let earlier = clients[index].keyed.randomElement(using: &random), random.happens(plan.resent) {
            return send(again(earlier, index))
        }
        let request = new(index)
        if request.terms.key != nil { clients[index].keyed = clients[index].keyed.suffix(5) + [request] }
        send(request)
        if random.happens(plan.cancelled) {
            let moment = now + random.milliseconds(0...3000)
            timeline.add(.cancel(clients[index].id, request: request.number), at: moment)
        }
    }

    private func send(_ request: Request) {
        transmit(.request(request))
    }

    private func new(_ index: Int) -> Request {
        let number = nextRequest
        nextRequest += 1
        let client = clients[index]
        let key = random.below(2) == 0 ? IdempotencyKey(scope: client.account.bytes, "k\(number)") : nil
        let isBatch = plan.batchClients?.contains(index) ?? (random.below(3) == 0)
        let terms = CallTerms(
            client: client.id, account: client.account, bytes: random.int(0...900), pixels: random.int(0...1000),
            deadline: now + random.milliseconds(plan.patience) * (client.isPatient && !plan.isUniform ? 2 : 1),
            priority: isBatch ? .batch : .interactive, kind: plan.isUniform ? index : random.below(3),
            picture: random.below(2) == 0 ? PictureKey(high: 0, low: UInt64(random.below(plan.pictures))) : nil,
            key: key, fingerprint: UInt64(number))
        owners[number] = index
        return Request(number: number, payload: number, terms: terms)
    }

    /// The same call once more, on whatever connection the client has now; or another under its key, by mistake.
    private func again(_ earlier: Request, _ index: Int) -> Request {
        let number = nextRequest
        nextRequest += 1
        var terms = earlier.terms
        terms.client = clients[index].id
        terms.deadline = now + random.milliseconds(plan.patience)
        guard random.happens(plan.misused) else {
            return Request(number: number, payload: earlier.payload, terms: terms)
        }
        terms.fingerprint = UInt64(number)
        return Request(number: number, payload: number, terms: terms)
    }
}
