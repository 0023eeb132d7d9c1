from starlette.applications import Starlette

Starlette(on_startup=[print])
