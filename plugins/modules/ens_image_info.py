#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ens_image_info
short_description: Get information about images of Edge Node Service
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Returns the custom images of the account in ENS, with their status.
  - The filters of ENS are fuzzy, so the module compares IDs and names exactly.
requirements:
  - aliyun-python-sdk-ens
extends_documentation_fragment:
  - edgelift.ens_migration.alicloud
  - edgelift.ens_migration.attributes
  - edgelift.ens_migration.attributes.info_module
options:
  image_ids:
    description:
      - The ids of images to return. An empty list matches none.
      - If neither O(image_ids) nor O(names) is set, all images are returned. If both are, those that match either.
    type: list
    elements: str
  names:
    description:
      - The exact names of images to return. An empty list matches none.
      - If unset, see O(image_ids).
    type: list
    elements: str
seealso:
  - module: edgelift.ens_migration.ens_image_import
"""

EXAMPLES = r"""
- name: Look up all custom images
  edgelift.ens_migration.ens_image_info:
    region: ap-southeast-1
  register: edge

- name: Wait until an import that was started without waiting is done
  edgelift.ens_migration.ens_image_info:
    region: ap-southeast-1
    image_ids:
      - m-5wn1dh0000000000
  register: edge
  until: edge.images | map(attribute='status') | list == ['Available']
  retries: 60
  delay: 60
"""

RETURN = r"""
images:
  description: The images.
  returned: success
  type: list
  elements: dict
  contains:
    image_id:
      description: The id of the image.
      returned: always
      type: str
      sample: m-5wn1dh0000000000
    image_name:
      description: Its name.
      returned: always
      type: str
      sample: web-01-el607cb8ded6d203aa8b68a55c697c
    status:
      description: Its status, such as C(Creating), C(Uploading), C(Upload_failed) or C(Available).
      returned: always
      type: str
      sample: Available
    architecture:
      description: The architecture.
      returned: always
      type: str
      sample: x86_64
    platform:
      description: The distribution.
      returned: always
      type: str
      sample: ubuntu
    os_version:
      description: The version of the distribution.
      returned: always
      type: str
      sample: ''
    compute_type:
      description: The compute type.
      returned: always
      type: str
      sample: ens_vm
    region:
      description: The region, when ENS names one.
      returned: always
      type: str
      sample: ''
    creation_time:
      description: When it was made.
      returned: always
      type: str
      sample: '2026-11-24T08:00:00Z'
    size:
      description: The size in GiB.
      returned: always
      type: int
      sample: 20
    disks:
      description: The disks, in the order in which ENS lists them.
      returned: always
      type: list
      elements: dict
      sample:
        - type: system
          format: qcow2
          size: 20
error:
  description: The error with API action, code and request ID of the service, HTTP status, whether a retry is safe, and a hint.
  returned: failure
  type: dict
  sample:
    action: ens.DescribeSelfImages
    code: NoPermission
    request_id: 4F3C1A9E-0000-5D0B-8F9E-000000000000
    http_status: 400
    retryable: false
    hint: "Grant the RAM user AliyunSMCFullAccess; for ENS AliyunENSFullAccess."
request_id:
  description: The id of the request that failed.
  returned: failure
  type: str
  sample: 4F3C1A9E-0000-5D0B-8F9E-000000000000
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import ens_image_info
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.argspec import ArgSpec, auth_spec
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.runner import run_module


def main() -> None:
    own = ArgSpec(
        argument_spec={
            "image_ids": {"type": "list", "elements": "str"},
            "names": {"type": "list", "elements": "str"},
        }
    )
    run_module(AnsibleModule(supports_check_mode=True, **auth_spec().merge(own).to_kwargs()), ens_image_info.work)


if __name__ == "__main__":
    main()
