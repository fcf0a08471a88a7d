# SPDX-License-Identifier: MIT
"""A peer that speaks ZMTP 3.1 and CURVE (RFC 26) by hand, with a key that is let in, and then does not behave.

    curve_peer.py forge   HOST:PORT KEYFILE NAME   claims the name in its greeting, and asks for the broker's status
    curve_peer.py endless HOST:PORT KEYFILE        sends one message without an end, until somebody stops it

Needs nothing but Python and the libsodium that libzmq itself uses.
"""
import ctypes, ctypes.util, os, socket, sys

sodium = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
assert sodium.sodium_init() >= 0
ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def z85(text):
    out = b""
    for start in range(0, len(text), 5):
        value = 0
        for character in text[start:start + 5]:
            value = value * 85 + ALPHABET.index(character)
        out += value.to_bytes(4, "big")
    return out


def box(message, nonce, public, secret):
    out = ctypes.create_string_buffer(len(message) + 16)
    assert sodium.crypto_box_easy(out, message, ctypes.c_ulonglong(len(message)), nonce, public, secret) == 0
    return out.raw


def unbox(cipher, nonce, public, secret):
    out = ctypes.create_string_buffer(len(cipher) - 16)
    assert sodium.crypto_box_open_easy(out, cipher, ctypes.c_ulonglong(len(cipher)), nonce, public, secret) == 0
    return out.raw


class Peer:
    def __init__(self, address, keyfile, properties):
        key = dict(line.split(" ", 1) for line in open(keyfile).read().splitlines() if line and line[0] != "#")
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), 20)
        self.count = 0
        public, secret, server = z85(key["public"]), z85(key["secret"]), z85(key["broker"])
        self.own = ctypes.create_string_buffer(32)
        self.fresh = ctypes.create_string_buffer(32)
        sodium.crypto_box_keypair(self.own, self.fresh)
        own = self.own.raw

        self.socket.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"CURVE".ljust(20, b"\0") + bytes(32))
        self.exactly(64)
        short = self.nonce()
        hello = box(bytes(64), b"CurveZMQHELLO---" + short, server, self.fresh)
        self.command(b"\x05HELLO\x01\x00" + bytes(72) + own + short + hello)
        welcome = self.frame()
        assert welcome[:8] == b"\x07WELCOME"
        plain = unbox(welcome[24:], b"WELCOME-" + welcome[8:24], server, self.fresh)
        self.theirs, cookie = plain[:32], plain[32:]

        long = os.urandom(16)
        vouch = box(own + server, b"VOUCH---" + long, self.theirs, secret)
        metadata = b""
        for name, value in [(b"Socket-Type", b"DEALER")] + properties:
            metadata += bytes([len(name)]) + name + len(value).to_bytes(4, "big") + value
        short = self.nonce()
        sealed = box(public + long + vouch + metadata, b"CurveZMQINITIATE" + short, self.theirs, self.fresh)
        self.command(b"\x08INITIATE" + cookie + short + sealed)
        assert self.frame()[:6] == b"\x05READY"

    def nonce(self):
        self.count += 1
        return self.count.to_bytes(8, "big")

    def exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise ConnectionError("the broker ended the connection")
            data += piece
        return data

    def command(self, body):
        self.socket.sendall(b"\x06" + len(body).to_bytes(8, "big") + body)

    def frame(self):
        flags = self.exactly(1)[0]
        return self.exactly(int.from_bytes(self.exactly(8 if flags & 2 else 1), "big"))

    def send(self, payload, more):
        short = self.nonce()
        body = b"\x07MESSAGE" + short + box(bytes([1 if more else 0]) + payload, b"CurveZMQMESSAGEC" + short, self.theirs, self.fresh)
        self.socket.sendall(b"\x02" + len(body).to_bytes(8, "big") + body)

    def receive(self):
        """The frames of the next message; signs of life between them are passed over."""
        frames = []
        while True:
            body = self.frame()
            plain = unbox(body[16:], b"CurveZMQMESSAGES" + body[8:16], self.theirs, self.fresh)
            if plain[0] & 2:
                continue
            frames.append(plain[1:])
            if not plain[0] & 1:
                return frames


mode, address, keyfile = sys.argv[1:4]
if mode == "forge":
    name = sys.argv[4].encode()
    peer = Peer(address, keyfile, [(b"User-Id", name), (b"user-id", name), (b"__fd", b"0")])
    header = b'{"id":"1","method":"/boxwood.v1.Admin/Status"}'
    for index, frame in enumerate([b"BXW1", b"REQUEST", header, b"{}"]):
        peer.send(frame, index < 3)
    print(peer.receive()[2].decode())
else:
    peer, sent, piece = Peer(address, keyfile, []), 0, bytes(1 << 20)
    try:
        while sent < 4 << 30:
            peer.send(piece, True)
            sent += len(piece)
        print("nobody stopped it")
    except OSError:
        print("stopped")
