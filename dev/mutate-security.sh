#!/usr/bin/env bash
# Proves the tests of what lets strangers in: breaks the gate, the permissions, the keys and the wire's limits on purpose, in a
# copy, and expects the quick tests to notice. Arguments are names of mutations; without any, all are tried.
#
# All mutations are built at once, each behind a switch, and tried one after the other: what stands in the source becomes
# (Mutant.is("NAME") ? CHANGED : WHAT STOOD THERE). The first build takes minutes, each mutation some seconds.
set -uo pipefail
cd "$(dirname "$0")/.."
copy=$PWD/.build-mutants
names=()
survivors=0
wanted=("$@")
filter='WireTests|KeyTests|EndpointRuleTests|SocketTests|ConnectionTableTests|KeyedBrokerTests|BrokerFramesTests'

mkdir -p "$copy"
cp dev/mutants/Package.swift "$copy/"
rm -rf "$copy/new" && mkdir -p "$copy/new/Sources" "$copy/new/Tests"
cp -r Sources/{CZeroMQ,Tensors,Checkpoints,Grounding,Observability,Wire,Messaging,Journal,Broker} "$copy/new/Sources/"
cp -r Tests/{TestSupport,WireTests,MessagingTests,BrokerTests} "$copy/new/Tests/"
ln -sfn "$PWD/protocol" "$copy/protocol"
for room in Wire Messaging Broker; do
    cat >"$copy/new/Sources/$room/Mutant.swift" <<'SWIFT'
import Glibc

enum Mutant {
    private static let name = getenv("BOXWOOD_MUTANT").map { String(cString: $0) }

    static func `is`(_ other: String) -> Bool { name == other }
}
SWIFT
done

