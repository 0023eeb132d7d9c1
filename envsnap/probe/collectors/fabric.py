"""What connects machines: RDMA devices with their firmware, its libraries, and NCCL's own settings.

`root` is where the system's folders lie; tests give another one.
"""

import glob
import os
import re

from ..record import Record, first_text, read_text

DEVICES = "sys/class/infiniband"
OF_A_DEVICE = (("firmware", "fw_ver"), ("board", "board_id"), ("model", "hca_type"))
OF_A_PORT = (("link", "link_layer"), ("rate", "rate"))
PROVIDERS = "etc/libibverbs.d"
LIBRARIES = ("libibverbs.so.1", "librdmacm.so.1", "libmlx5.so.1", "libefa.so.1", "libfabric.so.1",
             "libnccl-net.so")  # fmt: skip
FOLDERS = ("usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib64", "usr/lib",
           "opt/amazon/efa/lib64", "opt/amazon/efa/lib")  # fmt: skip
NUMBER = re.compile(r"\.so\.(\d[\d.]*)$")
# NCCL reads the user's file after the system's, and neither over the environment (NCCL's docs).
CONFIGS = ("etc/nccl.conf",)
SETTING = re.compile(r"\s*(NCCL_[A-Z0-9_]{1,60})\s*=\s*(\S.{0,200}?)\s*$")
MOST_DEVICES, MOST_SETTINGS = 64, 100


def collect(record: Record, root: str = "/", home: str = "") -> None:
    """Add what there is of RDMA and of NCCL's settings to the `system` section."""
    devices = os.path.join(root, DEVICES)
    if os.path.isdir(devices):
        record.facts["rdma"] = {}
        for name in sorted(os.listdir(devices))[:MOST_DEVICES]:
            record.facts["rdma"][name] = _device(os.path.join(devices, name))
        record.learn_present("rdma_libraries", _libraries, root)
        record.learn_present("rdma_providers", _providers, root)
    record.learn_present("nccl_conf", _settings, root, home or os.path.expanduser("~"))


def _device(folder: str) -> dict:
    """A device's firmware and model, and its first port's link."""
    found = {key: first_text(os.path.join(folder, name)) for key, name in OF_A_DEVICE}
    ports = sorted(glob.glob(os.path.join(glob.escape(folder), "ports", "*")))[:1]
    for key, name in OF_A_PORT:
        found[key] = first_text(os.path.join(ports[0], name)) if ports else None
    driver = os.path.realpath(os.path.join(folder, "device", "driver"))
    if os.path.isdir(driver):
        found["driver"] = os.path.basename(driver)
    return {key: value for key, value in found.items() if value}


def _libraries(root: str) -> dict:
    """The releases of RDMA's user-space libraries, as the files' names say."""
    found = {}
    for name in LIBRARIES:
        for folder in FOLDERS:
            path = os.path.join(root, folder, name)
            match = NUMBER.search(os.path.realpath(path)) if os.path.exists(path) else None
            if match:
                found.setdefault(name.partition(".so")[0], match.group(1))
    return found or None


def _providers(root: str) -> list:
    """The providers that libibverbs is told of: one file names one."""
    files = glob.glob(os.path.join(glob.escape(root), PROVIDERS, "*.driver"))
    return sorted(os.path.basename(path)[: -len(".driver")] for path in files) or None


def _settings(root: str, home: str) -> dict:
    """What NCCL's configuration files set; a later file counts more."""
    named = os.environ.get("NCCL_CONF_FILE")
    own = [named] if named else [os.path.join(home, ".nccl.conf")]
    found = {}
    for path in [os.path.join(root, name) for name in CONFIGS] + own:
        if os.path.isfile(path):
            lines = read_text(path, 65536).splitlines()
            pairs = [SETTING.match(line) for line in lines]
            found.update((pair.group(1), pair.group(2)) for pair in pairs if pair)
    return dict(sorted(found.items())[:MOST_SETTINGS]) or None
