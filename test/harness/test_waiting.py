# SPDX-License-Identifier: Apache-2.0
"""Waiting, clocks and ports on a machine that is busy."""

import http.client
import multiprocessing
import socket
import threading
import time

import pytest
from harness import client, clock, ports, processes, waiting
from harness.waiting import wait_until


def test_a_busy_machine_gets_more_time(monkeypatch):
    monkeypatch.setattr(waiting, "PATIENCE", 20)
    since = time.monotonic()
    assert wait_until(lambda: time.monotonic() - since > 0.3, 0.05, "a while", pause=0.01)


def test_in_vain(monkeypatch):
    monkeypatch.setattr(waiting, "PATIENCE", 2)
    with pytest.raises(AssertionError, match="waited 0.1 s in vain for nothing"):
        wait_until(lambda: False, 0.05, "nothing", pause=0.01)


def test_what_comes_too_early_is_seen_and_what_is_late_is_not():
    clock.expect_not_before(100, lambda: True, "it", now=lambda: 100.5)
    clock.expect_not_before(100, lambda: True, "it", now=lambda: 5000)
    with pytest.raises(AssertionError, match="too early"):
        clock.expect_not_before(100, lambda: True, "it", now=lambda: 90)


def take(queue, count, done):
    queue.put([ports.free_port() for _ in range(count)])
    done.wait(600)


def test_no_port_is_given_twice():
    """Not by several runs side by side, and not while the one that has it lives."""
    context = multiprocessing.get_context("spawn")
    queue, done = context.Queue(), context.Event()
    runs = [context.Process(target=take, args=(queue, 300, done)) for _ in range(3)]
    for run in runs:
        run.start()
    given = [port for _ in runs for port in queue.get(timeout=300)]
    done.set()
    for run in runs:
        run.join()
    assert len(set(given)) == 900


def test_a_port_that_somebody_listens_at_is_not_free(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port, free = taken.getsockname()[1], ports.free_port()
        monkeypatch.setattr(ports, "_reserve", lambda port: True)
        offered = iter([port, free])
        monkeypatch.setattr(ports.random, "randint", lambda *_: next(offered))
        assert ports.free_port() == free


@pytest.mark.parametrize("answer", [
    b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", b"nonsense\r\n\r\n"])
def test_an_answer_that_is_cut_short_is_an_oserror(answer):
    """So that who polls through a restart asks again."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve():
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)
        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(OSError):
            client.get(server.getsockname()[1], "localhost")
        thread.join()
    assert not issubclass(http.client.IncompleteRead, OSError)


def test_nobody_waits_for_a_process_that_is_gone():
    gone = processes.Process(2**22 - 1, 1, "none", 0, False)
    assert processes.wait_gone([gone], 0.01)
