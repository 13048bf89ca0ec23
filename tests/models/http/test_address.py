"""Where a model that writes no text is asked below the address that a recipe names."""

from __future__ import annotations

import pytest

from hfsft.models.http.address import url_below

HOST = "http://h:8000"


@pytest.mark.parametrize(
    ("base_url", "end", "versioned", "url"),
    [
        (HOST, "/embeddings", True, f"{HOST}/v1/embeddings"),
        (f"{HOST}/v1", "/embeddings", True, f"{HOST}/v1/embeddings"),
        (f"{HOST}/v1/", "/embeddings", True, f"{HOST}/v1/embeddings"),
        (f"{HOST}/v2", "/rerank", True, f"{HOST}/v2/rerank"),
        (f"{HOST}/v1/embeddings", "/embeddings", True, f"{HOST}/v1/embeddings"),
        (
            "https://h/openai/deployments/m?api-version=1",
            "/embeddings",
            True,
            "https://h/openai/deployments/m/embeddings?api-version=1",
        ),
        (HOST, "/score", False, f"{HOST}/score"),
        (f"{HOST}/v1", "/score", False, f"{HOST}/score"),
        (f"{HOST}/v1/", "/classify", False, f"{HOST}/classify"),
        (f"{HOST}/proxy/v1?key=k", "/rerank", False, f"{HOST}/proxy/rerank?key=k"),
        (f"{HOST}/proxy/rerank", "/rerank", False, f"{HOST}/proxy/rerank"),
        (f"{HOST}/v1v1/v1", "/rerank", False, f"{HOST}/v1v1/rerank"),
    ],
)
def test_the_address_of_a_task(base_url: str, end: str, versioned: bool, url: str) -> None:
    assert url_below(base_url, end, versioned=versioned) == url


def test_no_address_is_made_of_what_is_none() -> None:
    with pytest.raises(ValueError, match="no http"):
        url_below("h:8000", "/embeddings")
