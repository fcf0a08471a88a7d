// SPDX-License-Identifier: MIT
public import Grounding

/// The methods of this version, by their paths.
public enum Method: String, Sendable, Hashable, CaseIterable {
    case caption = "/boxwood.v1.Grounding/Caption"
    case detect = "/boxwood.v1.Grounding/Detect"
    case ground = "/boxwood.v1.Grounding/Ground"
    case align = "/boxwood.v1.Grounding/Align"
    case refer = "/boxwood.v1.Grounding/Refer"
    case describe = "/boxwood.v1.Grounding/Describe"
    case ask = "/boxwood.v1.Grounding/Ask"
    case generate = "/boxwood.v1.Grounding/Generate"
    case healthCheck = "/boxwood.v1.Health/Check"
    case healthWatch = "/boxwood.v1.Health/Watch"
    case discovery = "/boxwood.v1.Discovery/Describe"
    case adminStatus = "/boxwood.v1.Admin/Status"
    case quarantineList = "/boxwood.v1.Admin/QuarantineList"
    case quarantineShow = "/boxwood.v1.Admin/QuarantineShow"
    case quarantineRetry = "/boxwood.v1.Admin/QuarantineRetry"
    case quarantineDrop = "/boxwood.v1.Admin/QuarantineDrop"
    case jobSubmit = "/boxwood.v1.Jobs/Submit"
    case jobGet = "/boxwood.v1.Jobs/Get"
    case jobWait = "/boxwood.v1.Jobs/Wait"
    case jobCancel = "/boxwood.v1.Jobs/Cancel"
    case jobList = "/boxwood.v1.Jobs/List"
    case drain = "/boxwood.v1.Admin/Drain"
    case undrain = "/boxwood.v1.Admin/Undrain"

    public static let groundingService = "boxwood.v1.Grounding"

    public init(_ task: GroundingTask.Name) {
        switch task {
        case .caption: self = .caption
        case .detect: self = .detect
        case .ground: self = .ground
        case .align: self = .align
        case .refer: self = .refer
        case .describe: self = .describe
        case .ask: self = .ask
        case .generate: self = .generate
        }
    }

    /// The task that a worker does for this method; `nil` for those that the broker answers.
    public var task: GroundingTask.Name? {
        GroundingTask.Name.allCases.first { Method($0) == self }
    }

    /// Whether an image frame belongs to it.
    public var takesImage: Bool { task != nil || self == .jobSubmit }

    public var isStreaming: Bool { self == .healthWatch }

    public var requestType: String {
        switch self {
        case .caption: "CaptionRequest"
        case .detect: "DetectRequest"
        case .ground: "GroundRequest"
        case .align: "AlignRequest"
        case .refer: "ReferRequest"
        case .describe: "DescribeRequest"
        case .ask: "AskRequest"
        case .generate: "GenerateRequest"
        case .healthCheck, .healthWatch: "HealthRequest"
        case .discovery: "DiscoveryRequest"
        case .adminStatus: "AdminStatusRequest"
        case .quarantineList: "QuarantineListRequest"
        case .quarantineShow: "QuarantineShowRequest"
        case .quarantineRetry: "QuarantineRetryRequest"
        case .quarantineDrop: "QuarantineDropRequest"
        case .jobSubmit: "SubmitJobRequest"
        case .jobGet, .jobWait, .jobCancel: "GetJobRequest"
        case .jobList: "ListJobsRequest"
        case .drain, .undrain: "DrainRequest"
        }
    }

    public var responseType: String {
        switch self {
        case .healthCheck, .healthWatch: "HealthResponse"
        case .discovery: "DiscoveryResponse"
        case .adminStatus: "AdminStatusResponse"
        case .quarantineList: "QuarantineListResponse"
        case .quarantineShow: "QuarantineShowResponse"
        case .quarantineDrop: "QuarantineDropResponse"
        case .jobSubmit, .jobGet, .jobWait, .jobCancel: "DurableJob"
        case .jobList: "ListJobsResponse"
        case .drain, .undrain: "DrainResponse"
        default: "GroundingResult"
        }
    }
}
