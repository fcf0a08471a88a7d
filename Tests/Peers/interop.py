# SPDX-License-Identifier: MIT
"""The table of protocol/interop.md, run by a client that has nothing but pyzmq and json.

    interop.py ENDPOINT     prints `ok LINE` or `failed LINE: WHY` for each line of the table
    interop.py --list       prints the lines that it has
"""
import json, os, sys, time, zmq

ASK, WATCH = "/boxwood.v1.Grounding/Ask", "/boxwood.v1.Health/Watch"
LINES = {}


def line(function):
    LINES[function.__name__] = function
    return function


# A few rules of protobuf's binary form, by hand.
def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def fields(message):
    """The fields of a binary message, the last one of each number: integers and bytes."""
    found, at = {}, 0

    def number():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        key = number()
        if key & 7 == 0:
            found[key >> 3] = number()
        else:
            size = {1: 8, 5: 4}.get(key & 7) or number()
            found[key >> 3] = message[at:at + size]
            at += size
    return found


class Connection:
    def __init__(self, endpoint):
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.connect(endpoint)
        self.count = 0

    def send(self, *frames):
        self.socket.send_multipart([b"BXW1", *frames])

    def request(self, method, body=None, image=None, body_frame=None, **header):
        """Sends a REQUEST in JSON; returns its id."""
        self.count += 1
        header = {"id": f"call-{self.count}", "method": method, "timeout_ms": 60_000, **header}
        frame = json.dumps(body if body is not None else {}).encode() if body_frame is None else body_frame
        self.send(b"REQUEST", json.dumps(header).encode(), frame, *([] if image is None else [image]))
        return header["id"]

    def ask(self, question, image=b"picture", **header):
        return self.request(ASK, {"question": question}, image, **header)

    def cancel(self, id):
        self.send(b"CANCEL", json.dumps({"id": id}).encode())

    def frames(self, within=60_000):
        assert self.socket.poll(within), "no answer"
        return self.socket.recv_multipart()

    def receive(self, within=60_000):
        """The next message: its kind, its header and its body, both from JSON."""
        version, kind, header, body = self.frames(within)
        assert version == b"BXW1", version
        return kind.decode(), json.loads(header), json.loads(body or b"null")

    def response(self, id=None, code="OK", reason=None):
        """The next message, which has to be this RESPONSE; its header and its body."""
        kind, header, body = self.receive()
        assert kind == "RESPONSE", kind
        assert id is None or header.get("id", "") == id, f"{header.get('id')} answered, not {id}"
        assert header["status"]["code"] == code, header["status"]
        assert reason is None or self.reason(header) == reason, header["status"]
        return header, body

    def answer(self, question, **header):
        """The caption that comes back."""
        return self.response(self.ask(question, **header))[1]["caption"]

    def nothing(self, within=200):
        assert not self.socket.poll(within), f"also got {self.socket.recv_multipart()}"

    @staticmethod
    def details(header, name):
        return [detail[name] for detail in header["status"].get("details", []) if name in detail]

    @classmethod
    def reason(cls, header):
        return (cls.details(header, "error_info") or [{}])[0].get("reason")

    @classmethod
    def violations(cls, header):
        return [v["field"] for d in cls.details(header, "bad_request") for v in d["field_violations"]]

    def until(self, question, holds):
        """Asks until the answer is as it should be."""
        for _ in range(3000):
            if holds(int(self.answer(question))):
                return
            time.sleep(0.01)
        raise AssertionError(f"{question} is {self.answer(question)}")


def connect():
    return Connection(sys.argv[1])


def unused(word):
    return f"{word}-{os.urandom(8).hex()}"


@line
def empty_unary():
    c = connect()
    c.request("/boxwood.v1.Health/Check", body_frame=b"")
    assert c.response()[1]["status"] == "SERVING"


@line
def large_unary():
    c = connect()
    picture = os.urandom(4_000_000)
    assert c.answer("size", image=picture) == f"{len(picture)} {sum(picture)}"
    assert c.answer("large 1000000") == "x" * 1_000_000


@line
def encodings():
    c = connect()
    assert c.answer("echo words in JSON") == "words in JSON"
    header = field(1, "binary-1") + field(2, ASK) + field(3, 60_000)
    c.send(b"REQUEST", header, field(2, "echo words in protobuf"), b"picture")
    version, kind, header, body = c.frames()
    assert (version, kind) == (b"BXW1", b"RESPONSE")
    header = fields(header)
    assert header[1] == b"binary-1" and fields(header[2])[1] == 0, header
    assert fields(body)[5] == b"words in protobuf"


