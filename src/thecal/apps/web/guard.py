"""What every request passes: the token, the name it was asked under, its size and time; what every answer carries."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping
from html import escape
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.exceptions import HTTPException

from thecal.apps.web.settings import MOST_JSON, MOST_UPLOAD, SLOWEST_BODY_S, Settings

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "thecal_token"
UPLOADS = "/api/data"
SECURITY = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


_PAGE = ('<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, '
         'initial-scale=1"><title>Not let in – Thecal</title><main><h1>Thecal did not let this in</h1><p>{reason}.</p>'
         "</main></html>")


class Refused(HTTPException):
    """A request that is not let in: status and reason."""


class Guard:
    """ASGI middleware round the whole application."""

    def __init__(self, app: App, settings: Settings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See :class:`Guard`."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        begun = False

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(
                    (name.encode(), value.encode()) for name, value in SECURITY.items()
                    if name.encode() not in present)]
            await send(message)

        try:
            if await self._entered(scope, headers, sending):
                return
            self._check(scope, headers)
            await self.app(scope, _bounded(receive, _most(scope["path"])), sending)
        except Refused as refused:
            if not begun:
                await _answer(sending, refused.status_code, refused.detail, headers.get("accept", ""))

    async def _entered(self, scope: Scope, headers: dict[str, str], send: Send) -> bool:
        """``?token=...`` in an address becomes a cookie, and the address is shown again without it."""
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = dict(query).get("token")
        if self.settings.token is None or given is None or scope["method"] != "GET":
            return False
        if not _same(given, self.settings.token):
            raise Refused(401, "the token is wrong")
        rest = urlencode([(name, value) for name, value in query if name != "token"])
        place = "/" + scope["path"].lstrip("/") + (f"?{rest}" if rest else "")
        await send({"type": "http.response.start", "status": 303, "headers": [
            (b"location", _plain(place).encode("latin-1")),
            (b"set-cookie", f"{COOKIE}={given}; HttpOnly; SameSite=Strict; Path=/".encode())]})
        await send({"type": "http.response.body", "body": b""})
        return True

    def _check(self, scope: Scope, headers: dict[str, str]) -> None:
        host = _name(headers.get("host", ""))
        if self.settings.token is None:
            if host not in self.settings.hosts:
                raise Refused(421, "this server answers to its own name only")
        elif not _same(_token_of(headers), self.settings.token):
            raise Refused(401, "open the address that 'thecal serve' printed: it holds the token")
        if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            origin = headers.get("origin")
            own = headers.get("host", "")
            if headers.get("sec-fetch-site") in ("cross-site", "same-site") or (
                    origin is not None and urlsplit_netloc(origin) != own):
                raise Refused(403, "this came from a page of another site")
        size = headers.get("content-length")
        if size is not None and (not size.isdigit() or int(size) > _most(scope["path"])):
            raise Refused(413, f"too large: at most {_most(scope['path']) // 2**20} MB")


def _most(path: str) -> int:
    return MOST_UPLOAD + 2**16 if path == UPLOADS else MOST_JSON


def urlsplit_netloc(address: str) -> str:
    """Host and port of an address; empty where it cannot be read."""
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""


def _plain(place: str) -> str:
    return "".join(c for c in place if " " < c < "\x7f")


def _name(host: str) -> str:
    """The host name without its port."""
    if host.startswith("["):
        return host[1:].split("]", 1)[0]
    return host.rsplit(":", 1)[0] if host.count(":") == 1 else host


def _token_of(headers: dict[str, str]) -> str:
    bearer = headers.get("authorization", "")
    if bearer.lower().startswith("bearer "):
        return bearer[7:].strip()
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())


def _bounded(receive: Receive, most: int) -> Receive:
    """The request's body, no longer and no slower than allowed."""
    taken, done = 0, False
    until = asyncio.get_running_loop().time() + SLOWEST_BODY_S

    async def bounded() -> MutableMapping[str, Any]:
        nonlocal taken, done
        if done:  # after the body only the end of the connection can come, at any time
            return await receive()
        try:
            left_s = until - asyncio.get_running_loop().time()
            if left_s <= 0:  # drop by drop, each of them in time
                raise TimeoutError
            message = await asyncio.wait_for(receive(), left_s)
        except TimeoutError:
            raise Refused(408, "the request took too long to arrive") from None
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            done = not message.get("more_body", False)
            if taken > most:
                raise Refused(413, f"too large: at most {most // 2**20} MB")
        return message

    return bounded


async def _answer(send: Send, status: int, reason: str, accepted: str) -> None:
    """Why a request was refused: as a page for a reader, else as a problem."""
    if "text/html" in accepted:
        kind, body = b"text/html; charset=utf-8", _PAGE.format(reason=escape(reason)).encode()
    else:
        problem = {"where": "request", "what": reason, "seen": "", "allowed": "", "remedy": "", "severity": "error",
                   "code": "refused"}
        kind, body = b"application/json", json.dumps({"problems": [problem]}).encode()
    await send({"type": "http.response.start", "status": status, "headers": [
        (b"content-type", kind), (b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})
