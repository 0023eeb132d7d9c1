"""The machine: operating system, processor, environment variables, tools, the process."""

from typing import Annotated

from msgspec import UNSET, UnsetType

from envsnap.model.compute import Libraries
from envsnap.model.fields import (
    Flag,
    Number,
    Record,
    Section,
    Text,
    TextMap,
    Texts,
    Whole,
    host,
    location,
    portable,
    volatile,
)


class RdmaDevice(Record, frozen=True, kw_only=True):
    """An RDMA device, and its first port."""

    model: Annotated[Text, host("Type of the adapter, for example MT4129.", since=2)] = UNSET
    board: Annotated[Text, host("Board identifier.", since=2)] = UNSET
    firmware: Annotated[Text, host("Version of its firmware.", since=2)] = UNSET
    driver: Annotated[Text, host("The kernel's driver for it.", since=2)] = UNSET
    link: Annotated[Text, host("InfiniBand or Ethernet.", since=2)] = UNSET
    rate: Annotated[Text, host("Rate of the link.", since=2)] = UNSET


class System(Section, frozen=True, kw_only=True):
    """Operating system, C library, processor, memory, locale."""

    platform: Annotated[Text, portable("sys.platform.")] = UNSET
    architecture: Annotated[Text, portable("Machine architecture, for example x86_64.")] = UNSET
    kernel: Annotated[Text, host("Kernel release.")] = UNSET
    os: Annotated[Text, portable("Name of the operating system's release.")] = UNSET
    os_id: Annotated[Text, portable("os-release ID, for example ubuntu.")] = UNSET
    os_version: Annotated[Text, portable("os-release VERSION_ID, for example 22.04.")] = UNSET
    glibc: Annotated[Text, portable("glibc version.")] = UNSET
    musl: Annotated[Text, portable("musl version.")] = UNSET
    libstdcxx: Annotated[
        Text, portable("Newest GLIBCXX symbol of the C++ library that the loader takes.")
    ] = UNSET
    libstdcxx_path: Annotated[Text, location("That library's file.", since=1)] = UNSET
    cpu: Annotated[Text, host("Processor model.")] = UNSET
    cpu_vendor: Annotated[Text, host("Processor vendor.")] = UNSET
    cpu_family: Annotated[Text, host("Processor family.")] = UNSET
    cpu_model: Annotated[Text, host("Processor model number.")] = UNSET
    cpu_stepping: Annotated[Text, host("Processor stepping.")] = UNSET
    cpu_flags: Annotated[Texts, host("Instruction set flags, sorted.")] = UNSET
    cpu_level: Annotated[
        Text, host("Level of the x86-64 psABI that the flags reach: x86-64-v1 to v4.", since=1)
    ] = UNSET
    microcode: Annotated[Text, host("Microcode revision.")] = UNSET
    cpus: Annotated[Whole, host("Logical processors.")] = UNSET
    cpus_usable: Annotated[Whole, host("Logical processors this process may use.")] = UNSET
    transparent_hugepages: Annotated[
        Text, host("Transparent huge pages: always, madvise, never.")
    ] = UNSET
    memory_total: Annotated[Whole, host("Memory in bytes.")] = UNSET
    cgroup_memory_limit: Annotated[Whole, host("Memory limit of the control group in bytes.")] = (
        UNSET
    )
    cgroup_cpu_limit: Annotated[Number, host("CPU limit of the control group in processors.")] = (
        UNSET
    )
    shm_size: Annotated[Whole, host("Size of /dev/shm in bytes.")] = UNSET
    open_files_limit: Annotated[
        Whole, host("Most files that a process may open (the soft limit).", since=2)
    ] = UNSET
    locked_memory_limit: Annotated[
        Whole, host("Memory in bytes that a process may lock; RDMA needs it.", since=2)
    ] = UNSET
    processes_limit: Annotated[
        Whole, host("Most processes and threads of the user (the soft limit).", since=2)
    ] = UNSET
    iommu: Annotated[Text, host("IOMMU that translates addresses: its kind, or off.", since=1)] = (
        UNSET
    )
    iommu_domains: Annotated[
        Texts, host("How devices are mapped: identity (pass-through), DMA, DMA-FQ …", since=1)
    ] = UNSET
    iommu_settings: Annotated[
        Texts, host("What the kernel's command line says about it.", since=1)
    ] = UNSET
    pcie_acs: Annotated[
        Texts,
        host(
            "PCIe bridges that redirect requests between devices to the root (ACS), which slows or"
            " breaks peer-to-peer copies. Looked at where there is a GPU.",
            since=1,
        ),
    ] = UNSET
    preload: Annotated[
        TextMap,
        portable(
            "Libraries that /etc/ld.so.preload puts into every program, with SHA-256.", since=2
        ),
    ] = UNSET
    certificates: Annotated[Flag, portable("Whether the system has CA certificates.", since=2)] = (
        UNSET
    )
    altered_files: Annotated[
        Texts,
        location(
            "Files that differ from what dpkg states, the first 50 (--verify-files).", since=2
        ),
    ] = UNSET
    unowned_libraries: Annotated[
        TextMap,
        location(
            "Libraries and modules that the loader, the C library, OpenSSL or OpenCL finds and no"
            " package of dpkg brought: path and SHA-256 (--verify-files).",
            since=2,
        ),
    ] = UNSET
    container: Annotated[Text, host("Kind of container, if any.")] = UNSET
    virtualization: Annotated[
        Text, host("Hypervisor that the machine runs under: kvm, vmware, xen …, or none.", since=2)
    ] = UNSET
    rdma: Annotated[dict[str, RdmaDevice] | UnsetType, host("RDMA devices by name.", since=2)] = (
        UNSET
    )
    rdma_libraries: Annotated[
        TextMap, portable("Releases of RDMA's user-space libraries.", since=2)
    ] = UNSET
    rdma_providers: Annotated[Texts, portable("Providers that libibverbs is told of.", since=2)] = (
        UNSET
    )
    nccl_conf: Annotated[TextMap, portable("What NCCL's configuration files set.", since=2)] = UNSET
    packages: Annotated[
        TextMap,
        location(
            "Packages of dpkg that own the system's libraries which frameworks, image libraries or"
            " the process loaded, with their versions.",
            since=1,
        ),
    ] = UNSET
    locale: Annotated[Text, portable("Locale that the environment names.")] = UNSET
    locale_installed: Annotated[Flag, portable("Whether that locale is installed.")] = UNSET
    locales: Annotated[
        Texts, portable("Installed locales, as `locale -a` spells them.", since=1)
    ] = UNSET
    encoding: Annotated[Text, portable("Preferred text encoding.")] = UNSET
    filesystem_encoding: Annotated[Text, portable("Encoding of file names.")] = UNSET
    timezone: Annotated[Text, portable("Time zone.")] = UNSET


