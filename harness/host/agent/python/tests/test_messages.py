"""Messages of JSON-RPC."""

import json
import unittest

from netconform_agent.rpc.messages import (
    BadParams,
    Failure,
    Garbage,
    error_line,
    read_answer,
    read_request,
    request_line,
    result_line,
)
from netconform_agent.rpc.params import Params


class MessagesTest(unittest.TestCase):
    """What is written is read again; anything else is garbage."""

    def test_a_request_is_read_as_it_was_written(self) -> None:
        request = read_request(request_line(7, "scan", {"ports": [1, 2]}))
        self.assertEqual((request.id, request.method, request.params), (7, "scan", {"ports": [1, 2]}))

    def test_a_notification_has_no_id_and_may_have_no_parameters(self) -> None:
        request = read_request(b'{"jsonrpc":"2.0","method":"cancel"}\n')
        self.assertEqual((request.id, request.method, request.params), (None, "cancel", {}))

    def test_what_is_no_request_is_shown(self) -> None:
        for line in (b"", b"hello\n", b"[]", b"3", b'{"id":1}', b'{"id":"x","method":"m"}', b"\xff\n"):
            with self.subTest(line=line), self.assertRaisesRegex(Garbage, "^expected a request of JSON-RPC"):
                read_request(line)
        with self.assertRaisesRegex(Garbage, "in one line, got "):
            read_request(b'{"id":1,"method":"m","params":[1]}')
        with self.assertRaisesRegex(Garbage, 'got "hello"$'):
            read_request(b"hello\n")

    def test_an_answer_has_its_result_or_throws_its_error(self) -> None:
        self.assertEqual(read_answer(result_line(1, {"code": 0})), {"code": 0})
        with self.assertRaisesRegex(Failure, "^no such pool$"):
            read_answer(error_line(1, Failure("no such pool")))

    def test_what_is_no_answer_is_shown(self) -> None:
        for line in (
            b"hello\n",
            b'{"id":1}',
            b'{"id":1,"result":3}',
            b'{"id":1,"error":"no"}',
            b'{"id":1,"res',
        ):
            with self.subTest(line=line), self.assertRaisesRegex(Garbage, "^expected an answer of JSON-RPC"):
                read_answer(line)

    def test_an_error_tells_its_kind(self) -> None:
        error = json.loads(error_line(None, BadParams("port: missing")))
        self.assertEqual(error["id"], None)
        self.assertEqual(error["error"]["data"], {"kind": "bad parameters"})


class ParamsTest(unittest.TestCase):
    """Parameters have the type that a method reads them as."""

    def test_parameters_are_read_by_type(self) -> None:
        params = Params({"name": "web", "port": 80, "ports": [1, 2], "timeoutMs": 1500, "whole": False})
        self.assertEqual(params.text("name"), "web")
        self.assertEqual(params.integer("port"), 80)
        self.assertEqual(params.integers("ports"), [1, 2])
        self.assertEqual(params.seconds("timeoutMs"), 1.5)
        self.assertIs(params.flag("whole"), False)
        self.assertIsNone(params.text_or_none("address"))
        self.assertIsNone(params.integer_or_none("parallel"))

    def test_another_type_is_refused_by_name(self) -> None:
        params = Params({"name": 1, "port": "80", "ports": [1, "2"], "timeoutMs": True, "whole": 0})
        with self.assertRaisesRegex(BadParams, "^name: expected a text, got 1$"):
            params.text("name")
        with self.assertRaisesRegex(BadParams, "^port: expected a whole number, got '80'$"):
            params.integer("port")
        with self.assertRaisesRegex(BadParams, "^ports: expected a list of whole numbers"):
            params.integers("ports")
        with self.assertRaisesRegex(BadParams, "^timeoutMs: expected a number of milliseconds"):
            params.seconds("timeoutMs")
        with self.assertRaisesRegex(BadParams, "^whole: expected true or false"):
            params.flag("whole")
        with self.assertRaisesRegex(BadParams, "^missing: expected a text, got None$"):
            params.text("missing")