@line
def mixed_encodings():
    c = connect()
    id = c.request(ASK, image=b"picture", body_frame=field(2, "echo both"))
    assert c.response(id)[1]["caption"] == "both"


@line
def delimiter():
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.linger = 0
    socket.connect(sys.argv[1])
    header = {"id": "one", "method": ASK, "timeout_ms": 60_000}
    socket.send_multipart(
        [b"BXW1", b"REQUEST", json.dumps(header).encode(), json.dumps({"question": "echo once"}).encode(), b"picture"])
    assert socket.poll(60_000), "no answer"
    assert json.loads(socket.recv_multipart()[3])["caption"] == "once"


@line
def out_of_order():
    c = connect()
    slow, quick = c.ask("sleep 500"), c.ask("echo first")
    assert c.response(quick)[1]["caption"] == "first"
    assert c.response(slow)[1]["caption"] == "slept"


@line
def repeated_id():
    c = connect()
    c.ask("sleep 300", id="same")
    c.ask("sleep 300", id="same")
    c.response("same")
    c.nothing(500)


@line
def cancel_after_begin():
    c, other = connect(), connect()
    stopped = int(other.answer("stopped"))
    id = c.ask("sleep 60000")
    other.until("running", lambda count: count == 1)
    c.cancel(id)
    c.cancel(id)
    c.response(id, "CANCELLED")
    c.nothing()
    other.until("stopped", lambda count: count == stopped + 1)


@line
def cancel_unknown():
    c = connect()
    c.cancel("nobody")
    assert c.answer("echo on") == "on"
    c.nothing()


@line
def cancel_after_first_event():
    c = connect()
    id = c.request(WATCH)
    kind, header, body = c.receive()
    assert (kind, header["id"], header.get("sequence", 0), body["status"]) == ("EVENT", id, 0, "SERVING")
    c.cancel(id)
    c.response(id, "CANCELLED")
    c.nothing()


@line
def events():
    c = connect()
    id = c.ask("tell 5", event_window=64)
    told = []
    while True:
        kind, header, body = c.receive()
        if kind == "RESPONSE":
            break
        assert (kind, header["id"], header.get("sequence", 0)) == ("EVENT", id, len(told))
        told.append(body)
    assert header["status"]["code"] == "OK" and not header.get("events_left_out")
    assert "".join(event.get("caption", "") for event in told) == body["caption"]
    found = [event["entity"]["phrase"] for event in told if "entity" in event]
    assert found == [entity["phrase"] for entity in body["entities"]] and len(found) == 5


@line
def cancel_after_first_entity():
    c, other = connect(), connect()
    stopped = int(other.answer("stopped"))
    id = c.ask("tell 3000", event_window=1)
    kind, header, body = c.receive()
    assert (kind, header.get("sequence", 0), body["entity"]["phrase"]) == ("EVENT", 0, "thing 0")
    c.cancel(id)
    c.response(id, "CANCELLED")
    c.nothing()
    other.until("stopped", lambda count: count == stopped + 1)


@line
def back_pressure():
    c = connect()
    id = c.ask("tell 100", event_window=2)
    sequences = [c.receive()[1].get("sequence", 0) for _ in range(2)]
    c.nothing()
    c.send(b"GRANT", json.dumps({"id": id, "events": 3}).encode())
    sequences += [c.receive()[1].get("sequence", 0) for _ in range(3)]
    assert sequences == [0, 1, 2, 3, 4], sequences
    c.nothing()
    header, body = c.response(id)
    assert len(body["entities"]) == 100 and header["events_left_out"] >= 95, header


@line
def timeout_on_sleeping_worker():
    c, other = connect(), connect()
    stopped = int(other.answer("stopped"))
    begin = time.monotonic()
    c.response(c.ask("sleep 60000", timeout_ms=300), "DEADLINE_EXCEEDED")
    assert time.monotonic() - begin >= 0.3
    other.until("stopped", lambda count: count == stopped + 1)


@line
def timeout_zero():
    c = connect()
    c.response(c.ask("echo late", timeout_ms=0), "DEADLINE_EXCEEDED")


@line
def status_code_and_message():
    c = connect()
    header, body = c.response(c.ask("fail INVALID_ARGUMENT some words"), "INVALID_ARGUMENT")
    assert header["status"]["message"] == "some words" and body is None
    assert c.violations(header) == ["question"]


@line
def special_status_message():
    c = connect()
    header, _ = c.response(c.ask("special"), "ABORTED")
    assert header["status"]["message"] == "\t\nblanks \r\nand \u263a and \U0001f608\t\n", header


