"""What computes: frameworks, image codecs, CUDA, ROCm, the drivers and the GPUs."""

from typing import Annotated

from msgspec import UNSET, UnsetType

from envsnap.model.fields import (
    Flag,
    Record,
    Section,
    Text,
    TextMap,
    Texts,
    Whole,
    host,
    location,
    portable,
)


class Library(Record, frozen=True, kw_only=True):
    """A shared library file."""

    path: Annotated[Text, location("Where it lies.")] = UNSET
    version: Annotated[
        Text, portable("Version in the name of the file that the link leads to.")
    ] = UNSET
    build_id: Annotated[Text, portable("GNU build id.")] = UNSET
    package: Annotated[Text, location("Package of dpkg that owns it.", since=1)] = UNSET


Libraries = dict[str, Library] | UnsetType


class Framework(Record, frozen=True, kw_only=True):
    """A framework. A build without CUDA has explicit nulls."""

    distribution: Annotated[Text, portable("The distribution that provides it.")] = UNSET
    version: Annotated[Text, portable("Version as the framework states it.")] = UNSET
    git_version: Annotated[Text, portable("Commit it was built from.")] = UNSET
    debug: Annotated[Flag, portable("Whether this is a debug build.")] = UNSET
    imported: Annotated[
        Flag, portable("Whether importing it worked; if not, the gap holds the error.")
    ] = UNSET
    cuda: Annotated[Text, portable("CUDA version it was built for; null for none.")] = UNSET
    rocm: Annotated[Text, portable("ROCm (HIP) version it was built for; null for none.")] = UNSET
    cudnn: Annotated[Text, portable("cuDNN version it was built with.")] = UNSET
    cudnn_loaded: Annotated[Text, portable("cuDNN version it really loaded.")] = UNSET
    nccl: Annotated[Text, portable("NCCL version it uses.")] = UNSET
    arch_list: Annotated[
        Texts, portable("GPU architectures it has machine code (sm_) or PTX (compute_) for.")
    ] = UNSET
    cxx11_abi: Annotated[Flag, portable("Whether it uses the C++11 ABI of libstdc++.")] = UNSET
    cuda_available: Annotated[Flag, host("Whether it can use a GPU here.")] = UNSET
    providers: Annotated[Texts, portable("Execution providers or platforms it offers.")] = UNSET
    blas: Annotated[Text, portable("BLAS library it was built with.")] = UNSET
    mkl: Annotated[Text, portable("MKL version.")] = UNSET
    onednn: Annotated[Text, portable("oneDNN version.")] = UNSET
    openmp: Annotated[Text, portable("OpenMP version date.")] = UNSET
    cpu_capability: Annotated[Text, host("Instruction set level it chose on this CPU.")] = UNSET
    threads: Annotated[Whole, host("Threads it uses inside one operation.")] = UNSET
    interop_threads: Annotated[Whole, host("Threads it uses between operations.")] = UNSET
    build_config: Annotated[Texts, portable("Its own description of its build.")] = UNSET
    ptxas: Annotated[
        Text, portable("Version of the PTX assembler that Triton brings along.", since=1)
    ] = UNSET
    mapped_on_import: Annotated[
        Libraries, portable("Libraries that importing it loads, by soname.")
    ] = UNSET


class Frameworks(Section, frozen=True, kw_only=True):
    """Frameworks by import name."""

    entries: dict[str, Framework] | UnsetType = UNSET


class Codec(Record, frozen=True, kw_only=True):
    """The libraries with which an image library decodes: equal files, other pixels."""

    version: Annotated[Text, portable("Version of the image library.", since=1)] = UNSET
    jpeg: Annotated[
        Text, portable('JPEG library, for example "libjpeg-turbo 2.1.4" or "libjpeg 9d".', since=1)
    ] = UNSET
    png: Annotated[Text, portable("Version of libpng.", since=1)] = UNSET
    webp: Annotated[Text, portable("Version of libwebp.", since=1)] = UNSET
    tiff: Annotated[Text, portable("Version of libtiff.", since=1)] = UNSET
    zlib: Annotated[Text, portable('zlib, for example "1.2.13" or "zlib-ng 2.2.4".', since=1)] = (
        UNSET
    )
    openjpeg: Annotated[Text, portable("Version of OpenJPEG.", since=1)] = UNSET
    ipp: Annotated[
        Text, portable("Intel IPP that OpenCV computes with; null for none.", since=1)
    ] = UNSET
    parallel: Annotated[Text, portable("What OpenCV runs threads with.", since=1)] = UNSET
    source: Annotated[
        Text,
        portable("Where the JPEG library comes from: bundled, conda, system or unknown.", since=1),
    ] = UNSET
    path: Annotated[Text, location("The file that holds the JPEG decoder.", since=1)] = UNSET


class Codecs(Section, frozen=True, kw_only=True):
    """Image libraries by distribution family: pillow, opencv."""

    entries: dict[str, Codec] | UnsetType = UNSET


class Cuda(Section, frozen=True, kw_only=True):
    """CUDA as the driver, the toolkit and the library files know it: never one number."""

    driver: Annotated[Text, host("Newest CUDA version that the driver supports.")] = UNSET
    toolkit: Annotated[Text, portable("Version of the toolkit (nvcc).")] = UNSET
    home: Annotated[Text, location("CUDA_HOME.")] = UNSET
    on_disk: Annotated[
        Libraries,
        location("Libraries of CUDA, ROCm and threads that a program here could load, by soname."),
    ] = UNSET


