/** Which files each concern manages: what `pulumi import` of `NODE/CONCERN` reads. */
import type { FileArgs } from "./fileSet";

export const concernFiles: Readonly<Record<string, Readonly<Record<string, Pick<FileArgs, "when" | "yields">>>>> = {
    hosts: { "/etc/hosts": {}, "/etc/cloud/cloud.cfg.d/99-holdfast-hosts.cfg": { when: "/etc/cloud/cloud.cfg" } },
    fstab: { "/etc/fstab": {}, "/etc/udev/rules.d/99-holdfast-fstab.rules": {} },
    interfaces: { "/etc/network/interfaces": {} },
    ipmievd: {
        "/etc/systemd/system/holdfast-ipmi.service": {},
        "/etc/systemd/system/holdfast-sel.service": {},
        "/etc/systemd/system/holdfast-sel.timer": {},
        "/etc/systemd/system/ipmievd.service.d/holdfast.conf": {},
        "/etc/udev/rules.d/90-holdfast-ipmi.rules": {},
        "/usr/local/lib/holdfast/sel-fill": {},
    },
    "log-digest": {
        "/etc/systemd/system/holdfast-log-digest.service": {},
        "/etc/systemd/system/holdfast-log-digest.timer": {},
        "/usr/local/lib/holdfast/log-digest": {},
    },
    mail: {
        "/etc/holdfast/mail.conf": {},
        "/etc/msmtprc": { yields: true },
        "/etc/tmpfiles.d/holdfast-sendmail.conf": {},
        "/usr/local/lib/holdfast/mail": {},
    },
    smartd: {
        "/etc/holdfast/smartd-policy": {},
        "/etc/smartd.conf": {},
        "/etc/smartmontools/run.d/60holdfast": {},
        "/etc/systemd/system/holdfast-nvme-selftest-long.timer": {},
        "/etc/systemd/system/holdfast-nvme-selftest-short.timer": {},
        "/etc/systemd/system/holdfast-nvme-selftest@.service": {},
        "/etc/systemd/system/smartmontools.service.d/holdfast.conf": {},
        "/usr/local/lib/holdfast/nvme-selftest": {},
    },
    temperature: {
        "/etc/cron.d/holdfast-temperature": {},
        "/etc/holdfast/temperature.conf": {},
        "/etc/systemd/system/holdfast-temperature.service": {},
        "/etc/systemd/system/holdfast-temperature.timer": {},
        "/usr/local/lib/holdfast/temperature": {},
    },
    "node-exporter": {
        "/etc/default/prometheus-node-exporter": {},
        "/etc/prometheus/node-exporter-web.yml": {},
        "/etc/systemd/system/prometheus-node-exporter.service.d/holdfast.conf": {},
        "/etc/tmpfiles.d/holdfast-node-exporter.conf": {},
    },
};
