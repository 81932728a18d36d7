"""The client against a daemon whose environment the caller has set, signed in to the emulator."""

from __future__ import annotations

import os
import socket
import socketserver
import tempfile
import threading
import time
import unittest
from pathlib import Path
from typing import Any, Callable, List

from rolecall import Client, RolecallError

ROLE = ("my-sso-session", "111111111111", "Admin-AF-Permission-Set")


class DaemonTest(unittest.TestCase):
    """What a signed-in daemon answers."""

    def setUp(self) -> None:
        self.client = Client()

    def test_shows_status_accounts_and_roles(self) -> None:
        (session,) = self.client.status()["sessions"]
        self.assertEqual((session["session"], session["state"]), ("my-sso-session", "live"))
        accounts = self.client.accounts("my-sso-session")
        self.assertEqual(len(accounts["accounts"]), 4)
        roles = self.client.roles()["roles"]
        self.assertIn(ROLE, [(role["session"], role["accountId"], role["permissionSet"]) for role in roles])

    def test_gets_credentials_of_one_role(self) -> None:
        document = self.client.credentials(*ROLE)
        self.assertEqual((document["Version"], document["AccountId"]), (1, "111111111111"))
        self.assertTrue(document["Expiration"].endswith("Z"))

    def test_switches_the_current_role_and_hears_of_it(self) -> None:
        events = self.client.events()
        self.assertEqual(next(events).type, "hello")
        changed = self.client.set_current(*ROLE)
        assert changed is not None
        self.assertEqual(changed["profile"], "taylor.Admin-AF-Permission-Set")
        event = next(event for event in events if event.type == "current")
        self.assertEqual(event.data["accountName"], "taylor")
        self.assertEqual(self.client.current(), changed)
        self.assertEqual(self.client.current_credentials()["AccountId"], "111111111111")
        self.client.clear_current()
        self.assertIsNone(self.client.current())
        events.close()  # type: ignore[attr-defined]

    def test_needs_no_sign_in_while_the_session_is_live(self) -> None:
        self.assertEqual(self.client.sign_in("my-sso-session")["state"], "live")

    def test_raises_what_the_daemon_refuses(self) -> None:
        for call, expected in (
            (lambda: self.client.credentials("nope", "111111111111", "Admin"), ("session-not-found", 6, 404)),
            (
                lambda: self.client.credentials("my-sso-session", "111111111111", "Nope"),
                ("permission-set-not-assigned", 5, 403),
            ),
            (lambda: self.client.set_current("my-sso-session", "1", "Nope"), ("invalid-request", 2, 400)),
            (lambda: self.client.sign_in_state("../../x?y#z"), ("session-not-found", 6, 404)),
        ):
            with self.subTest(expected=expected[0]), self.assertRaises(RolecallError) as raised:
                call()
            error = raised.exception
            self.assertEqual((error.code, error.exit_code, error.status), expected)
            self.assertTrue(error.hint.startswith("rolecall "), error.hint)


class FakeDaemon(socketserver.ThreadingUnixStreamServer):
    """A server at a socket that answers as a test wants."""

    daemon_threads = True

    def __init__(self, *arguments: Any) -> None:
        self.requests: List[bytes] = []
        super().__init__(*arguments)


