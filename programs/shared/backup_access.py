"""What the stack said of the backup, and how a repository is opened with it."""

import os
from collections.abc import Mapping

from shared.files import read_settings, read_text
from shared.restic import Access, Repository

ETC_HOLDFAST = os.environ.get("HOLDFAST_ETC", "/etc/holdfast")
BACKUP_CONF = f"{ETC_HOLDFAST}/backup.conf"
BACKUP_KEEP = os.environ.get("HOLDFAST_BACKUP", "/var/lib/holdfast/backup")


class NotSet(Exception):
    """A setting is missing; says which."""


def backup_settings() -> dict[str, str]:
    settings = read_settings(BACKUP_CONF)
    for name in ("NODE", "TARGET"):
        if not settings.get(name):
            raise NotSet(f"{BACKUP_CONF} has no {name}")
    return settings


def repository_of(settings: Mapping[str, str], node: str, cache: str = "") -> Repository:
    """Each node has one of its own below the target: nobody waits for another one's lock."""
    user, colon, word = read_text(f"{ETC_HOLDFAST}/backup.login").strip().partition(":")
    access = Access(
        location=f"{settings['TARGET'].rstrip('/')}/{node}",
        password=f"{ETC_HOLDFAST}/backup.password",
        key=f"{ETC_HOLDFAST}/backup.key",
        known_hosts=f"{ETC_HOLDFAST}/backup.known_hosts",
        port=int(settings.get("PORT", "22")),
        login=(user, word) if colon else None,
    )
    return Repository(access, cache, float(settings.get("TIMEOUT", "3600")))
