"""Whether the machine is a virtual one, and whose.

`root` is where the system's folders lie; tests give another one.
"""

import os
import re

from ..record import first_text

# What a hypervisor says of itself in the firmware's tables, and its usual name.
VENDORS = (
    (r"QEMU|KVM|Red Hat|OpenStack|Google Compute Engine|Amazon EC2|DigitalOcean|Alibaba", "kvm"),
    (r"VMware", "vmware"),
    (r"Microsoft Corporation.*Virtual Machine|Virtual Machine.*Microsoft", "hyperv"),
    (r"Xen|HVM domU", "xen"),
    (r"innotek|VirtualBox", "virtualbox"),
    (r"Parallels", "parallels"),
    (r"Bochs", "bochs"),
)
TABLES = ("sys_vendor", "product_name", "bios_vendor", "board_vendor")
METAL = r"\.metal\b"  # Amazon's machines without a hypervisor have its name in the tables


def kind(flags: list, root: str = "/") -> str:
    """Name the hypervisor: `none` on a machine of its own; None where nothing tells.

    `flags` are the processor's, of which x86 has one that says that a hypervisor is there.
    """
    named = first_text(os.path.join(root, "sys/hypervisor/type"))
    if named:
        return named
    tables = os.path.join(root, "sys/class/dmi/id")
    told = " ".join(first_text(os.path.join(tables, name)) or "" for name in TABLES)
    is_guest = "hypervisor" in (flags or ())
    if told.strip() and (re.search(METAL, told) or (flags and not is_guest)):
        return "none"
    found = next((name for pattern, name in VENDORS if re.search(pattern, told)), None)
    return found or ("unknown" if is_guest else None)