def serve(path: str, answer: Callable[[socket.socket], None]) -> FakeDaemon:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            server.requests.append(self.request.recv(65536))
            answer(self.request)

    server = FakeDaemon(path, Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


class SocketTest(unittest.TestCase):
    """Which sockets the client speaks to, and for how long."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="rolecall-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path = str(self.folder / "daemon.sock")

    def serve(self, answer: Callable[[socket.socket], None]) -> Client:
        server = serve(self.path, answer)
        self.requests = server.requests
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return Client(socket=self.path, timeout=0.3)

    def code_of(self, call: Callable[[], Any]) -> str:
        with self.assertRaises(RolecallError) as raised:
            call()
        return raised.exception.code

    def test_says_that_no_daemon_runs(self) -> None:
        self.assertEqual(self.code_of(Client(socket=self.path).status), "daemon-not-running")
        left = socket.socket(socket.AF_UNIX)
        left.bind(self.path)
        left.close()
        self.assertEqual(self.code_of(Client(socket=self.path).status), "daemon-not-running")

    def test_names_a_program_that_is_missing_when_it_should_start_the_daemon(self) -> None:
        client = Client(socket=self.path, start=True, command=["no-such-rolecall"])
        self.assertEqual(self.code_of(client.status), "daemon-not-running")

    def test_starts_no_program_of_the_working_directory(self) -> None:
        folder = os.path.realpath(self.folder)
        program = Path(folder, "rolecall")
        program.write_text(f"#!/bin/sh\ntouch '{folder}/started'\nexit 1\n", encoding="utf-8")
        program.chmod(0o755)
        before = os.getcwd()
        os.chdir(folder)
        try:
            for path in (":/nowhere", ".:/nowhere", "/nowhere:"):
                environment = {"HOME": folder, "XDG_RUNTIME_DIR": folder, "PATH": path}
                with self.assertRaisesRegex(RolecallError, "was not found in your PATH"):
                    Client(environment=environment, start=True).status()
        finally:
            os.chdir(before)
        self.assertFalse(Path(folder, "started").exists())

    def test_sends_nothing_where_others_could_listen(self) -> None:
        heard = []
        client = self.serve(lambda connection: heard.append(1))
        self.folder.chmod(0o777)
        self.assertEqual(self.code_of(client.status), "foreign-socket")
        self.folder.chmod(0o700)
        link = self.folder.with_name(f"{self.folder.name}-link")
        link.symlink_to(self.folder)
        self.addCleanup(link.unlink)
        self.assertEqual(self.code_of(Client(socket=str(link / "daemon.sock")).status), "foreign-socket")
        if os.geteuid() == 0:
            os.chown(self.path, 65534, 65534)
            self.assertEqual(self.code_of(client.status), "foreign-socket")
        self.assertEqual(heard, [])

    def test_prefers_an_own_socket_to_a_foreign_one(self) -> None:
        (self.folder / "state" / "rolecall" / "run").mkdir(parents=True, mode=0o700)
        runtime = self.folder / "runtime"
        (runtime / "rolecall").mkdir(parents=True)
        (runtime / "rolecall").chmod(0o777)
        foreign = serve(str(runtime / "rolecall" / "daemon.sock"), lambda connection: None)
        self.addCleanup(foreign.server_close)
        self.addCleanup(foreign.shutdown)
        self.path = str(self.folder / "state" / "rolecall" / "run" / "daemon.sock")
        self.serve(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull"))
        environment = {"HOME": "/", "XDG_RUNTIME_DIR": str(runtime), "XDG_STATE_HOME": str(self.folder / "state")}
        self.assertIsNone(Client(environment=environment).current())

    def test_follows_a_symlink_of_ours_once(self) -> None:
        self.serve(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull"))
        alias = self.folder / "alias.sock"
        alias.symlink_to("daemon.sock")
        second = self.folder / "second.sock"
        second.symlink_to("alias.sock")
        self.assertIsNone(Client(socket=str(alias)).current())
        self.assertEqual(self.code_of(Client(socket=str(second)).current), "daemon-not-running")

    def test_keeps_its_deadline_while_bytes_trickle_in(self) -> None:
        over = threading.Event()
        self.addCleanup(over.set)

        def trickle(connection: socket.socket) -> None:
            for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b" " * 1000:
                if over.wait(0.02):
                    return
                try:
                    connection.sendall(bytes([byte]))
                except OSError:
                    return

        client = self.serve(trickle)
        began = time.monotonic()
        self.assertEqual(self.code_of(client.status), "daemon-not-answering")
        self.assertLess(time.monotonic() - began, 2)

    def test_tells_broken_answers_apart(self) -> None:
        for answer, code in (
            (b"", "daemon-not-answering"),
            (b"SSH-2.0-OpenSSH\r\n\r\n", "unusable-response"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", "daemon-not-answering"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{", "unusable-response"),
            (b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}", "route-not-found"),
        ):
            with self.subTest(answer=answer):
                client = self.serve(lambda connection, answer=answer: connection.sendall(answer))  # type: ignore[misc]
                self.assertEqual(self.code_of(client.status), code)
                os.unlink(self.path)

    def test_says_when_to_ask_again(self) -> None:
        body = b'{"code":"identity-center-throttled","message":"Slow down.","hint":"rolecall status"}'
        head = b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: %d\r\n\r\n" % len(body)
        client = self.serve(lambda connection: connection.sendall(head + body))
        with self.assertRaises(RolecallError) as raised:
            client.status()
        error = raised.exception
        self.assertEqual((error.exit_code, error.status, error.retry_after), (7, 503, 7.0))
        self.assertEqual(str(error), "Slow down. [identity-center-throttled] Run: rolecall status")

    def test_has_the_exit_code_of_the_command_line_where_a_sign_in_does_not_help(self) -> None:
        for code, exit_code in (("sign-in-required", 4), ("token-required", 5), ("locked", 5)):
            body = b'{"code":"%s","message":"No.","hint":"rolecall status"}' % code.encode()
            head = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: %d\r\n\r\n" % len(body)
            client = self.serve(lambda connection, text=head + body: connection.sendall(text))  # type: ignore[misc]
            with self.subTest(code=code), self.assertRaises(RolecallError) as raised:
                client.status()
            self.assertEqual((raised.exception.code, raised.exception.exit_code), (code, exit_code))
            os.unlink(self.path)

    def test_says_how_long_it_can_wait_for_credentials(self) -> None:
        ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        client = self.serve(lambda connection: connection.sendall(ok))
        client.credentials("a", "111111111111", "b", timeout=60.5)
        client.call("GET", "/v1/grants", timeout=5)
        client.status()
        self.assertIn(b"\r\nPrefer: wait=60\r\n", self.requests[0])
        self.assertIn(b"\r\nPrefer: wait=5\r\n", self.requests[1])
        self.assertNotIn(b"Prefer:", self.requests[2])

    def test_resumes_its_events_after_a_lost_connection(self) -> None:
        requests = []
        answers = iter(
            [
                b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nid: 7\nevent: hello\ndata: {\ndata: }\n\n:\n\nda",
                b"",
                b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nid:8\r\nevent:lock\r\ndata:null\r\n\r\n",
            ]
        )

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                requests.append(self.request.recv(65536))
                self.request.sendall(next(answers))

        server = FakeDaemon(self.path, Handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        events = Client(socket=self.path).events()
        heard = [tuple(next(events)) for _ in range(4)]
        events.close()  # type: ignore[attr-defined]
        expected: "list[tuple[str, object]]" = [("hello", {}), ("disconnected", None), ("connected", None), ("lock", None)]
        self.assertEqual(heard, expected)
        self.assertEqual([b"Last-Event-ID: 7" in request for request in requests], [False, True, True])


if __name__ == "__main__":
    unittest.main()
