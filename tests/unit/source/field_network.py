# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers whose network public reports describe: the files that configure it, and what of it works on an ENS instance.

The files are made by hand from the reports, with other addresses. ``about`` is what a migration engineer expects.
"""

from __future__ import annotations

from dataclasses import dataclass, field

LOST = "nic-not-configured"
STATIC = "nic-static-address"
LAYERS = "nic-layers"
NAMES = "nic-names"
SERVERS = "nic-name-servers"


@dataclass(frozen=True)
class Field:
    """One server of a report. ``files`` are below /, a value that begins with -> is a link."""

    name: str
    address: str
    about: str
    files: dict[str, str]
    findings: frozenset[str] = frozenset()
    evidence: str = ""
    """What the finding nic-not-configured says, as a part of it."""
    cloud_init: bool = False
    devices: dict[str, str] = field(default_factory=lambda: {"eth0": "52:54:00:00:00:01"})


PREDICTABLE = {"usr/lib/udev/rules.d/80-net-setup-link.rules": "# udev\n"}
GENERATOR = {"lib/udev/rules.d/75-persistent-net-generator.rules": "# rules\n"}


def started(*services: str) -> dict[str, str]:
    return {f"etc/systemd/system/multi-user.target.wants/{name}.service": "->/bin/sh" for name in services}


def sysv(name: str) -> dict[str, str]:
    return {f"etc/rc.d/rc3.d/S10{name}": "->/bin/sh"}


NM = {**PREDICTABLE, **started("NetworkManager")}
NETWORKD = {**PREDICTABLE, **started("systemd-networkd")}
RULE = (
    'SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="08:00:27:87:4a:6%s", '
    'KERNEL=="eth*", NAME="eth%s"\n'
)

FIELD = (
    Field(
        "el6-rules-by-mac",
        "https://github.com/rear/rear/issues/770",
        "RHEL 6 keeps eth0 and eth1 for the old devices, so the new one is eth2 and has no configuration.",
        {
            **GENERATOR,
            **sysv("network"),
            "etc/udev/rules.d/70-persistent-net.rules": RULE % ("0", "0") + RULE % ("1", "1"),
            "etc/sysconfig/network-scripts/ifcfg-eth0": "DEVICE=eth0\nBOOTPROTO=dhcp\nONBOOT=yes\n",
        },
        frozenset({LOST, NAMES}),
        "eth0 in /etc/sysconfig/network-scripts/ifcfg-eth0: it is for eth0, and the name there is eth2",
    ),
    Field(
        "sles11-rules-by-mac",
        "https://github.com/gdha/rear-automated-testing/issues/59",
        "SLES 11 renames the device of the new machine, and its static address is lost.",
        {
            **GENERATOR,
            "etc/init.d/rc3.d/S05network": "->/bin/sh",
            "etc/udev/rules.d/70-persistent-net.rules": RULE % ("e", "0"),
            "etc/sysconfig/network/ifcfg-eth0": "BOOTPROTO='static'\nIPADDR='192.0.2.7/24'\nSTARTMODE='auto'\n",
            "etc/sysconfig/network/routes": "default 192.0.2.1 - -\n",
        },
        frozenset({LOST, NAMES, STATIC}),
        "the name there is eth1",
    ),
    Field(
        "sles12-rules-by-slot",
        "https://github.com/rear/rear/pull/1312",
        "A rule of SLES 12 names the device by its slot. In another slot it keeps the kernel's name eth0, with DHCP.",
        {
            **started("wicked"),
            "etc/udev/rules.d/70-persistent-net.rules": 'SUBSYSTEM=="net", ACTION=="add", DRIVERS=="virtio-pci", '
            'KERNELS=="0000:00:01.0", KERNEL=="eth*", NAME="eth0"\n',
            "etc/sysconfig/network/ifcfg-eth0": "BOOTPROTO='dhcp'\nSTARTMODE='auto'\n",
        },
        frozenset({NAMES}),
    ),
    Field(
        "sles12-no-rules",
        "https://github.com/os-autoinst/os-autoinst-distri-opensuse/pull/1544",
        "Without the rule, ifcfg-eth0 is used on any machine: nothing to report.",
        {**started("wicked"), "etc/sysconfig/network/ifcfg-eth0": "BOOTPROTO='dhcp'\nSTARTMODE='auto'\n"},
    ),
    Field(
        "suse-name-scheme",
        "https://github.com/os-autoinst/os-autoinst-distri-opensuse/pull/1031",
        "ifcfg-eth0 on a system that names the virtio device ens4: no network after the change.",
        {
            **PREDICTABLE,
            **started("wicked"),
            "etc/sysconfig/network/ifcfg-eth0": "BOOTPROTO='dhcp'\nSTARTMODE='auto'\n",
        },
        frozenset({LOST}),
        "the name there is ens5 or enp0s5",
    ),
    Field(
        "netplan-static-vmware",
        "https://github.com/vexxhost/migratekit/issues/34",
        "Ubuntu 22.04 from VMware with a static address on ens160, into a cloud with DHCP.",
        {
            **NETWORKD,
            "etc/netplan/00-installer-config.yaml": "network:\n  version: 2\n  ethernets:\n    ens160:\n"
            "      addresses: [10.0.3.7/24]\n      routes:\n      - to: default\n        via: 10.0.3.1\n"
            "      nameservers:\n        addresses: [10.0.0.53]\n",
        },
        frozenset({LOST, STATIC, SERVERS}),
        "ens160 in /etc/netplan/00-installer-config.yaml: it is for ens160, and the name there is ens5 or enp0s5",
    ),
    Field(
        "ifcfg-static-nm",
        "https://github.com/libguestfs/virt-v2v/issues/99",
        "The name changes and the static address with it. NetworkManager asks DHCP for a device that no "
        "profile is for.",
        {
            **NM,
            "etc/sysconfig/network-scripts/ifcfg-ens192": "TYPE=Ethernet\nDEVICE=ens192\nBOOTPROTO=none\nONBOOT=yes\n"
            "IPADDR=10.1.2.3\nPREFIX=24\nGATEWAY=10.1.2.1\nDNS1=10.1.0.53\n",
        },
        frozenset({STATIC, SERVERS}),
    ),
    Field(
        "keyfile-static-server",
        "https://github.com/kubev2v/forklift/pull/980",
        "RHEL 8 with NetworkManager-config-server: no profile, no DHCP. The static address of the profile does "
        "not move.",
        {
            **NM,
            "usr/lib/NetworkManager/conf.d/00-server.conf": "[main]\nno-auto-default=*\nignore-carrier=*\n",
            "etc/NetworkManager/system-connections/ens192.nmconnection": "[connection]\nid=ens192\ntype=ethernet\n"
            "interface-name=ens192\n[ipv4]\naddress1=10.1.2.3/24,10.1.2.1\nmethod=manual\n[wifi-security]\n"
            "psk=secret\n",
        },
        frozenset({LOST, STATIC}),
        "ens192 in /etc/NetworkManager/system-connections/ens192.nmconnection: it is for ens192",
    ),
    Field(
        "keyfile-by-mac",
        "https://github.com/rear/rear/pull/3179",
        "A profile bound to name and hardware address is for no device of other hardware; NetworkManager then "
        "asks DHCP.",
        {
            **NM,
            "etc/NetworkManager/system-connections/lan.nmconnection": "[connection]\nid=lan\ntype=ethernet\n"
            "interface-name=enp1s0\n[ethernet]\nmac-address=52:54:00:12:34:56\n[ipv4]\nmethod=auto\n",
        },
        frozenset({NAMES}),
    ),
    Field(
        "netplan-match-mac",
        "https://github.com/canonical/cloud-init/issues/3611",
        "Ubuntu 18.04 whose file matches the hardware address, with cloud-init removed: a clone has no network.",
        {
            **NETWORKD,
            "etc/netplan/50-cloud-init.yaml": "network:\n  version: 2\n  ethernets:\n    ens160:\n      dhcp4: true\n"
            "      match:\n        macaddress: 00:50:56:12:34:56\n      set-name: ens160\n",
        },
        frozenset({LOST, NAMES}),
        "it is bound to the hardware address 00:50:56:12:34:56",
    ),
    Field(
        "netplan-match-mac-cloud-init",
        "https://github.com/ghik/kubernetes-the-harder-way/issues/3",
        "The same file where cloud-init writes it again on each new instance: the network is configured.",
        {
            **NETWORKD,
            "etc/netplan/50-cloud-init.yaml": "network:\n  version: 2\n  ethernets:\n    enp0s1:\n      dhcp4: true\n"
            "      match:\n        macaddress: '52:00:00:12:34:56'\n      set-name: enp0s1\n",
        },
        frozenset({NAMES}),
        cloud_init=True,
    ),
    Field(
        "netplan-generic-name",
        "https://github.com/theforeman/foreman/pull/9228",
        "DHCP, but for the name that the installer of VMware guests saw.",
        {**NETWORKD, "etc/netplan/01-netcfg.yaml": "network:\n  ethernets:\n    ens160:\n      dhcp4: yes\n"},
        frozenset({LOST}),
        "it is for ens160",
    ),
    Field(
        "el5-bond",
        "https://github.com/rear/rear/issues/812",
        "RHEL 5.8 with a bond over two devices, moved to a virtual machine: no device has an address.",
        {
            **sysv("network"),
            "etc/sysconfig/network-scripts/ifcfg-bond0": "DEVICE=bond0\nBOOTPROTO=none\nONBOOT=yes\nIPADDR=10.9.8.7\n"
            "NETMASK=255.255.255.0\nGATEWAY=10.9.8.1\n",
            "etc/sysconfig/network-scripts/ifcfg-eth0": "DEVICE=eth0\nHWADDR=00:16:35:3C:3C:92\nMASTER=bond0\n"
            "SLAVE=yes\nONBOOT=yes\n",
            "etc/sysconfig/network-scripts/ifcfg-eth0.bak": "DEVICE=eth0\nBOOTPROTO=dhcp\nONBOOT=yes\n",
        },
        frozenset({LOST, STATIC, LAYERS, NAMES}),
        "bond0 in /etc/sysconfig/network-scripts/ifcfg-bond0: it is a bond; "
        "eth0 in /etc/sysconfig/network-scripts/ifcfg-eth0: it is a part of a bond or a bridge",
    ),
    Field(
        "networkd-bond-vlans",
        "https://github.com/openmediavault/openmediavault/issues/670",
        "Debian with systemd-networkd: four devices in a bond, with two VLANs above it.",
        {
            **NETWORKD,
            "etc/systemd/network/10-bond0.netdev": "[NetDev]\nName=bond0\nKind=bond\n",
            "etc/systemd/network/10-bond0.network": "[Match]\nName=bond0\n[Network]\nVLAN=bond0.4\nVLAN=bond0.5\n",
            "etc/systemd/network/10-bond0.4.netdev": "[NetDev]\nName=bond0.4\nKind=vlan\n[VLAN]\nId=4\n",
            "etc/systemd/network/10-bond0.4.network": "[Match]\nName=bond0.4\n[Network]\nAddress=10.4.0.2/24\n"
            "Gateway=10.4.0.1\n",
            "etc/systemd/network/10-slaves.network": "[Match]\nName=enp2s0f0 enp2s0f1\n[Network]\nBond=bond0\n",
        },
        frozenset({LOST, STATIC, LAYERS}),
        "enp2s0f0 enp2s0f1 in /etc/systemd/network/10-slaves.network: it is a part of a bond or a bridge",
    ),
    Field(
        "networkd-by-mac",
        "https://github.com/systemd/systemd/issues/15445",
        "A file that matches the hardware address: nothing is configured on another machine.",
        {
            **NETWORKD,
            "etc/systemd/network/vlan0.network": "[Match]\n# eth1\nMACAddress=9a:ac:cb:68:b1:61\n[Network]\n"
            "Address=172.20.1.5/24\n",
        },
        frozenset({LOST, STATIC, NAMES}),
        "it is bound to the hardware address 9a:ac:cb:68:b1:61",
    ),
    Field(
        "networkd-old-name",
        "https://github.com/coreos/docs/pull/125",
        "A file for eth0 where udev gives the device another name.",
        {**NETWORKD, "etc/systemd/network/static.network": "[Match]\nName=eth0\n[Network]\nDHCP=yes\n"},
        frozenset({LOST}),
        "it is for eth0, and the name there is ens5 or enp0s5",
    ),
    Field(
        "networkd-pattern",
        "https://github.com/systemd/systemd/issues/32629",
        "Name=enp* fits some slots only: what the device is called on an ENS instance is not known.",
        {**NETWORKD, "etc/systemd/network/20-wired.network": "[Match]\nType=ether\nName=enp*\n[Network]\nDHCP=yes\n"},
        frozenset({LOST}),
        "it is for enp*",
    ),
    Field(
        "networkd-virtio-link",
        "https://github.com/coreos/bugs/issues/1168",
        "DHCP for every Ethernet name: the name of the device does not matter.",
        {**NETWORKD, "etc/systemd/network/20-dhcp.network": "[Match]\nName=en* eth*\n[Network]\nDHCP=ipv4\n"},
    ),
    Field(
        "cloud-init-network-disabled",
        "https://github.com/canonical/cloud-init/pull/4457",
        "cloud-init runs, but its configuration of the network is disabled, and the present configuration is static.",
        {
            **NETWORKD,
            "etc/cloud/cloud.cfg.d/99-disable.cfg": "# by ops\nnetwork:\n  config: disabled\n",
            "etc/netplan/00-installer-config.yaml": "network:\n  ethernets:\n    ens160:\n"
            "      addresses: [198.51.100.7/24]\n",
        },
        frozenset({LOST, STATIC}),
        "cloud-init does not configure the network (/etc/cloud/cloud.cfg.d/99-disable.cfg)",
        cloud_init=True,
    ),
    Field(
        "cloud-init-network-disabled-dhcp",
        "https://github.com/canonical/cloud-init/issues/5205",
        "cloud-init does not configure the network, and a file in the image asks DHCP on every device.",
        {
            **NETWORKD,
            "etc/cloud/cloud.cfg.d/99-net.cfg": "network: {config: disabled}\n",
            "etc/systemd/network/10-all.network": "[Match]\nName=e*\n[Network]\nDHCP=true\n",
        },
        cloud_init=True,
    ),
    Field(
        "ifupdown-old-name",
        "https://github.com/ceph/ceph-cm-ansible/pull/236",
        "Ubuntu 16.04 with eth0 in its interfaces, and names by slot.",
        {
            **PREDICTABLE,
            **started("networking"),
            "etc/network/interfaces": "auto lo\niface lo inet loopback\nauto eth0\niface eth0 inet dhcp\n",
        },
        frozenset({LOST}),
        "eth0 in /etc/network/interfaces: it is for eth0",
    ),
    Field(
        "ifupdown-biosdevname",
        "https://github.com/mcgrof/alx/issues/8",
        "A name of biosdevname, which no virtual machine has.",
        {**PREDICTABLE, **started("networking"), "etc/network/interfaces": "auto p19p1\niface p19p1 inet dhcp\n"},
        frozenset({LOST}),
        "it is for p19p1",
    ),
    Field(
        "ifupdown-kernel-names",
        "https://github.com/turnkeylinux/tracker/issues/846",
        "DHCP on eth0 with net.ifnames=0, as images for clouds have it: nothing to report.",
        {
            **PREDICTABLE,
            **started("networking"),
            "proc/cmdline": "BOOT_IMAGE=/vmlinuz root=/dev/sda1 net.ifnames=0 quiet\n",
            "etc/network/interfaces": "auto lo eth0\niface eth0 inet dhcp\n",
        },
    ),
    Field(
        "udev-name-by-mac",
        "https://github.com/warewulf/warewulf/issues/926",
        "A rule gives eth0 to one device. Another device keeps the kernel's name, which is eth0 too.",
        {
            **sysv("network"),
            "etc/udev/rules.d/70-ww4-netname.rules": 'SUBSYSTEM=="net", ACTION=="add", '
            'ATTR{address}=="D8:5E:D3:69:3E:61", NAME="eth0"\n',
            "etc/sysconfig/network-scripts/ifcfg-eth0": "DEVICE=eth0\nBOOTPROTO=dhcp\nONBOOT=yes\n",
        },
        frozenset({NAMES}),
    ),
    Field(
        "nm-renamed",
        "https://github.com/home-assistant/operating-system/issues/2174",
        "A profile for enp0s3 on a device that is now ens3: the static address is gone, NetworkManager asks DHCP.",
        {
            **NM,
            "etc/NetworkManager/system-connections/static": "[connection]\nid=static\ntype=802-3-ethernet\n"
            "interface-name=enp0s3\n[ipv4]\nmethod=manual\naddresses1=192.0.2.9/24\ngateway=192.0.2.1\ndns=9.9.9.9;\n",
        },
        frozenset({STATIC}),
    ),
    Field(
        "bridge-for-guests",
        "https://github.com/systemd/systemd/issues/3374",
        "A server whose address is on a bridge over its network card.",
        {
            **PREDICTABLE,
            **started("networking"),
            "etc/network/interfaces": "auto br0\niface br0 inet static\n\taddress 192.0.2.2/24\n\tgateway 192.0.2.1\n"
            "\tbridge_ports enp8s0\n\tup ip route add 198.51.100.0/24 via 192.0.2.3\niface enp8s0 inet manual\n",
        },
        frozenset({LOST, STATIC, LAYERS}),
        "br0 in /etc/network/interfaces: it is a bridge",
    ),
    Field(
        "link-for-vmware",
        "https://github.com/SUSE/suse-migration-services/pull/385",
        "A link file keeps the name of a VMware device by its driver; the profile of NetworkManager is for that name.",
        {
            **NM,
            "etc/systemd/network/70-eth0.link": "[Match]\nDriver=vmxnet3\nPath=pci-0000:0b:00.0\n[Link]\nName=eth0\n",
            "etc/NetworkManager/system-connections/eth0.nmconnection": "[connection]\nid=eth0\ntype=ethernet\n"
            "interface-name=eth0\n[ipv4]\nmethod=auto\n",
        },
        frozenset({NAMES}),
    ),
)
