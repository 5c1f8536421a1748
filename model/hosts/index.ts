/** /etc/hosts: parse, lint, format, repair. */
export { formatHosts, type HostsEntry } from "./format";
export { lintHosts } from "./lint";
export { parseHosts, type HostsLine } from "./parse";
export { repairHosts, type HostsRepair } from "./edit";
