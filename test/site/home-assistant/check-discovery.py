"""Runs a released Home Assistant's own MQTT code over messages of a gate.

    python check-discovery.py FOLDER < messages.json > report.json

FOLDER holds the unpacked package `homeassistant`. The messages: {"discovery": [...], "values": [{"topic", "payload"}]}.
Nothing of Home Assistant is copied or replaced: its discovery code parses each message, its schema of each platform checks each entity,
and its templates are rendered with the payloads. Packages that only other parts of it need are stood in for by empty modules.
"""

import __future__

import asyncio
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import json
import re
import sys
import types
from pathlib import Path

ROOT = Path(sys.argv[1]).resolve()
# What the check itself goes through must be the real thing.
REAL = {"voluptuous", "probatio", "jinja2", "orjson", "awesomeversion", "yarl", "slugify", "lru", "ciso8601", "attr"}
# Optional parts of those, which would break on an empty module.
LEFT_OUT = {"click", "rich", "pygments"}
stood_in: set[str] = set()


class _AnyAttribute(type):
    def __getattr__(cls, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return _anything(name)


def _anything(name: str):
    """Can be called, inherited from and caught."""

    def init(self, *_args, **_more):
        pass

    def attribute(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return _anything(name)

    return _AnyAttribute(name, (Exception,), {"__init__": init, "__getattr__": attribute})


class _StandIn(types.ModuleType):
    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        value = _anything(name)
        setattr(self, name, value)
        return value


class _StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Asked last: only for what is not installed."""

    def find_spec(self, name, path=None, target=None):
        top = name.split(".")[0]
        if top == "homeassistant" or top in REAL or top in LEFT_OUT:
            return None
        stood_in.add(top)
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        module = _StandIn(spec.name)
        module.__path__ = []
        module.__version__ = "0"
        return module

    def exec_module(self, module):
        pass


class _Older(importlib.machinery.SourceFileLoader):
    """Lets an older Python read source of 3.14: `except A, B:` gets its brackets, annotations are not evaluated."""

    def source_to_code(self, data, path, *, _optimize=-1):
        text = bytes(data).decode()
        text = re.sub(r"^(\s*except) ([^(\n:]+,[^(\n:]+):", r"\1 (\2):", text, flags=re.M)
        text = text.replace(", annotation_format=Format.FORWARDREF", "")
        return compile(text, path, "exec", flags=__future__.annotations.compiler_flag, dont_inherit=True)

    def get_code(self, fullname):
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class _OlderFinder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] != "homeassistant":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path or [str(ROOT)])
        if spec and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            spec.loader = _Older(spec.loader.name, spec.loader.path)
        return spec


sys.path.insert(0, str(ROOT))
version = re.search(r"homeassistant-(.+)\.dist-info", str(next(ROOT.glob("homeassistant-*.dist-info")))).group(1)
rewritten = sys.version_info < (3, 14) and tuple(map(int, version.split(".")[:2])) >= (2026, 3)
if rewritten:
    sys.meta_path.insert(0, _OlderFinder())
    annotationlib = types.ModuleType("annotationlib")
    annotationlib.get_annotations = lambda thing, **_: inspect.get_annotations(thing)
    annotationlib.Format = types.SimpleNamespace(VALUE=1, FORWARDREF=3, STRING=4)
    sys.modules["annotationlib"] = annotationlib
sys.meta_path.append(_StandIns())

from homeassistant.components.mqtt import discovery  # noqa: E402
from homeassistant.core import HomeAssistant  # noqa: E402
from homeassistant.helpers import frame  # noqa: E402
from homeassistant.helpers.template import Template  # noqa: E402

problems: list[str] = []
hass: HomeAssistant


def parse(text: str):
    """As Home Assistant does with a message of a device, signature by release."""
    names = discovery._parse_device_payload.__code__.co_varnames
    more = {"topic": "x/device/node/object/config"} if "topic" in names[:5] else {}
    return discovery._parse_device_payload(hass=hass, payload=text, object_id="object", node_id="node", **more)


def render(template: str, payload: str) -> str:
    return str(Template(template, hass).async_render_with_possible_json_value(payload, "UNRENDERED"))


def matching(topic, values):
    return [value["payload"] for value in values if value["topic"] == topic]


def check(message: str, values: list) -> dict:
    device = parse(message)
    if not device:
        problems.append("the device was rejected")
        return {}
    entities = {}
    for name, config in device["components"].items():
        platform = config.pop("platform")
        if not config:
            entities[name] = {"platform": platform, "removed": True}
            continue
        payload = discovery.MQTTDiscoveryPayload(config)
        payload["device"] = device["device"]
        payload["origin"] = device.get("origin")
        discovery._merge_common_device_options(payload, device)
        if "~" in payload:
            discovery._replace_topic_base(payload)
        module = importlib.import_module(f"homeassistant.components.mqtt.{platform}")
        given = set(payload)
        try:
            checked = module.DISCOVERY_SCHEMA(dict(payload))
        except Exception as error:  # noqa: BLE001
            problems.append(f"{name} ({platform}): {error}")
            continue
        entities[name] = {
            "platform": platform,
            "dropped": sorted(given - set(checked)),
            "availability": [item["topic"] for item in checked.get("availability", [])],
            "values": values_of(checked, values),
        }
        if "command_template" in checked:
            entities[name]["command"] = command_of(checked)
    return entities


def text_of(template) -> str | None:
    return template if template is None or isinstance(template, str) else template.template


def values_of(checked, values) -> dict:
    found = {}
    for key, template in (("state_topic", "value_template"), ("json_attributes_topic", "json_attributes_template")):
        if key not in checked:
            continue
        payloads = matching(checked[key], values)
        tpl = text_of(checked.get(template))
        found[key] = [payload if tpl is None else render(tpl, payload) for payload in payloads]
    found["availability"] = [
        render(text_of(item["value_template"]), payload)
        for item in checked.get("availability", [])
        for payload in matching(item["topic"], values)
    ]
    if "event_types" in checked:
        for payload in matching(checked["state_topic"], values):
            if json.loads(payload)["event_type"] not in checked["event_types"]:
                problems.append(f"{payload}: no type of this event")
    return found


def command_of(checked) -> str:
    payload = checked.get("payload_open") or checked.get("payload_lock") or checked.get("payload_press")
    return str(Template(text_of(checked["command_template"]), hass).async_render({"value": payload}, parse_result=False))


async def main() -> None:
    global hass, problems
    # Templates and schemas want its event loop; nothing of it is started.
    hass = HomeAssistant(str(ROOT))
    frame.async_setup(hass)
    given = json.load(sys.stdin)
    reports = []
    found = []
    for message in given["discovery"]:
        problems = []
        reports.append(check(message, given["values"]))
        found.append(problems)
    report = {
        "version": version,
        "python": ".".join(map(str, sys.version_info[:3])),
        "rewritten": rewritten,
        "stoodIn": sorted(stood_in),
        "problems": found,
        "devices": reports,
    }
    json.dump(report, sys.stdout)


asyncio.run(main())
