# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How a module reaches Alibaba Cloud: the counterpart of auth_spec() in module_utils/_module/argspec.py."""

    DOCUMENTATION = r"""
options:
  region:
    description:
      - The Alibaba Cloud region of ECS and OSS, in which the images are created.
      - A migration needs a region in which ENS imports images, by default V(cn-beijing) or V(ap-southeast-1). The option C(import_regions)
        of the modules that migrate overrides this list.
      - If unset, the environment variables E(ALIBABA_CLOUD_REGION), E(ALIBABA_CLOUD_REGION_ID) and E(ALICLOUD_REGION)
        are read, in this order. Without any of them, the module fails.
    type: str
  access_key:
    description:
      - The access key id.
      - Exactly one source of credentials is used. Options come first (O(access_key), O(profile) or O(ecs_role_name)),
        then a key pair in the environment, then the profile named by E(ALIBABA_CLOUD_PROFILE) or E(ALICLOUD_PROFILE)
        or the current one of C(~/.aliyun/config.json), then the role named by E(ALIBABA_CLOUD_ECS_METADATA) or
        E(ALICLOUD_ECS_ROLE_NAME).
      - If unset, E(ALIBABA_CLOUD_ACCESS_KEY_ID), E(ALIBABACLOUD_ACCESS_KEY_ID), E(ALICLOUD_ACCESS_KEY) or
        E(ALICLOUD_ACCESS_KEY_ID) is used, each together with the secret of the same family.
    type: str
  secret_key:
    description:
      - The secret that belongs to O(access_key). One without the other is an error.
      - If unset, E(ALIBABA_CLOUD_ACCESS_KEY_SECRET), E(ALIBABACLOUD_ACCESS_KEY_SECRET), E(ALICLOUD_SECRET_KEY) or
        E(ALICLOUD_SECRET_ACCESS_KEY) is used, each together with the key id of the same family.
    type: str
  security_token:
    description:
      - The token of temporary (STS) credentials, together with their O(access_key) and O(secret_key).
      - If unset, the keys are long-lived ones. A token in the environment (E(ALIBABA_CLOUD_SECURITY_TOKEN),
        E(ALIBABACLOUD_SECURITY_TOKEN), E(ALICLOUD_SECURITY_TOKEN)) counts only with the keys of the environment.
    type: str
  profile:
    description:
      - A profile of the C(aliyun) command line, read from C(~/.aliyun/config.json) or from the file that
        E(ALICLOUD_SHARED_CREDENTIALS_FILE) names. Its mode may be C(AK), C(StsToken), C(RamRoleArn) or C(EcsRamRole).
      - If unset, see O(access_key). E(ALIBABA_CLOUD_CLI_PROFILE_DISABLED) keeps the current profile from being used.
    type: str
  ecs_role_name:
    description:
      - The RAM role of the ECS instance that this runs on. Its credentials are read from the instance metadata service
        (IMDSv2, then IMDSv1 unless E(ALIBABA_CLOUD_IMDSV1_DISABLED) is V(true)) and renewed before they expire.
      - If unset, see O(access_key).
    type: str
  endpoints:
    description:
      - Where the services are reached, each as C(host), C(host:port) or a URL.
      - Endpoints are used with https, except on loopback. Plain http to any other host is refused. The one exception is
        the address C(100.100.100.200) in O(endpoints.metadata).
      - As soon as one endpoint is on loopback, all must be. An endpoint that is needed and not given is then an error.
      - If unset, the public endpoints of the services are used.
    type: dict
    suboptions:
      smc:
        description: Server Migration Center. If unset, C(smc.aliyuncs.com).
        type: str
      ecs:
        description: Elastic Compute Service. If unset, C(ecs.REGION.aliyuncs.com).
        type: str
      ens:
        description: Edge Node Service. If unset, C(ens.aliyuncs.com).
        type: str
      vpc:
        description: Virtual Private Cloud. If unset, C(vpc.REGION.aliyuncs.com).
        type: str
      sts:
        description: Security Token Service. If unset, C(sts.REGION.aliyuncs.com).
        type: str
      oss:
        description: Object Storage Service. If unset, C(oss-REGION.aliyuncs.com).
        type: str
      ram:
        description: Resource Access Management. If unset, C(ram.aliyuncs.com).
        type: str
      bss:
        description:
          - Billing (BssOpenApi), from which the balance is read.
          - If unset, C(business.aliyuncs.com), and C(business.ap-southeast-1.aliyuncs.com) in that region.
        type: str
      metadata:
        description: The instance metadata service, used with O(ecs_role_name). If unset, C(http://100.100.100.200).
        type: str
  connect_timeout:
    description:
      - Seconds to wait for a connection.
    type: float
    default: 10.0
  read_timeout:
    description:
      - Seconds to wait for each answer.
    type: float
    default: 70.0
  http_retries:
    description:
      - How often a call is repeated after throttling, an overloaded service or a broken connection. Pauses grow.
      - A call that is not idempotent is repeated only if the first one had no effect.
    type: int
    default: 4
  ca_bundle:
    description:
      - A file or directory of certificate authorities to trust instead of the ones that the Python package C(certifi)
        brings.
      - If unset, the first of E(ALIBABA_CLOUD_CA_BUNDLE), E(REQUESTS_CA_BUNDLE), E(CURL_CA_BUNDLE) and E(SSL_CERT_FILE) is used.
    type: path
requirements:
  - python >= 3.10
  - aliyun-python-sdk-core
  - aliyun-python-sdk-sts (for a profile with the mode C(RamRoleArn))
  - jmespath
  - requests
notes:
  - Proxies are taken from the usual environment variables. E(NO_PROXY) is respected.
"""

    CLIENTS = r"""
options: {}
requirements:
  - aliyun-python-sdk-ecs
  - aliyun-python-sdk-ens
  - aliyun-python-sdk-smc
  - aliyun-python-sdk-sts
  - aliyun-python-sdk-vpc
  - oss2
"""
