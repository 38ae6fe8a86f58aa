"""``thecal serve``: the laboratory in a browser on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import socket


@click.command("serve")
@click.option("--port", type=click.IntRange(0, 65535), default=8315, show_default=True,
              help="Port; 0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True,
              help="Address to listen on. Any but this machine's own demands a token.")
@click.option("--token", envvar="THECAL_TOKEN", help="What a browser must show; made up where --host needs one.")
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), default=Path("runs") / "laboratory",
              show_default=True, help="Folder for runs and their queue.")
@click.option("--workers", type=click.IntRange(1, 16), default=1, show_default=True,
              help="Processes that compute runs.")
@click.option("--open/--no-open", "show", default=False, help="Open the page in the usual browser.")
def command(port: int, host: str, token: str | None, home: Path, workers: int, show: bool) -> None:
    """Open the laboratory in a browser on this machine.

    Studies, runs, data and evidence as on the command line, with the same results. Ctrl-C stops the server; runs go
    on where they stopped when it is started again with the same --home.
    """
    import secrets

    import uvicorn

    from thecal.apps.web.server import create_app
    from thecal.apps.web.settings import LOOPBACK, Settings
    from thecal.core.errors import ThecalError

    if host not in LOOPBACK and not token:
        token = secrets.token_urlsafe(24)
    if token is not None and not (len(token) >= 8 and token.replace("-", "").replace("_", "").isalnum()
                                  and token.isascii()):
        raise ThecalError.single("--token", "the token is too weak or holds odd characters",
                                 allowed="at least 8 letters, digits, '-' or '_'", remedy="leave it out to get one")
    listening = _listen(host, port)
    port = listening.getsockname()[1]
    shown = f"[{host}]" if ":" in host else "localhost" if host in ("0.0.0.0", "127.0.0.1") else host
    address = f"http://{shown}:{port}/" + (f"?token={token}" if token else "")
    app = create_app(Settings(home.absolute(), token, LOOPBACK, workers))
    click.echo(f"Thecal is at {address}  (runs in {home}; Ctrl-C stops)", err=True)
    if show:
        import webbrowser

        webbrowser.open(address)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, server_header=False,
                                           timeout_keep_alive=30, timeout_graceful_shutdown=2,
                                           limit_concurrency=400, proxy_headers=False))
    server.run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens; an address that is taken is told in the user's words."""
    import socket

    from thecal.core.errors import ThecalError

    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET,
                                    backlog=200)
    except (OSError, OverflowError) as error:
        raise ThecalError.single("--port", f"cannot listen on {host} port {port}",
                                 seen=getattr(error, "strerror", None) or str(error),
                                 remedy="choose another --port, or stop the server that has it") from None
