"""The types of elements, as torch's storages and safetensors name them."""

STORAGE_DTYPES = {
    "FloatStorage": "F32",
    "DoubleStorage": "F64",
    "HalfStorage": "F16",
    "BFloat16Storage": "BF16",
    "LongStorage": "I64",
    "IntStorage": "I32",
    "ShortStorage": "I16",
    "CharStorage": "I8",
    "ByteStorage": "U8",
    "BoolStorage": "BOOL",
    "ComplexFloatStorage": "C64",
    "ComplexDoubleStorage": "C128",
    "Float8_e4m3fnStorage": "F8_E4M3",
    "Float8_e5m2Storage": "F8_E5M2",
}
# Bits of an element, of the types that the format names.
BITS = {"BOOL": 8, "C64": 64, "C128": 128, "BF16": 16, "F8_E4M3": 8, "F8_E5M2": 8}
BITS.update(("%s%d" % (kind, bits), bits) for kind in "FIU" for bits in (8, 16, 32, 64))
