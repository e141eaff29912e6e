# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Where a connection option is set: in a task, by a variable of the playbooks, or in the environment."""

from __future__ import annotations

# facts 6.6: families of environment names that other tools accept. A pair is read from one family, never mixed.
ENVIRONMENT: tuple[tuple[str, str, str], ...] = (
    ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"),
    ("ALIBABACLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_SECRET", "ALIBABACLOUD_SECURITY_TOKEN"),
    ("ALICLOUD_ACCESS_KEY", "ALICLOUD_SECRET_KEY", "ALICLOUD_SECURITY_TOKEN"),
    ("ALICLOUD_ACCESS_KEY_ID", "ALICLOUD_SECRET_ACCESS_KEY", "ALICLOUD_SECURITY_TOKEN"),
)
REGION_NAMES = ("ALIBABA_CLOUD_REGION", "ALIBABA_CLOUD_REGION_ID", "ALICLOUD_REGION")
PROFILE_NAMES = ("ALIBABA_CLOUD_PROFILE", "ALICLOUD_PROFILE")
ROLE_NAMES = ("ALIBABA_CLOUD_ECS_METADATA", "ALICLOUD_ECS_ROLE_NAME")
# After our own name, those of requests in its order; SSL_CERT_FILE is what OpenSSL itself and Ansible's modules read.
CA_NAMES = ("ALIBABA_CLOUD_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")

_ENVIRONMENT_OF = {
    "region": REGION_NAMES,
    "access_key": tuple(family[0] for family in ENVIRONMENT),
    "secret_key": tuple(family[1] for family in ENVIRONMENT),
    "security_token": tuple(dict.fromkeys(family[2] for family in ENVIRONMENT)),
    "profile": PROFILE_NAMES,
    "ecs_role_name": ROLE_NAMES,
    "ca_bundle": CA_NAMES,
}
_IN_TASKS_ONLY = ("connect_timeout", "read_timeout", "http_retries")


def place(option: str, environment: bool = True) -> str:
    """Return where a connection option is set; without its names in the environment, where these do not count.

    An option such as ``endpoints.smc`` is set where ``endpoints`` is.
    """
    if option in _IN_TASKS_ONLY:
        return f"the option {option} (in a task, or in module_defaults for group/edgelift.ens_migration.alicloud)"
    text = f"the option {option} (variable alicloud_{option.partition('.')[0]} of the playbooks)"
    names = _ENVIRONMENT_OF.get(option, ()) if environment else ()
    if not names:
        return text
    *first, last = names
    return f"{text} or the environment variable {', '.join(first)} or {last}"
