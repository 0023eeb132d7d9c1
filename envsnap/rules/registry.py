"""Every rule, one line each. The order breaks ties in ranking: likelier culprits come first."""

from __future__ import annotations

from envsnap.rules.accelerator_libraries import AcceleratorLibraries
from envsnap.rules.architecture import Architecture
from envsnap.rules.c_library import CLibrary
from envsnap.rules.config_value import ConfigValue
from envsnap.rules.cuda_toolkit import CudaToolkit
from envsnap.rules.determinism import Determinism
from envsnap.rules.driver_minimum import DriverMinimum
from envsnap.rules.driver_mismatch import DriverMismatch
from envsnap.rules.driver_version import DriverVersion
from envsnap.rules.env_var import EnvVar
from envsnap.rules.framework_build import FrameworkBuild
from envsnap.rules.framework_import import FrameworkImport
from envsnap.rules.framework_version import FrameworkVersion
from envsnap.rules.gpu_architecture import GpuArchitecture
from envsnap.rules.gpu_model import GpuModel
from envsnap.rules.gpu_settings import GpuSettings
from envsnap.rules.loaded_libraries import LoadedLibraries
from envsnap.rules.operating_system import OperatingSystem
from envsnap.rules.package_build import PackageBuild
from envsnap.rules.package_metadata import PackageMetadata
from envsnap.rules.package_missing import PackageMissing
from envsnap.rules.package_version import PackageVersion
from envsnap.rules.processor import Processor
from envsnap.rules.python_version import PythonVersion
from envsnap.rules.resources import Resources
from envsnap.rules.rule import Rule
from envsnap.rules.seeds import Seeds
from envsnap.rules.source_code import SourceCode
from envsnap.rules.text_settings import TextSettings
from envsnap.rules.tools import Tools
from envsnap.rules.weights import Weights

RULES: tuple[Rule, ...] = (
    FrameworkImport(),
    DriverMismatch(),
    DriverMinimum(),
    GpuArchitecture(),
    Weights(),
    FrameworkBuild(),
    FrameworkVersion(),
    Seeds(),
    Determinism(),
    AcceleratorLibraries(),
    PythonVersion(),
    GpuModel(),
    EnvVar(),
    Processor(),
    PackageVersion(),
    PackageMissing(),
    PackageBuild(),
    PackageMetadata(),
    LoadedLibraries(),
    DriverVersion(),
    Architecture(),
    ConfigValue(),
    Tools(),
    CLibrary(),
    TextSettings(),
    SourceCode(),
    GpuSettings(),
    CudaToolkit(),
    Resources(),
    OperatingSystem(),
)


def rule(identifier: str) -> Rule | None:
    """The rule of an identifier, or None."""
    return next((item for item in RULES if item.id == identifier), None)
