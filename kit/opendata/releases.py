"""The datasets of an ATLAS Open Data release, through the collaboration's client atlasopenmagic.

The client keeps each dataset under its number and under its short name; numbers alone are counted here. Its
requests go through our own patience, and what it collects is compared with the number that the service tells.
"""

from __future__ import annotations

import threading
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from kit.files import FormatError
from kit.opendata.listings import Dataset, Kind, RemoteFile
from kit.opendata.web import Passing, Patience, json_of, patiently, refuse

__all__ = ["RELEASES", "Release", "list_release"]

Release = Literal[
    "2016e-8tev",
    "2020e-13tev",
    "2024r-pp",
    "2024r-hi",
    "2025e-13tev-beta",
    "2025r-evgen-13tev",
    "2025r-evgen-13p6tev",
]
RELEASES: tuple[str, ...] = get_args(Release)
DATA = "data"  # the key of collision data; all others are numbers of simulated datasets
PAGE = 1000  # datasets a request
NOT_METADATA = ("file_list", "skims", "release")
_CLIENT = threading.Lock()  # the client has one state for the whole process


def list_release(release: str, api_url: str, patience: Patience) -> list[Dataset]:
    """Return all datasets of a release, with the files of all skims.

    Raises
    ------
    OSError
        If the service cannot be reached.
    FormatError
        If it gives fewer datasets than it says it has.
    """
    import requests
    from atlasopenmagic import metadata as client

    adapter = _patient_adapter(patience)
    client.set_verbosity("error")
    with _CLIENT:
        before, session = client.API_BASE_URL, client.get_session()
        try:
            client.API_BASE_URL = api_url.rstrip("/")
            session.mount(client.API_BASE_URL, adapter)
            client.empty_metadata()
            client.set_release(release, page_size=PAGE)
            keys = client.available_datasets()
            datasets = [_dataset(release, key, client) for key in keys]
        except requests.RequestException as fault:
            message = f"{api_url}: {fault}"
            raise OSError(message) from fault
        finally:
            session.adapters.pop(client.API_BASE_URL, None)
            client.API_BASE_URL = before
            client.empty_metadata()
    told = adapter.counts.get("count")
    if told is not None and told != len(datasets):
        message = f"{api_url}: release {release}: {len(datasets)} datasets were given, the service tells of {told}"
        raise FormatError(message)
    return datasets


def _dataset(release: str, key: str, client: Any) -> Dataset:
    content = client.get_all_info(key)
    skims = ["noskim"] * bool(content.get("file_list")) + [
        skim["skim_type"] for skim in content.get("skims") or []
    ]
    files = {skim: [RemoteFile(uri) for uri in client.get_urls(key, skim=skim, protocol="root")] for skim in skims}
    kind: Kind = "data" if key == DATA else "simulation"
    told = {name: value for name, value in content.items() if name not in NOT_METADATA}
    return Dataset(release, key, content.get("physics_short") or key, kind, told, files)


def _patient_adapter(patience: Patience) -> Any:
    """Return a transport for the client's session that tries again by our rules, also where a body is no JSON."""
    import requests
    from requests.adapters import HTTPAdapter

    class Patient(HTTPAdapter):
        def __init__(self) -> None:
            super().__init__(max_retries=0)
            self.counts: dict[str, int] = {}

        def send(self, request: Any, **options: Any) -> Any:  # type: ignore[override]
            options["timeout"] = patience.timeout

            def attempt() -> Any:
                try:
                    answer = super(Patient, self).send(request, **options)
                    body = answer.content
                except requests.RequestException as fault:
                    message = f"{request.url}: {fault}"
                    raise Passing(message) from fault
                refuse(request.url, answer.status_code, answer.reason, answer.headers)
                content = json_of(request.url, body)
                if urlsplit(request.url).path.endswith("/count"):
                    self.counts = content
                return answer

            return patiently(attempt, patience)

    return Patient()
