# SPDX-License-Identifier: MIT
"""What must hold of the objects of a kustomization beyond their types. Prints what does not, and exits with 1.

    manifests.py FILE.yaml...
"""

import sys

import yaml

# How long each takes to drain, in seconds, and some for its end.
DRAIN = {"boxwood-broker": 30, "boxwood-worker": 25}
SECRETS = {"boxwood-broker-keys", "boxwood-worker-key", "boxwood-metrics-token"}


class Checker:
    def __init__(self, name, objects):
        self.name, self.objects, self.faults = name, objects, []

    def require(self, holds, words):
        if not holds:
            self.faults.append(f"{self.name}: {words}")

    def kind(self, *kinds):
        return [o for o in self.objects if o["kind"] in kinds]

    def run(self):
        self.names_are_unique()
        pods = self.kind("Deployment", "StatefulSet")
        self.require({o["metadata"]["name"] for o in pods} == set(DRAIN), "a broker and workers are wanted")
        for obj in pods:
            self.pod(obj)
        for obj in self.kind("Service"):
            self.service(obj)
        for obj in self.kind("PodDisruptionBudget", "NetworkPolicy", "PodMonitor"):
            self.selector(obj)
        self.network()
        for obj in self.kind("ScaledObject"):
            self.scaled(obj)
        return self.faults

    def names_are_unique(self):
        names = [(o["kind"], o["metadata"]["name"]) for o in self.objects]
        self.require(len(names) == len(set(names)), "two objects have one name")
        spaces = {o["metadata"].get("namespace") for o in self.objects if o["kind"] != "Namespace"}
        self.require(len(spaces) == 1 and None not in spaces, f"namespaces: {spaces}")
        made = {o["metadata"]["name"] for o in self.kind("Namespace")}
        self.require(made == spaces, f"the namespace {made} is made, and {spaces} is used")

    def labels(self, obj):
        return obj["spec"]["template"]["metadata"]["labels"]

    def matches(self, selector):
        wanted = selector.get("matchLabels", {}).items()
        return [o for o in self.kind("Deployment", "StatefulSet") if wanted <= self.labels(o).items()]

    def pod(self, obj):
        name, template = obj["metadata"]["name"], obj["spec"]["template"]["spec"]
        self.require(obj in self.matches(obj["spec"]["selector"]), f"{name} does not select its own pods")
        grace = template.get("terminationGracePeriodSeconds", 30)
        self.require(grace > DRAIN[name], f"{name} has {grace} s to end and takes {DRAIN[name]} s to drain")
        accounts = {o["metadata"]["name"] for o in self.kind("ServiceAccount")}
        self.require(template["serviceAccountName"] in accounts, f"{name} has no account")
        self.require(template.get("automountServiceAccountToken") is False, f"{name} gets a token of the cluster")
        context = template["securityContext"]
        self.require(context.get("runAsNonRoot") and context.get("runAsUser", 0) > 0, f"{name} may be root")
        self.require(context.get("seccompProfile", {}).get("type") == "RuntimeDefault", f"{name} has no seccomp profile")
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            self.require(not template.get(key), f"{name} has {key}")
        for container in template["containers"]:
            self.container(f"{name}/{container['name']}", container)
        for volume in template.get("volumes", []):
            self.volume(name, volume)
        mounts = {m["name"] for c in template["containers"] for m in c.get("volumeMounts", [])}
        claims = {c["metadata"]["name"] for c in obj["spec"].get("volumeClaimTemplates", [])}
        volumes = {v["name"] for v in template.get("volumes", [])} | claims
        self.require(mounts == volumes, f"{name} mounts {sorted(mounts)} and has {sorted(volumes)}")
        if obj["kind"] == "StatefulSet":
            self.require("journal" in claims, f"{name} keeps no journal")
            services = [s for s in self.kind("Service") if s["metadata"]["name"] == obj["spec"]["serviceName"]]
            headless = [s for s in services if s["spec"].get("clusterIP") == "None"]
            self.require(len(headless) == 1, f"{name} has no headless service {obj['spec']['serviceName']}")

    def container(self, name, container):
        context = container["securityContext"]
        self.require(context.get("allowPrivilegeEscalation") is False, f"{name} may gain privileges")
        self.require(context.get("readOnlyRootFilesystem") is True, f"{name} may write its image")
        self.require(context.get("capabilities", {}).get("drop") == ["ALL"], f"{name} has capabilities")
        self.require("add" not in context.get("capabilities", {}), f"{name} is given capabilities")
        image = container["image"]
        self.require(":" in image.rsplit("/", 1)[-1] and not image.endswith(":latest"), f"{name} is any version: {image}")
        self.require("memory" in container["resources"]["limits"], f"{name} may take all memory")
        self.require(container["resources"].get("requests", {}).keys() >= {"cpu", "memory"}, f"{name} asks for nothing")
        self.probes(name, container)

    def probes(self, name, container):
        ports = {p["name"] for p in container["ports"]}
        paths = {}
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            probe = container.get(kind)
            self.require(probe is not None, f"{name} has no {kind}")
            if probe:
                self.require(probe["httpGet"]["port"] in ports, f"{name}: {kind} asks a port that is not there")
                paths[kind] = probe["httpGet"]["path"]
        self.require(
            paths.get("readinessProbe") != paths.get("livenessProbe"), f"{name}: ready and alive are one question")
        start = container.get("startupProbe", {})
        patience = start.get("periodSeconds", 10) * start.get("failureThreshold", 3)
        self.require(patience >= 60, f"{name} is given {patience} s to start")

    def volume(self, name, volume):
        if "secret" in volume:
            secret = volume["secret"]
            self.require(secret["secretName"] in SECRETS, f"{name} wants an unknown secret {secret['secretName']}")
            self.require(secret.get("defaultMode") == 0o440, f"{name}: others may read {secret['secretName']}")
        else:
            self.require("sizeLimit" in volume.get("emptyDir", {}), f"{name}: volume {volume['name']} has no limit")

    def ports_of(self, pods):
        return {p["name"] for o in pods for c in o["spec"]["template"]["spec"]["containers"] for p in c["ports"]}

    def service(self, obj):
        pods = self.matches({"matchLabels": obj["spec"]["selector"]})
        self.require(len(pods) == 1, f"service {obj['metadata']['name']} selects {len(pods)} sets of pods")
        wanted = {p["targetPort"] for p in obj["spec"]["ports"]}
        missing = wanted - self.ports_of(pods)
        self.require(not missing, f"service {obj['metadata']['name']} wants ports {sorted(missing)}")

    def selector(self, obj):
        selector = obj["spec"].get("selector", obj["spec"].get("podSelector"))
        name = f"{obj['kind']} {obj['metadata']['name']}"
        pods = self.matches(selector)
        self.require(pods, f"{name} selects nothing")
        wanted = {e["port"] for e in obj["spec"].get("podMetricsEndpoints", [])}
        wanted |= {p["port"] for r in obj["spec"].get("ingress", []) for p in r.get("ports", [])}
        names = {p for p in wanted if isinstance(p, str)}
        self.require(names <= self.ports_of(pods), f"{name} names ports {sorted(names - self.ports_of(pods))}")

    def network(self):
        denies = [p for p in self.kind("NetworkPolicy") if p["spec"]["podSelector"] == {} and "ingress" not in p["spec"]]
        self.require(
            any(set(p["spec"]["policyTypes"]) == {"Ingress", "Egress"} for p in denies), "nothing is denied by default")

    def scaled(self, obj):
        target = obj["spec"]["scaleTargetRef"]
        meant = [
            o for o in self.kind(target["kind"]) if o["metadata"]["name"] == target["name"]
        ]
        self.require(len(meant) == 1, f"ScaledObject scales {target}, which is not there")
        self.require("replicas" not in meant[0]["spec"] if meant else True, f"{target['name']} says how many it is, too")
        low, high = obj["spec"]["minReplicaCount"], obj["spec"]["maxReplicaCount"]
        self.require(0 < low < high, f"ScaledObject: from {low} to {high}")
        queries = " ".join(t["metadata"]["query"] for t in obj["spec"]["triggers"])
        for metric in ("boxwood_queue_work_seconds", "boxwood_work_running", "boxwood_queue_calls"):
            self.require(metric in queries, f"ScaledObject does not look at {metric}")
        for trigger in obj["spec"]["triggers"]:
            float(trigger["metadata"]["threshold"])
            self.require(trigger["metricType"] in ("Value", "AverageValue"), f"trigger {trigger['name']}: metricType")


if __name__ == "__main__":
    faults = []
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            faults += Checker(path.rsplit("/", 1)[-1], [d for d in yaml.safe_load_all(file) if d]).run()
    print("\n".join(faults), end="\n" if faults else "")
    sys.exit(1 if faults else 0)
