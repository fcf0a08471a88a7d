// SPDX-License-Identifier: MIT
import Grounding
import Inference
import Testing
import Wire
import Worker

struct TaskErrorMappingTests {
    @Test(arguments: [
        (TaskErrorCode.invalidArgument, StatusCode.invalidArgument), (.cancelled, .cancelled),
        (.deadlineExceeded, .deadlineExceeded), (.resourceExhausted, .resourceExhausted),
        (.failedPrecondition, .failedPrecondition), (.internal, .internal),
        (TaskErrorCode(rawValue: "new"), .internal),
    ])
    func everyCodeIsAWorkers(_ code: TaskErrorCode, _ expected: StatusCode) {
        let status = RPCStatus(TaskError(code, "why", violations: [FieldViolation("max_new_tokens", "is 0")]))
        #expect(status.code == expected)
        #expect(status.checked(madeBy: .worker) == status)
        #expect(status.message == "why")
        #expect(status.violations == [FieldViolation("options.max_new_tokens", "is 0")])
    }
}
