import psutil

print(psutil.Process.memory_info_ex)
