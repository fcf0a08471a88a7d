// SPDX-License-Identifier: MIT

import Gateway
import Testing

@Suite("Multipart forms")
struct MultipartFormTests {
    private func read(_ text: String, type: String = "multipart/form-data; boundary=XyZ") throws -> MultipartForm {
        try MultipartForm(Array(text.utf8), contentType: type)
    }

    private func field(_ name: String, _ content: String) -> String {
        "--XyZ\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(content)\r\n"
    }

    @Test("parts come in order, with their bytes as they are")
    func parts() throws {
        let form = try read(
            "what stands before means nothing\r\n" + field("labels", "cat") + field("labels", "a\r\n--Xy dog")
                + "--XyZ\r\n"
                + "content-disposition: form-data; filename=\"x.jpg\"; name=image\r\nContent-Type: image/jpeg\r\n\r\n\u{0}\r\n\u{1}\r\n--XyZ--\r\n"
        )
        #expect(form.parts.map(\.name) == ["labels", "labels", "image"])
        #expect(form.parts.map(\.text) == ["cat", "a\r\n--Xy dog", "\u{0}\r\n\u{1}"])
        #expect(form.parts.map(\.isFile) == [false, false, true])
    }

    @Test("an empty field, blanks behind a boundary, a boundary in quotes")
    func forms() throws {
        let form = try read(
            "--a b\t \r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n\r\n--a b--",
            type: #"Multipart/Form-Data; charset=utf-8; boundary="a b""#)
        #expect(form.parts.map(\.name) == ["x"] && form.parts[0].content.isEmpty)
        #expect(try read("--XyZ--").parts.isEmpty)
    }

    @Test(
        "what is no form",
        arguments: [
            "", "--XyZ", "--Xy", "--XyZ\r\n", "--XyZ\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nabc",
            "--XyZ\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--XyZ--", "--XyZ\r\n\r\nabc\r\n--XyZ--",
            "--XyZ\r\nContent-Disposition: attachment; name=\"x\"\r\n\r\nabc\r\n--XyZ--",
        ])
    func broken(text: String) {
        #expect(throws: MultipartForm.Fault.self) { try read(text) }
    }

    @Test("no boundary, or one that cannot be", arguments: ["", "; boundary=", "; boundary=\"\""])
    func boundary(text: String) {
        #expect(throws: MultipartForm.Fault.self) { try read("--XyZ--", type: "multipart/form-data\(text)") }
        let longest = String(repeating: "b", count: 70)
        #expect(throws: Never.self) { try read("--\(longest)--", type: "multipart/form-data; boundary=\(longest)") }
        #expect(throws: MultipartForm.Fault.self) {
            try read("--\(longest)b--", type: "multipart/form-data; boundary=\(longest)b")
        }
    }

    @Test("so many fields and no more; so long a header and no longer")
    func limits() throws {
        let most = String(repeating: field("labels", "x"), count: GatewayLimits.formFields)
        #expect(try read(most + "--XyZ--").parts.count == GatewayLimits.formFields)
        #expect(throws: MultipartForm.Fault.self) { try read(most + field("labels", "x") + "--XyZ--") }
        func header(_ bytes: Int) -> String {
            let fixed = "Content-Disposition: form-data; name=\"x\"\r\nX: \r\n"
            let filler = String(repeating: "y", count: bytes - fixed.utf8.count)
            return "--XyZ\r\nContent-Disposition: form-data; name=\"x\"\r\nX: \(filler)\r\n\r\nabc\r\n--XyZ--"
        }
        #expect(try read(header(GatewayLimits.partHeaderBytes)).parts[0].text == "abc")
        #expect(throws: MultipartForm.Fault.self) { try read(header(GatewayLimits.partHeaderBytes + 1)) }
    }

    @Test("any cut of a form is refused, and none is read as another")
    func cuts() throws {
        let whole = Array((field("labels", "cat") + field("labels", "dog") + "--XyZ--").utf8)
        for end in 0..<whole.count {
            #expect(throws: MultipartForm.Fault.self, "\(end) of \(whole.count) bytes") {
                try MultipartForm(Array(whole[..<end]), contentType: "multipart/form-data; boundary=XyZ")
            }
        }
    }

    @Test("values and parameters of headers")
    func headers() {
        let header = HeaderParameters(#" Form-Data ; Name="a \"b\"; c" ; filename=x.jpg; name=other; flag"#)
        #expect(header.value == "form-data" && header["name"] == #"a "b"; c"# && header["filename"] == "x.jpg")
        #expect(header["flag"] == nil && HeaderParameters("").value.isEmpty)
    }
}
