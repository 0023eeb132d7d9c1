"""The file of a recorded run: a plain zip of JSON, npy and safetensors."""
