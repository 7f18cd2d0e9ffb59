"""The OpenAPI schema's common parts: problem documents and the headers every door understands."""

from typing import Any

_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "facts"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "facts": {"type": "object", "additionalProperties": True},
        "fields": {"type": "object", "additionalProperties": True},
    },
}
_REFUSALS = {
    "400": "The request breaks a rule; `fields` names each field.",
    "401": "Sign in or send a token.",
    "403": "The role does not allow this.",
    "404": "Absent, or hidden from you.",
    "409": "A clash; `facts` says with what.",
    "412": "Changed since you read it.",
    "415": "Send application/json.",
    "422": "Understood, but refused by a rule.",
    "428": "Send If-Match.",
}


def add_common_parts(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Document the problem answers and the Idempotency-Key and If-Match headers."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = _PROBLEM
    for path in result.get("paths", {}).values():
        for method, operation in path.items():
            _add_refusals(operation)
            if method == "post":
                _add_header(operation, "Idempotency-Key", required=False)
            if method in {"patch", "put"}:
                _add_header(operation, "If-Match", required=True)
    return result


def _add_refusals(operation: dict[str, Any]) -> None:
    for status, text in _REFUSALS.items():
        operation["responses"].setdefault(
            status,
            {
                "description": text,
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        )


def _add_header(operation: dict[str, Any], name: str, *, required: bool) -> None:
    operation.setdefault("parameters", []).append(
        {"in": "header", "name": name, "required": required, "schema": {"type": "string"}}
    )
