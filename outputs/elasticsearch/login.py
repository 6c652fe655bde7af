"""As whom requests are sent.

Owns the headers that carry a login, and the options `auth.*`. Must not know requests.
"""

from __future__ import annotations

import base64
import binascii
from typing import Self

from pydantic import Field, field_validator, model_validator

from heartbeat.config import Listed, Options, Text

AUTHORIZATION = "authorization"


class HeaderOptions(Options):
    """One of `auth.headers`."""

    key: Text = Field(default="", description="Name of the header.")
    value: Text = Field(default="", description="What it says.")

    @field_validator("key")
    @classmethod
    def _is_given(cls, key: str) -> str:
        if not key:
            raise ValueError("missing required field")
        return key


class AuthOptions(Options):
    """`auth`: what is added where a request does not carry it yet."""

    headers: Listed[HeaderOptions] = Field(
        default=(), description="Headers, each with key and value."
    )
    username: Text = Field(default="", description="User for Basic authentication.")
    password: Text = Field(default="", description="Password of that user.")
    api_key: Text = Field(default="", description="API key, in base64 already.")

    @model_validator(mode="after")
    def _one_identity(self) -> Self:
        if self.api_key and (self.username or self.password):
            raise ValueError("cannot set both api_key and username/password")
        if self.password and not self.username:
            raise ValueError("password is set, but username is not")
        return self

    @property
    def said(self) -> dict[str, str]:
        """Return all headers of the group; a login comes before a header for it."""
        named = {one.key.lower(): one.value for one in self.headers}
        if self.api_key:
            named[AUTHORIZATION] = f"ApiKey {self.api_key}"
        elif self.username:
            named[AUTHORIZATION] = basic(self.username, self.password)
        return named


def basic(username: str, password: str) -> str:
    """Return the header of Basic authentication."""
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"


def encoded_api_key(key: str) -> str:
    """Return an API key as the header carries it; raises `ValueError`."""
    if ":" in key:
        return base64.b64encode(key.encode()).decode()
    try:
        is_pair = b":" in base64.b64decode(key, validate=True)
    except binascii.Error:
        is_pair = False
    if not is_pair:
        raise ValueError("is neither 'id:key' nor that in base64")
    return key
