# SPDX-License-Identifier: MIT
"""Builds a kustomization, as far as the ones here go: resources, namespace, labels without selectors, images, replicas,
and patches, strategic ones by name and JSON patches. Anything else in one is an error, so that nothing is passed over.

    kustomize.py FOLDER      prints the objects as YAML
"""

import copy
import pathlib
import sys

import yaml

KNOWN = {"apiVersion", "kind", "namespace", "labels", "resources", "images", "replicas", "patches"}
CLUSTER_WIDE = {"Namespace"}
# Lists that are merged by a key of their elements, as the types of Kubernetes say.
MERGE_KEYS = {
    "containers": "name", "initContainers": "name", "env": "name", "volumes": "name", "volumeMounts": "mountPath",
    "ports": "containerPort", "imagePullSecrets": "name",
}


class KustomizeError(Exception):
    pass


def documents(path):
    return [d for d in yaml.safe_load_all(path.read_text()) if d]


def build(folder):
    """The objects of a folder's kustomization, in the order of its resources."""
    folder = pathlib.Path(folder).resolve()
    spec = documents(folder / "kustomization.yaml")[0]
    unknown = set(spec) - KNOWN
    if unknown:
        raise KustomizeError(f"{folder}: this builder does not know {sorted(unknown)}")
    objects = []
    for name in spec.get("resources", []):
        path = folder / name
        objects += build(path) if path.is_dir() else documents(path)
    for patch in spec.get("patches", []):
        apply_patch(objects, patch, folder)
    for obj in objects:
        set_namespace(obj, spec.get("namespace"))
        set_labels(obj, spec.get("labels", []))
    for entry in spec.get("replicas", []):
        set_replicas(objects, entry)
    for entry in spec.get("images", []):
        set_image(objects, entry)
    return objects


def set_namespace(obj, namespace):
    if namespace and obj["kind"] not in CLUSTER_WIDE:
        obj["metadata"]["namespace"] = namespace


def set_labels(obj, entries):
    for entry in entries:
        if set(entry) != {"pairs"}:
            raise KustomizeError(f"labels: only pairs are known, not {sorted(entry)}")
        obj["metadata"].setdefault("labels", {}).update(entry["pairs"])


def set_replicas(objects, entry):
    meant = [o for o in objects if o["metadata"]["name"] == entry["name"] and "replicas" in o.get("spec", {})]
    if not meant:
        raise KustomizeError(f"replicas: nothing is called {entry['name']}")
    for obj in meant:
        obj["spec"]["replicas"] = entry["count"]


def pod_spec(obj):
    return obj.get("spec", {}).get("template", {}).get("spec")


def set_image(objects, entry):
    for obj in objects:
        for container in (pod_spec(obj) or {}).get("containers", []):
            if container["image"].split("@")[0].rsplit(":", 1)[0] == entry["name"]:
                container["image"] = f"{entry.get('newName', entry['name'])}:{entry['newTag']}"


def apply_patch(objects, entry, folder):
    text = entry["patch"] if "patch" in entry else (folder / entry["path"]).read_text()
    patch = yaml.safe_load(text)
    target = entry.get("target") or {"kind": patch["kind"], "name": patch["metadata"]["name"]}
    meant = [o for o in objects if o["kind"] == target["kind"] and o["metadata"]["name"] == target["name"]]
    if len(meant) != 1:
        raise KustomizeError(f"patch: {len(meant)} objects are {target}")
    if isinstance(patch, list):
        for operation in patch:
            apply_operation(meant[0], operation)
    else:
        merge(meant[0], patch)


def apply_operation(obj, operation):
    *parents, last = [p.replace("~1", "/").replace("~0", "~") for p in operation["path"].strip("/").split("/")]
    place = obj
    for part in parents:
        place = place[int(part)] if isinstance(place, list) else place[part]
    key = int(last) if isinstance(place, list) else last
    if operation["op"] in ("replace", "remove"):
        if not (isinstance(place, list) and 0 <= key < len(place)) and not (isinstance(place, dict) and key in place):
            raise KustomizeError(f"patch: there is no {operation['path']}")
    if operation["op"] == "remove":
        del place[key]
    elif operation["op"] in ("replace", "add") and not (operation["op"] == "add" and isinstance(place, list)):
        place[key] = copy.deepcopy(operation["value"])
    else:
        raise KustomizeError(f"patch: {operation['op']} is not known here")


def merge(base, patch):
    for key, value in patch.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            merge(base[key], value)
        elif isinstance(value, list) and key in MERGE_KEYS and isinstance(base.get(key), list):
            merge_list(base[key], value, MERGE_KEYS[key])
        else:
            base[key] = copy.deepcopy(value)


def merge_list(base, patch, by):
    for element in patch:
        same = [e for e in base if e[by] == element[by]]
        if same:
            merge(same[0], element)
        else:
            base.append(copy.deepcopy(element))


if __name__ == "__main__":
    try:
        yaml.safe_dump_all(build(sys.argv[1]), sys.stdout, sort_keys=True, allow_unicode=True)
    except (KustomizeError, OSError, KeyError, IndexError, yaml.YAMLError) as error:
        sys.exit(f"kustomize: {sys.argv[1]}: {type(error).__name__}: {error}")
