"""The port is checked before anything starts."""

import socket

import pytest

from ops.ports import chosen_port, is_taken, require_free
from ops.report import Failure


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_a_taken_port_is_named_with_the_way_out(family: socket.AddressFamily, host: str) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as other:
        try:
            other.bind((host, 0))
        except OSError:
            pytest.skip(f"this machine has no {host}")
        other.listen(1)
        port = other.getsockname()[1]
        with pytest.raises(Failure) as refusal:
            require_free(port, patience=0)
    assert f"Port {port} is already used" in refusal.value.sentence
    assert "make run PORT=" in refusal.value.sentence
    assert is_taken(port) is False


@pytest.mark.parametrize("text", ["abc", "0", "65536", "-1", "80 80"])
def test_a_port_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", text)
    with pytest.raises(Failure, match="from 1 to 65535"):
        chosen_port()


@pytest.mark.parametrize(("text", "port"), [("", 8000), ("8080", 8080), (" 9000 ", 9000)])
def test_the_port_can_be_chosen(text: str, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", text)
    assert chosen_port() == port