class Driver(Section, frozen=True, kw_only=True):
    """The NVIDIA driver: kernel module and user-space libraries are separate facts."""

    version: Annotated[Text, host("Driver version, as NVML or the files state it.")] = UNSET
    kernel_module: Annotated[Text, host("Version of the loaded kernel module.")] = UNSET
    open_kernel_module: Annotated[Flag, host("Whether it is the open kernel module.")] = UNSET
    nvml: Annotated[Text, host("Version of the NVML library, as it reports it.")] = UNSET
    libcuda: Annotated[Text, host("Version of the libcuda file that is found first.")] = UNSET
    libnvidia_ml: Annotated[Text, host("Version of the NVML file that is found first.")] = UNSET
    libcuda_path: Annotated[
        Text, location("The libcuda.so.1 that the dynamic loader takes.", since=1)
    ] = UNSET
    libcuda_is_compat: Annotated[
        Flag, host("Whether that file is of a forward compatibility package.", since=1)
    ] = UNSET
    libcuda_linkable: Annotated[
        Flag, host("Whether a linker finds libcuda.so (-lcuda), the link for development.", since=1)
    ] = UNSET
    unloadable: Annotated[
        TextMap,
        host(
            "Libraries of the driver that are found and cannot be loaded, with the reason.", since=2
        ),
    ] = UNSET
    container_toolkit: Annotated[
        Text, host("Version of the installed NVIDIA container toolkit.", since=2)
    ] = UNSET
    fabric_manager: Annotated[
        Text, host("Version of the installed fabric manager (nv-fabricmanager).", since=1)
    ] = UNSET
    fabric_manager_running: Annotated[Flag, host("Whether the fabric manager runs.", since=1)] = (
        UNSET
    )
    nvswitches: Annotated[Whole, host("Number of NVSwitches.", since=1)] = UNSET


class Rocm(Section, frozen=True, kw_only=True):
    """AMD's ROCm: the installed platform and the kernel's driver."""

    version: Annotated[Text, portable("Version of the installed ROCm.", since=1)] = UNSET
    driver: Annotated[Text, host("Version of the loaded amdgpu kernel module.", since=1)] = UNSET
    home: Annotated[Text, location("Where ROCm lies.", since=1)] = UNSET
    hip: Annotated[
        Text, location("Version of the HIP runtime, as a report states it.", since=2)
    ] = UNSET
    miopen: Annotated[Text, location("Version of MIOpen, as a report states it.", since=2)] = UNSET


class Gpu(Record, frozen=True, kw_only=True):
    """A GPU as NVML describes it, or the kernel's AMD driver. Null: it has no such thing."""

    name: Annotated[Text, host("Model.")] = UNSET
    compute_capability: Annotated[
        Text, host("Compute capability (9.0), or AMD's target (gfx90a).")
    ] = UNSET
    memory_total: Annotated[Whole, host("Memory in bytes.")] = UNSET
    sm_count: Annotated[Whole, host("Streaming multiprocessors, or AMD compute units.")] = UNSET
    cores: Annotated[Whole, host("CUDA cores.")] = UNSET
    memory_bus_width: Annotated[Whole, host("Memory bus width in bits.")] = UNSET
    vbios: Annotated[Text, host("VBIOS version.")] = UNSET
    gsp_firmware: Annotated[
        Text, host("Firmware of the card's own processor (GSP); null: it has none.", since=2)
    ] = UNSET
    firmware: Annotated[
        TextMap, host("Firmware of an AMD card, by the part that runs it.", since=2)
    ] = UNSET
    inforom: Annotated[Text, host("InfoROM image version.")] = UNSET
    ecc: Annotated[Flag, host("Whether ECC is on.")] = UNSET
    mig: Annotated[Flag, host("Whether MIG mode is on.")] = UNSET
    persistence: Annotated[Flag, host("Whether persistence mode is on.")] = UNSET
    compute_mode: Annotated[Whole, host("Compute mode, NVML's number; 0 is default.")] = UNSET
    power_limit_mw: Annotated[Whole, host("Power limit in milliwatts.")] = UNSET
    power_default_mw: Annotated[Whole, host("Default power limit in milliwatts.")] = UNSET
    clock_max_sm_mhz: Annotated[Whole, host("Highest SM clock in MHz.")] = UNSET
    clock_max_memory_mhz: Annotated[Whole, host("Highest memory clock in MHz.")] = UNSET
    clock_application_sm_mhz: Annotated[Whole, host("Application SM clock in MHz.")] = UNSET
    pcie_generation_max: Annotated[Whole, host("Highest PCIe generation.")] = UNSET
    pcie_width_max: Annotated[Whole, host("Highest PCIe link width in lanes.")] = UNSET
    nvlinks_active: Annotated[Whole, host("Number of active NVLinks.")] = UNSET


class Gpus(Section, frozen=True, kw_only=True):
    """GPUs by index; AMD cards beside NVIDIA ones under amd0 and so on."""

    entries: dict[str, Gpu] | UnsetType = UNSET
