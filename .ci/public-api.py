#!/usr/bin/env python3
"""The public interface of the crate, one line an item, sorted.

    .ci/public-api.py            prints it
    .ci/public-api.py --write    writes docs/public-api.txt
    .ci/public-api.py --check    fails if docs/public-api.txt is another, or if a type of another crate shows in it

It is read from rustdoc's JSON. That form is unstable: RUSTC_BOOTSTRAP lets the stable rustdoc write it, and FORMAT says which version of it is
read here. Left out: methods of implemented traits (the trait says them), blanket implementations, and the automatic traits but Send and Sync.

No type of another crate may show in a signature, so that a dependency's major version is not ours. The one exception: with the feature
`serde`, types implement serde's traits; whoever turns it on uses serde.
"""

import difflib
import json
import os
import pathlib
import subprocess
import sys

FORMAT = range(55, 60)
UNREADABLE = 3  # the exit code where rustdoc writes another
OURS = {"core", "alloc", "std"}
ROOT = pathlib.Path(__file__).resolve().parent.parent
SNAPSHOT = ROOT / "docs/public-api.txt"


def rustdoc_json():
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "public-api"
    environment = dict(os.environ, RUSTC_BOOTSTRAP="1", CARGO_TARGET_DIR=str(target))
    command = ["cargo", "rustdoc", "--quiet", "--locked", "--lib", "--all-features", "--", "-Z", "unstable-options", "--output-format", "json"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    return json.loads((target / "doc/postacert.json").read_text())


class Api:
    def __init__(self, crate):
        if crate["format_version"] not in FORMAT:
            print(f"rustdoc writes version {crate['format_version']} of its JSON, and this script reads {FORMAT[0]} to {FORMAT[-1]}")
            sys.exit(UNREADABLE)
        self.index, self.paths, self.crates = crate["index"], crate["paths"], crate["external_crates"]
        self.names, self.lines, self.foreign = {}, set(), set()
        self.place = ""  # the line under way, for complaints
        reachable = list(self.reach(crate["root"], "postacert"))
        for id, name in reachable:
            self.names.setdefault(id, name)
        for id, name in reachable:
            self.item(self.index[str(id)], name)

    def reach(self, module, path):
        """Every public item with the path that users write. A re-export stands for what it names."""
        for id in self.index[str(module)]["inner"]["module"]["items"]:
            item = self.index[str(id)]
            kind, inner = next(iter(item["inner"].items()))
            if kind == "use" and item["visibility"] == "public":
                target = self.index.get(str(inner["id"]))
                if target is None:
                    self.complain(f"pub use {inner['source']}", inner["source"].split("::")[0])
                elif inner["is_glob"]:
                    yield from self.reach(inner["id"], path)
                elif "module" in target["inner"]:
                    yield inner["id"], f"{path}::{inner['name']}"
                    yield from self.reach(inner["id"], f"{path}::{inner['name']}")
                else:
                    yield inner["id"], f"{path}::{inner['name']}"
            elif kind == "module" and item["visibility"] == "public":
                yield id, f"{path}::{item['name']}"
                yield from self.reach(id, f"{path}::{item['name']}")
            elif kind not in ("use", "module", "impl") and item["visibility"] == "public":
                yield id, f"{path}::{item['name']}"

    def complain(self, line, crate):
        self.foreign.add(f"{crate} in: {line}")

    # -- items --

    def emit(self, item, line):
        self.lines.add(line + (" (non-exhaustive)" if "non_exhaustive" in item["attrs"] else ""))

    def item(self, item, name):
        kind, inner = next(iter(item["inner"].items()))
        self.place = name
        if kind == "module":
            self.emit(item, f"mod {name}")
        elif kind in ("struct", "enum", "union"):
            self.emit(item, f"{kind} {name}{self.generics(inner['generics'])}{self.tuple_fields(inner) if kind == 'struct' else ''}")
            for field in self.plain_fields(inner) if kind == "struct" else []:
                self.lines.add(f"field {name}::{field}")
            for variant in inner.get("variants", []):
                self.variant(self.index[str(variant)], name)
            self.impls(inner["impls"], name)
        elif kind == "trait":
            self.emit(item, f"trait {name}{self.generics(inner['generics'])}{self.bounds(inner['bounds'], ': ')}")
            for id in inner["items"]:
                self.associated(self.index[str(id)], name, "" if self.required(self.index[str(id)]) else "provided ")
        elif kind == "function":
            self.lines.add(self.function(inner, name))
        elif kind == "constant":
            self.lines.add(f"const {name}: {self.type(inner['type'])}")
        elif kind == "type_alias":
            self.lines.add(f"type {name}{self.generics(inner['generics'])} = {self.type(inner['type'])}")
        else:
            self.lines.add(f"{kind} {name}")

    @staticmethod
    def required(item):
        return not item["inner"].get("function", {"has_body": False})["has_body"]

    def tuple_fields(self, inner):
        fields = inner["kind"].get("tuple") if isinstance(inner["kind"], dict) else None
        if fields is None:
            return ""
        return "(" + ", ".join("_" if id is None else self.type(self.index[str(id)]["inner"]["struct_field"]) for id in fields) + ")"

    def plain_fields(self, inner):
        plain = inner["kind"].get("plain") if isinstance(inner["kind"], dict) else None
        for id in plain["fields"] if plain else []:
            field = self.index[str(id)]
            yield f"{field['name']}: {self.type(field['inner']['struct_field'])}"

    def variant(self, item, owner):
        kind = item["inner"]["variant"]["kind"]
        text = ""
        if isinstance(kind, dict):
            (form, fields), = kind.items()
            if form == "struct":
                fields = [self.index[str(id)] for id in fields["fields"]]
                text = " { " + ", ".join(f"{f['name']}: {self.type(f['inner']['struct_field'])}" for f in fields) + " }"
            else:
                text = "(" + ", ".join("_" if id is None else self.type(self.index[str(id)]["inner"]["struct_field"]) for id in fields) + ")"
        self.emit(item, f"variant {owner}::{item['name']}{text}")

    def associated(self, item, owner, mark=""):
        kind, inner = next(iter(item["inner"].items()))
        name = f"{owner}::{item['name']}"
        if kind == "function":
            self.lines.add(mark + self.function(inner, name))
        elif kind == "assoc_const":
            self.lines.add(f"const {name}: {self.type(inner['type'])}")
        elif kind == "assoc_type":
            self.lines.add(f"type {name}" + (f" = {self.type(inner['type'])}" if inner["type"] else ""))

    def impls(self, ids, owner):
        for id in ids:
            item = self.index[str(id)]
            inner = item["inner"]["impl"]
            if inner["blanket_impl"] is not None:
                continue
            self.place = f"impl for {owner}"
            trait = inner["trait"]
            if trait is None:
                for member in inner["items"]:
                    member = self.index[str(member)]
                    if member["visibility"] == "public":
                        self.place = f"{owner}::{member['name']}"
                        self.associated(member, owner)
                continue
            crate, path = self.where(trait["id"], trait["path"])
            if path.split("::")[-1] in ("StructuralPartialEq", "Freeze", "Unpin", "RefUnwindSafe", "UnwindSafe", "UnsafeUnpin"):
                continue
            if crate in ("serde", "serde_core"):
                self.lines.add(f"impl serde::{path.split('::')[-1]} for {owner} (feature serde)")
                continue
            params = self.generics(inner["generics"]) if not inner["is_synthetic"] else ""
            negative = "!" if inner["is_negative"] else ""
            line = f"impl{params} {negative}{self.path(trait)} for {self.type(inner['for'])}"
            self.lines.add(line)
            for member in inner["items"]:
                member = self.index[str(member)]
                if "assoc_type" in member["inner"]:
                    self.lines.add(f"{line}: type {member['name']} = {self.type(member['inner']['assoc_type']['type'])}")

    # -- types --

    def where(self, id, written):
        """The crate and the public path of what a path leads to."""
        if id in self.names:
            return "postacert", self.names[id]
        known = self.paths.get(str(id))
        if known is None:
            return "?", written
        crate = "postacert" if known["crate_id"] == 0 else self.crates[str(known["crate_id"])]["name"]
        return crate, "::".join(known["path"])

    def path(self, path):
        crate, name = self.where(path["id"], path["path"])
        if crate not in OURS and crate != "postacert":
            self.complain(self.place, f"{crate} ({name})")
        if crate == "postacert" and path["id"] not in self.names:
            self.complain(self.place, f"{name}, which is not public,")
        return name + self.arguments(path["args"])

    def arguments(self, args):
        if not args:
            return ""
        if "parenthesized" in args:
            inner = args["parenthesized"]
            output = f" -> {self.type(inner['output'])}" if inner["output"] else ""
            return "(" + ", ".join(map(self.type, inner["inputs"])) + ")" + output
        inner = args["angle_bracketed"]
        texts = [self.argument(a) for a in inner["args"]]
        for constraint in inner["constraints"]:
            binding = constraint["binding"]
            if "equality" in binding:
                texts.append(f"{constraint['name']} = {self.term(binding['equality'])}")
            else:
                texts.append(f"{constraint['name']}{self.bounds(binding['constraint'], ': ')}")
        return f"<{', '.join(texts)}>" if texts else ""

    def argument(self, argument):
        if argument == "infer":
            return "_"
        (kind, inner), = argument.items()
        return inner if kind == "lifetime" else self.type(inner) if kind == "type" else inner["expr"]

    def term(self, term):
        return self.type(term["type"]) if "type" in term else term["constant"]["expr"]

    def type(self, type):
        if type == "infer":
            return "_"
        (kind, inner), = type.items()
        if kind == "resolved_path":
            return self.path(inner)
        if kind in ("generic", "primitive"):
            return inner
        if kind == "borrowed_ref":
            lifetime = f"{inner['lifetime']} " if inner["lifetime"] else ""
            return f"&{lifetime}{'mut ' if inner['is_mutable'] else ''}{self.type(inner['type'])}"
        if kind == "slice":
            return f"[{self.type(inner)}]"
        if kind == "array":
            return f"[{self.type(inner['type'])}; {inner['len']}]"
        if kind == "tuple":
            return "(" + ", ".join(map(self.type, inner)) + ("," if len(inner) == 1 else "") + ")"
        if kind == "impl_trait":
            return "impl " + self.bounds(inner, "")
        if kind == "dyn_trait":
            lifetime = f" + {inner['lifetime']}" if inner["lifetime"] else ""
            return "(dyn " + " + ".join(self.path(t["trait"]) for t in inner["traits"]) + lifetime + ")"
        if kind == "qualified_path":
            trait = f" as {self.path(inner['trait'])}" if inner["trait"] and inner["trait"]["path"] else ""
            return f"<{self.type(inner['self_type'])}{trait}>::{inner['name']}{self.arguments(inner['args'])}"
        if kind == "function_pointer":
            return "fn" + self.signature(inner["sig"])
        if kind == "raw_pointer":
            return f"*{'mut' if inner['is_mutable'] else 'const'} {self.type(inner['type'])}"
        sys.exit(f"{self.place}: a type of the kind {kind}, which this script does not know")

    def bounds(self, bounds, prefix):
        texts = []
        for bound in bounds:
            if "trait_bound" in bound:
                inner = bound["trait_bound"]
                texts.append(("?" if inner["modifier"] == "maybe" else "") + self.path(inner["trait"]))
            elif "outlives" in bound:
                texts.append(bound["outlives"])
            else:
                captured = [a if isinstance(a, str) else next(iter(a.values())) for a in bound["use"]]
                texts.append(f"use<{', '.join(captured)}>")
        return prefix + " + ".join(texts) if texts else ""

    def generics(self, generics):
        texts = []
        for param in generics["params"]:
            (kind, inner), = param["kind"].items()
            if kind == "lifetime":
                texts.append(param["name"] + (": " + " + ".join(inner["outlives"]) if inner["outlives"] else ""))
            elif kind == "type":
                if not inner["is_synthetic"]:
                    texts.append(param["name"] + self.bounds(inner["bounds"], ": "))
            else:
                texts.append(f"const {param['name']}: {self.type(inner['type'])}")
        where = []
        for predicate in generics["where_predicates"]:
            (kind, inner), = predicate.items()
            if kind == "bound_predicate":
                where.append(self.type(inner["type"]) + self.bounds(inner["bounds"], ": "))
            elif kind == "lifetime_predicate":
                where.append(inner["lifetime"] + ": " + " + ".join(inner["outlives"]))
        return (f"<{', '.join(texts)}>" if texts else "") + (f" where {', '.join(where)}" if where else "")

    def signature(self, sig):
        inputs = []
        for name, type in sig["inputs"]:
            text = self.type(type)
            short = {"Self": "self", "&Self": "&self", "&mut Self": "&mut self"}.get(text) if name == "self" else None
            inputs.append(short or f"{name}: {text}")
        return "(" + ", ".join(inputs) + ")" + (f" -> {self.type(sig['output'])}" if sig["output"] else "")

    def function(self, inner, name):
        header = inner["header"]
        words = "".join(f"{word} " for word in ("const", "unsafe", "async") if header[f"is_{word}"])
        return f"{words}fn {name}{self.generics(inner['generics'])}{self.signature(inner['sig'])}"


def main(arguments):
    if arguments not in ([], ["--write"], ["--check"]):
        sys.exit(__doc__)
    api = Api(rustdoc_json())
    text = "".join(f"{line}\n" for line in sorted(api.lines))
    if len(api.lines) < 100:
        sys.exit(f"only {len(api.lines)} items were found")
    if not arguments:
        print(text, end="")
    elif arguments == ["--write"]:
        SNAPSHOT.write_text(text)
        print(f"{SNAPSHOT.relative_to(ROOT)}: {len(api.lines)} lines")
    else:
        wrong = [f"another crate's type in the public interface: {line}" for line in sorted(api.foreign)]
        known = SNAPSHOT.read_text() if SNAPSHOT.exists() else ""
        if known != text:
            wrong += difflib.unified_diff(known.splitlines(), text.splitlines(), "docs/public-api.txt", "the source", lineterm="", n=0)
            wrong.append("the public interface has changed: if that is meant, .ci/public-api.py --write")
        if wrong:
            sys.exit("\n".join(wrong))
        print(f"the public interface is that of docs/public-api.txt ({len(api.lines)} lines), and shows no type of another crate")


main(sys.argv[1:])