class EnvVars(Section, frozen=True, kw_only=True):
    """Environment variables: values of allow-listed ones, names of the others."""

    entries: Annotated[TextMap, portable("Values by name, of the variables that are read.")] = UNSET
    others: Annotated[Texts, location("Names of variables whose values were not read.")] = UNSET


class Tool(Record, frozen=True, kw_only=True):
    """A program beside Python."""

    version: Annotated[Text, portable("Version, as the program states it.")] = UNSET
    path: Annotated[Text, location("Where it lies.")] = UNSET


class Tools(Section, frozen=True, kw_only=True):
    """Programs that matter for building and serving models, by name."""

    entries: dict[str, Tool] | UnsetType = UNSET


class Git(Section, frozen=True, kw_only=True):
    """The repository around the folder in which the capture was made."""

    commit: Annotated[Text, portable("Commit.")] = UNSET
    dirty: Annotated[Flag, portable("Whether tracked files differ from the commit.")] = UNSET
    branch: Annotated[Text, location("Branch.")] = UNSET
    remote: Annotated[Text, location("Address of the remote, without credentials.")] = UNSET


class Process(Section, frozen=True, kw_only=True):
    """The running program that was described, if it was one."""

    loaded: Annotated[Libraries, portable("Libraries it has mapped, by soname.")] = UNSET
    flags: Annotated[Texts, portable("Names of its command line's options; no values.")] = UNSET
    replaced_files: Annotated[
        Texts, portable("Libraries it runs that were deleted or replaced on the disk since.")
    ] = UNSET
    exit_code: Annotated[Whole, portable("How a run ended, as a shell tells it.", since=1)] = UNSET
    observed: Annotated[Whole, location("Python processes of a run.", since=1)] = UNSET
    executable: Annotated[Text, location("Its executable.")] = UNSET
    working_folder: Annotated[Text, location("Its current folder.")] = UNSET
    cgroup: Annotated[Text, volatile("Its control group.")] = UNSET


class GpuIdentity(Record, frozen=True, kw_only=True):
    """What names one card, and what changes by itself."""

    uuid: Annotated[Text, volatile("UUID.")] = UNSET
    serial: Annotated[Text, volatile("Serial number.")] = UNSET
    pci_bus_id: Annotated[Text, volatile("PCI address.")] = UNSET
    clock_sm_mhz: Annotated[Whole, volatile("SM clock now.")] = UNSET
    clock_memory_mhz: Annotated[Whole, volatile("Memory clock now.")] = UNSET
    power_mw: Annotated[Whole, volatile("Power draw now.")] = UNSET
    temperature_c: Annotated[Whole, volatile("Temperature now.")] = UNSET
    pcie_generation: Annotated[Whole, volatile("PCIe generation now.")] = UNSET
    pcie_width: Annotated[Whole, volatile("PCIe link width now.")] = UNSET
    throttle_reasons: Annotated[Whole, volatile("NVML's bit set of throttle reasons now.")] = UNSET


class Identity(Section, frozen=True, kw_only=True):
    """What names this machine and this moment. Never compared."""

    hostname: Annotated[Text, volatile("Host name.")] = UNSET
    pid: Annotated[Whole, volatile("Process id.")] = UNSET
    seconds: Annotated[Number, volatile("How long the capture took.")] = UNSET
    gpus: Annotated[dict[str, GpuIdentity] | UnsetType, volatile("Cards by index.")] = UNSET
    rank: Annotated[
        TextMap,
        volatile("Variables that say which process of a job, or which node, this is.", since=2),
    ] = UNSET
    rng: Annotated[
        TextMap, volatile("SHA-256 of generator states in the running program.", since=2)
    ] = UNSET