@line
def foreign_status():
    c = connect()
    c.response(c.ask("fail UNAVAILABLE words"), "UNKNOWN", "FOREIGN_STATUS")


@line
def unknown_method():
    c = connect()
    c.response(c.request("/boxwood.v1.Grounding/Nothing"), "UNIMPLEMENTED", "UNKNOWN_METHOD")


@line
def unknown_service():
    c = connect()
    c.response(c.request("/boxwood.v1.Nothing/Ask"), "UNIMPLEMENTED", "UNKNOWN_METHOD")


@line
def unknown_kind():
    c = connect()
    c.send(b"SHOUT", b'{"id": "x"}')
    c.response(None, "UNIMPLEMENTED", "UNKNOWN_KIND")


@line
def unknown_version():
    c = connect()
    c.socket.send_multipart([b"BXW9", b"REQUEST", b'{"id": "x"}', b"{}"])
    c.response("", "UNIMPLEMENTED", "UNSUPPORTED_VERSION")


@line
def bad_header():
    c = connect()
    c.send(b"REQUEST", b"{", b"{}")
    c.response("", "INTERNAL", "MALFORMED_HEADER")
    c.send(b"REQUEST", b'{"id": "x"}', b"{}")
    c.response("x", "INTERNAL", "MALFORMED_HEADER")


@line
def bad_frames():
    c = connect()
    header = json.dumps({"id": "x", "method": ASK}).encode()
    c.send(b"REQUEST", header, b"{}", b"picture", b"one more")
    c.response("x", "INTERNAL", "MALFORMED_FRAMES")


@line
def bad_body():
    c = connect()
    c.response(c.request(ASK, {"qestion": "echo"}, b"picture"), "INVALID_ARGUMENT", "MALFORMED_BODY")


@line
def no_image():
    c = connect()
    header, _ = c.response(c.request(ASK, {"question": "echo"}), "INVALID_ARGUMENT")
    assert c.violations(header) == ["image"]


@line
def too_large():
    c = connect()
    c.response(c.request(ASK, body_frame=bytes(4_194_305), image=b"picture"), "RESOURCE_EXHAUSTED", "TOO_LARGE")


@line
def metadata():
    c = connect()
    assert c.answer("metadata", metadata={"tenant": "seven", "x.trace": "\u263a"}) == "tenant=seven x.trace=\u263a"


@line
def bad_metadata():
    c = connect()
    c.response(c.ask("metadata", metadata={"Tenant": "seven"}), "INTERNAL", "MALFORMED_HEADER")


@line
def idempotency_key():
    c, key = connect(), unused("key")
    question = "count " + unused("name")
    ids = {c.ask(question, idempotency_key=key), c.ask(question, idempotency_key=key)}
    for _ in range(2):
        header, body = c.response()
        ids.remove(header["id"])
        assert body["caption"] == "1"
    assert c.answer(question, idempotency_key=key) == "1"
    c.response(c.ask("echo another", idempotency_key=key), "FAILED_PRECONDITION", "KEY_REUSED")


@line
def discovery():
    c = connect()
    methods = c.response(c.request("/boxwood.v1.Discovery/Describe"))[1]["methods"]
    assert ASK in [method["path"] for method in methods]


@line
def watch_limit():
    c, other = connect(), connect()
    open_ids = {c.request(WATCH) for _ in range(17)}
    assert other.answer("echo meanwhile") == "meanwhile"
    kinds = []
    for _ in range(17):
        kind, header, _ = c.receive()
        open_ids.remove(header["id"])
        kinds.append(kind)
        if kind == "RESPONSE":
            assert header["status"]["code"] == "RESOURCE_EXHAUSTED" and c.reason(header) == "QUEUE_FULL", header
        else:
            assert header.get("sequence", 0) == 0
    assert kinds.count("EVENT") == 16


@line
def soak():
    c, words, sent, done = connect(), {}, 0, 0
    while done < 1000:
        while sent < 1000 and sent - done < 16:
            words[c.ask(f"echo number {sent}")] = f"number {sent}"
            sent += 1
        header, body = c.response()
        assert body["caption"] == words.pop(header["id"])
        done += 1
    c.nothing()


if sys.argv[1] == "--list":
    print("\n".join(LINES))
else:
    for name, function in LINES.items():
        try:
            function()
            print("ok", name, flush=True)
        except Exception as error:
            where = error.__traceback__
            while where.tb_next:
                where = where.tb_next
            print(f"failed {name}: {type(error).__name__} {error} (line {where.tb_lineno})", flush=True)
