"""NVIDIA GPUs as NVML describes them. Runs in a child: NVML may hang where no signal reaches it.

Every field has its own guard: NotSupported on one field of one device is that field's gap.
"""

from ..record import Record, reason

NVLINK_MOST = 18


def run_child(options: dict) -> dict:
    """Ask NVML about the driver and every GPU; this is the child's whole life."""
    try:
        from .. import pynvml
    except ImportError:
        import pynvml
    record = Record()
    try:
        pynvml.nvmlInit()
    except Exception as error:
        word = "denied" if "Permission" in str(error) else "error"
        record.gap("nvml", "%s: %s" % (word, error))
        return {"facts": record.facts, "gaps": record.gaps}
    record.learn("driver", _text, pynvml.nvmlSystemGetDriverVersion)
    record.learn("nvml", _text, pynvml.nvmlSystemGetNVMLVersion)
    record.learn("cuda", lambda: _cuda(pynvml.nvmlSystemGetCudaDriverVersion_v2()))
    gpus, identities = record.facts["gpus"], record.facts["identities"] = {}, {}
    count = record.learn("count", pynvml.nvmlDeviceGetCount) or 0
    for index in range(count):
        part = Record(record.gaps, "gpus[%d]." % index)
        identity = Record({}, "")
        gpus[str(index)], identities[str(index)] = part.facts, identity.facts
        try:
            device = pynvml.nvmlDeviceGetHandleByIndex(index)
        except Exception as error:
            part.gap("name", reason(error))
            continue
        _describe(part, pynvml, device)
        _identify(identity, pynvml, device)
    return {"facts": record.facts, "gaps": record.gaps}


def _text(read, *arguments: object) -> str:
    value = read(*arguments)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _cuda(number: int) -> str:
    return "%d.%d" % (number // 1000, number % 1000 // 10)


def _describe(record: Record, nvml, device) -> None:
    """What shapes results or speed, of one GPU."""
    ask = _Asker(record, nvml)
    ask("name", lambda: _text(nvml.nvmlDeviceGetName, device))
    ask(
        "compute_capability",
        lambda: "%d.%d" % tuple(nvml.nvmlDeviceGetCudaComputeCapability(device)),
    )
    ask("memory_total", lambda: nvml.nvmlDeviceGetMemoryInfo(device).total)
    ask("sm_count", lambda: nvml.nvmlDeviceGetAttributes_v2(device).multiprocessorCount)
    ask("cores", lambda: nvml.nvmlDeviceGetNumGpuCores(device))
    ask("memory_bus_width", lambda: nvml.nvmlDeviceGetMemoryBusWidth(device))
    ask("vbios", lambda: _text(nvml.nvmlDeviceGetVbiosVersion, device))
    ask("gsp_firmware", lambda: _gsp(nvml, device))
    ask("inforom", lambda: _text(nvml.nvmlDeviceGetInforomImageVersion, device))
    ask("ecc", lambda: bool(nvml.nvmlDeviceGetEccMode(device)[0]))
    ask("mig", lambda: bool(nvml.nvmlDeviceGetMigMode(device)[0]))
    ask("persistence", lambda: bool(nvml.nvmlDeviceGetPersistenceMode(device)))
    ask("compute_mode", lambda: nvml.nvmlDeviceGetComputeMode(device))
    ask("power_limit_mw", lambda: nvml.nvmlDeviceGetPowerManagementLimit(device))
    ask("power_default_mw", lambda: nvml.nvmlDeviceGetPowerManagementDefaultLimit(device))
    ask("clock_max_sm_mhz", lambda: nvml.nvmlDeviceGetMaxClockInfo(device, nvml.NVML_CLOCK_SM))
    ask("clock_max_memory_mhz", lambda: nvml.nvmlDeviceGetMaxClockInfo(device, nvml.NVML_CLOCK_MEM))
    ask(
        "clock_application_sm_mhz",
        lambda: nvml.nvmlDeviceGetApplicationsClock(device, nvml.NVML_CLOCK_SM),
    )
    ask("pcie_generation_max", lambda: nvml.nvmlDeviceGetMaxPcieLinkGeneration(device))
    ask("pcie_width_max", lambda: nvml.nvmlDeviceGetMaxPcieLinkWidth(device))
    ask("nvlinks_active", lambda: _nvlinks(nvml, device))
    if "sm_count" not in record.facts and "cores" in record.facts:
        record.gap("sm_count", "not stated: NVML gives it for MIG-capable GPUs only")


def _identify(record: Record, nvml, device) -> None:
    """What names this very card, and what changes from second to second."""
    ask = _Asker(record, nvml)
    ask("uuid", lambda: _text(nvml.nvmlDeviceGetUUID, device))
    ask("serial", lambda: _text(nvml.nvmlDeviceGetSerial, device))
    ask("pci_bus_id", lambda: _pci(nvml.nvmlDeviceGetPciInfo(device).busId))
    ask("clock_sm_mhz", lambda: nvml.nvmlDeviceGetClockInfo(device, nvml.NVML_CLOCK_SM))
    ask("clock_memory_mhz", lambda: nvml.nvmlDeviceGetClockInfo(device, nvml.NVML_CLOCK_MEM))
    ask("power_mw", lambda: nvml.nvmlDeviceGetPowerUsage(device))
    ask("temperature_c", lambda: nvml.nvmlDeviceGetTemperature(device, nvml.NVML_TEMPERATURE_GPU))
    ask("pcie_generation", lambda: nvml.nvmlDeviceGetCurrPcieLinkGeneration(device))
    ask("pcie_width", lambda: nvml.nvmlDeviceGetCurrPcieLinkWidth(device))
    ask("throttle_reasons", lambda: nvml.nvmlDeviceGetCurrentClocksThrottleReasons(device))


def _pci(value: object) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)


def _gsp(nvml, device) -> str:
    """The firmware of the card's own processor (GSP), which runs most of the driver."""
    return _text(nvml.nvmlDeviceGetGspFirmwareVersion, device)


def _nvlinks(nvml, device) -> int:
    """Count active links; a device without NVLink has none."""
    active = 0
    for link in range(NVLINK_MOST):
        try:
            active += bool(nvml.nvmlDeviceGetNvLinkState(device, link))
        except nvml.NVMLError:
            break
    return active


class _Asker:
    """Stores an answer; NotSupported means null (the card has no such thing), the rest are gaps."""

    def __init__(self, record: Record, nvml) -> None:
        self.record, self.nvml = record, nvml

    def __call__(self, key: str, read) -> None:
        try:
            self.record.facts[key] = read()
        except self.nvml.NVMLError as error:
            code = getattr(error, "value", None)
            if code == self.nvml.NVML_ERROR_NOT_SUPPORTED:
                self.record.facts[key] = None
            elif code == self.nvml.NVML_ERROR_NO_PERMISSION:
                self.record.gap(key, "denied: %s" % error)
            else:
                self.record.gap(key, "error: %s" % error)
        except Exception as error:
            self.record.gap(key, reason(error))