# mutation NAME FILE TEXT TO: a text that stands in the file once; what is between «» of it is an expression, and TO what it is in
# the mutant.
mutation() {
    local name=$1 file=$copy/new/Sources/$2 marked=$3 to=$4
    if [ ${#wanted[@]} -gt 0 ] && [[ ! " ${wanted[*]} " == *" $name "* ]]; then return; fi
    local before=${marked%%«*} rest=${marked#*«}
    local from=${rest%%»*} after=${rest#*»}
    local text whole=$before$from$after
    text=$(cat "$file")
    if [[ "$text" != *"$whole"* || "${text/"$whole"/}" == *"$whole"* ]]; then
        echo "mutate: $name: '$whole' does not stand in $2 once" >&2
        survivors=$((survivors + 1))
        return
    fi
    printf '%s\n' "${text/"$whole"/"$before(Mutant.is(\"$name\") ? ($to) : ($from))$after"}" >"$file"
    names+=("$name")
}

# Who may do what.
mutation clients-are-admins Broker/Gate/Permissions.swift '"boxwood.v1.Admin": «[.admin]»' '[.client, .admin]'
mutation workers-ask-for-work Broker/Gate/Permissions.swift \
    '"boxwood.v1.Grounding": «[.client, .admin]»' '[.client, .worker, .admin]'
mutation workers-keep-jobs Broker/Gate/Permissions.swift '"boxwood.v1.Jobs": «[.client, .admin]»' '[.client, .worker, .admin]'
mutation workers-discover Broker/Gate/Permissions.swift '"boxwood.v1.Discovery": «[.client, .admin]»' '[.worker, .client, .admin]'
mutation nobody-asks-for-health Broker/Gate/Permissions.swift '"boxwood.v1.Health": «[.client, .worker, .admin]»' '[.client, .admin]'
mutation clients-work Broker/Gate/Permissions.swift 'case .back: «[.worker]»' '[.worker, .client]'
mutation everybody-calls-everything Broker/BrokerLoop+Roles.swift \
    'return «Permissions.roles(for: method).contains(identity.role)»' 'true'
mutation any-role-anywhere Broker/Gate/AuthorizedKeys.swift '«Permissions.roles(at: side).contains($0.role)» ?' 'true'
mutation shared-keys-count Broker/Gate/AuthorizedKeys.swift 'in «ambiguous» {' '[]'
mutation strangers-are-everybody Broker/Gate/Gate.swift 'hasKeys ? «identity.map(Admission.known) ?? .nobody»' \
    'identity.map(Admission.known) ?? .everybody'

# Connections.
mutation one-connection-more Broker/Gate/ConnectionTable.swift '> «limits.connections» else' 'limits.connections + 1'
mutation one-of-a-key-more Broker/Gate/ConnectionTable.swift '> «limits.connectionsOfKey» else' 'limits.connectionsOfKey + 1'
mutation anything-proves Broker/Gate/ConnectionTable.swift 'connection.isProven || «isLetIn»' 'true'
mutation the-newest-goes Broker/Gate/ConnectionTable.swift 'silent.min { «$0.value.order < $1.value.order» }' \
    '$0.value.order > $1.value.order'
mutation memory-without-end Broker/Gate/ConnectionTable.swift 'guard sum > «limits.heldBytes» else' 'limits.heldBytes * 2'
mutation the-least-goes Broker/Gate/ConnectionTable.swift 'held.sort { «$0.bytes < $1.bytes» }' '$0.bytes > $1.bytes'
mutation one-cut-is-enough Broker/Gate/ConnectionTable.swift 'while «sum > limits.heldBytes»,' 'result.isEmpty'
mutation revoked-stay Broker/Gate/ConnectionTable.swift '{ «!isLetIn($0, id.side)» } ?? false' 'false'
mutation envelopes-are-free Broker/Gate/ConnectionTable.swift 'UInt64(bytes) + «Self.envelopeBytes»' '0'
mutation credit-for-later Broker/Gate/ConnectionTable.swift 'if isSettled || «connection.delivered > received» {' 'false'

# Keys and addresses.
mutation secrets-may-be-read Messaging/Keys/KeyFile.swift '«mode & 0o027 == 0»' 'mode & 0o020 == 0'
mutation public-keys-may-be-changed Messaging/Keys/KeyFile.swift '«$0 & 0o002 == 0» ?' 'true'
mutation keys-in-any-place Messaging/Keys/KeyFolder.swift 'text["role"].map({ «$0 == role.rawValue» })' 'true'
mutation keys-under-any-name Messaging/Keys/KeyFolder.swift 'text["name"].map({ «$0 == name» })' 'true'
mutation any-two-halves Messaging/Keys/CurveKey.swift 'guard «Z85.string(derived) == publicKey.text» else' 'true'
mutation any-name Messaging/Keys/PeerRole.swift 'return «isAlphanumeric(first)»' 'true'
mutation any-credential Messaging/Keys/Credential.swift 'guard «KeyName.isValid(name)» else' 'true'
mutation loopback-is-anything Messaging/Endpoint.swift '{ «String($0) == text» ? $0' 'true'
mutation listens-wide Messaging/Endpoint.swift 'guard «isLocal || hasKeys» else' 'true'
mutation speaks-in-the-clear Messaging/Endpoint.swift 'guard «isLocal || hasKeys || allowsPlaintext» else' 'true'
mutation names-are-numbers Messaging/Endpoint.swift 'parts.count == 4 && «parts.allSatisfy { $0 != nil }»' 'true'

# What a message may be.
mutation header-one-more Wire/Frames/Envelope.swift 'frames[2].count <= «WireLimits.headerBytes» else' 'WireLimits.headerBytes + 1'
mutation body-one-more Wire/Frames/Envelope.swift 'body.count <= «kind.bodyLimit» else' 'kind.bodyLimit + 1'
mutation image-one-more Wire/Frames/Envelope.swift 'image.count > «WireLimits.imageBytes» {' 'WireLimits.imageBytes + 1'
mutation any-frame-count Wire/Frames/Envelope.swift 'guard «kind.frameCounts.contains(frames.count)» else' 'true'
mutation any-way Wire/Frames/Envelope.swift 'let kind = MessageKind(frames[1]), «kinds.contains(kind)»' 'true'
mutation any-version Wire/Frames/Envelope.swift 'guard «magic == WireLimits.magic» else' 'magic.count == 4'
mutation ids-one-more Wire/Frames/HeaderRules.swift '(1...«WireLimits.idBytes»).contains(text' 'WireLimits.idBytes + 1'
mutation ids-of-anything Wire/Frames/HeaderRules.swift \
    '.contains(text.utf8.count) && «text.utf8.allSatisfy { (0x21...0x7E).contains($0) }»' 'true'
mutation metadata-one-more Wire/Frames/HeaderRules.swift 'size <= «WireLimits.metadataBytes»' 'WireLimits.metadataBytes + 1'
mutation metadata-entries-are-free Wire/Frames/HeaderRules.swift '+ «WireLimits.metadataEntryOverhead» }' '0'
mutation any-metadata-key Wire/Frames/HeaderRules.swift 'if «!metadata.keys.allSatisfy(isMetadataKey)» {' 'false'
mutation traceparent-one-more Wire/Frames/ClientMessage.swift 'utf8.count > «WireLimits.traceparentBytes» {' 'WireLimits.traceparentBytes + 1'
mutation any-idempotency-key Wire/Frames/ClientMessage.swift '&& «!HeaderRules.isID(header.idempotencyKey)» {' 'false'
mutation more-time Wire/Frames/ClientMessage.swift ', «WireLimits.maxTimeoutMilliseconds»)' 'UInt32.max'
mutation any-attempt Wire/Frames/Dispatch.swift 'HeaderRules.isID(call) && «attempt > 0»' 'true'
mutation deep-json Wire/Frames/WireEncoding.swift 'options.messageDepthLimit = «WireLimits.jsonDepth»
        options.ignoreUnknownFields' '10_000'
mutation unknown-fields Wire/Frames/WireEncoding.swift 'options.ignoreUnknownFields = «unknownFields == .skip»' 'true'
mutation workers-deny Wire/StatusCode.swift 'case .permissionDenied: «maker == .broker»' 'maker != .client'
mutation workers-are-unavailable Wire/StatusCode.swift 'case .unavailable, .unauthenticated: «maker != .worker»' 'true'
mutation beats-of-no-number Wire/Frames/WorkerMessage.swift 'guard «header.progress.isFinite» else' 'true'
mutation long-statuses Wire/RPCStatus+Protobuf.swift 'return «whole[2].count <= WireLimits.headerBytes» ?' 'true'
mutation long-messages Wire/RPCStatus+Protobuf.swift 'toBytes: «WireLimits.statusMessageBytes»)' 'WireLimits.statusMessageBytes + 1'

# Only what has changed gets a new date, and is built again.
for file in $(cd "$copy" && find Sources Tests -type f 2>/dev/null); do [ -e "$copy/new/$file" ] || rm "$copy/$file"; done
for file in $(cd "$copy/new" && find . -type f); do
    cmp -s "$copy/new/$file" "$copy/$file" || { mkdir -p "$copy/$(dirname "$file")" && cp "$copy/new/$file" "$copy/$file"; }
done
rm -rf "$copy/new"
if ! swift build --package-path "$copy" --build-tests >"$copy/log" 2>&1; then
    grep -E 'error' "$copy/log" | head -20 >&2
    echo "mutate: the mutants do not build" >&2
    exit 2
fi
run() {
    BOXWOOD_MUTANT=$1 timeout -k 5 "${MUTATE_SECONDS:-180}" \
        swift test --package-path "$copy" --skip-build --filter "$filter" >"$copy/log" 2>&1
}
if ! run ''; then
    grep -E '^✘' "$copy/log" | head >&2
    echo "mutate: the tests fail without a mutation" >&2
    exit 2
fi
for name in "${names[@]}"; do
    if run "$name"; then
        echo "SURVIVED  $name"
        survivors=$((survivors + 1))
    else
        echo "caught    $name: $({ grep -E '^✘ Test ' "$copy/log" || tail -1 "$copy/log"; } | head -1 | cut -c1-100)"
    fi
done
echo "mutate: ${#names[@]} tried, $survivors not caught"
[ "$survivors" -eq 0 ]
