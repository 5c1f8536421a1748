/**
 * Rules on Open vSwitch: a port's stanza names its bridge, and the bridge lists the port. ifupdown2 adds a port from
 * the port's own stanza (`ovs_bridge` and `ovs_type`), deletes what the bridge does not list when it reloads, and
 * Proxmox's GUI drops an unlisted port from the file.
 */
import { finding, type Finding } from "../../lint/finding";
import { isLink, portsOf } from "../links";
import { optionsNamed, type Interface } from "../network";
import type { Token } from "../parse";
import { allInterfaces, severityOfAbsence, type Subject } from "./subject";

/** The bridge that a port names must be one. */
export function ovsBridges(subject: Subject): Finding[] {
    const byName = namesOf(subject);
    return subject.interfaces.flatMap((iface) => {
        const [bridge] = values(iface, "ovs-bridge");
        if (!bridge) return [];
        const declared = byName.get(bridge.text);
        if (declared && ovsType(declared) === "OVSBridge") return [];
        if (declared) {
            return [
                finding(
                    "ovs-bridge",
                    "error",
                    bridge,
                    `${bridge.text} is no Open vSwitch bridge, so ${iface.name} cannot be its port. Add 'ovs_type OVSBridge' to its stanza, or name another bridge.`,
                ),
            ];
        }
        // Open vSwitch remembers bridges that were made by hand, so only the node can tell that there is none.
        const links = subject.context.facts?.links;
        const missing = links !== undefined && !isLink(bridge.text, links);
        const severity = severityOfAbsence(subject, missing ? "error" : "warning");
        return [
            finding(
                "ovs-bridge",
                severity,
                bridge,
                `No stanza declares the bridge ${bridge.text} that ${iface.name} belongs to. Declare it with 'ovs_type OVSBridge', or correct the name.`,
            ),
        ];
    });
}

/** What a bridge lists must say so itself. */
export function ovsPorts(subject: Subject): Finding[] {
    const byName = namesOf(subject);
    return subject.interfaces.flatMap((bridge) => {
        const listed = portsOf(bridge, "ovs-ports").map(({ token }) => ({ token, port: byName.get(token.text) }));
        const missing = listed.filter(({ port }) => !port).map(({ token }) => token);
        const wrong = listed.flatMap(({ token, port }) => (port ? wrongBridge(bridge, port, token) : []));
        const severity = severityOfAbsence(subject, "warning");
        if (missing.length === 0 || severity === "not checked") return wrong;
        const message = `ifupdown2 does not add a port without a stanza to ${bridge.name}: ${missing.map(({ text }) => text).join(", ")}. Give it one with 'ovs_type' and 'ovs_bridge ${bridge.name}', or take it off the list.`;
        return [...wrong, finding("ovs-port", severity, missing[0]!, message)];
    });
}

function wrongBridge(bridge: Interface, port: Interface, token: Token): Finding[] {
    const [named] = values(port, "ovs-bridge");
    if (named?.text === bridge.name) return [];
    const remedy = `Write 'ovs_bridge ${bridge.name}' in its stanza, or take it off this list.`;
    if (named)
        return [
            finding(
                "ovs-port",
                "error",
                token,
                `${port.name} names ${named.text} as its bridge, so it is not added to ${bridge.name}. ${remedy}`,
            ),
        ];
    return [
        finding(
            "ovs-port",
            "warning",
            token,
            `${port.name} names no bridge ('ovs_bridge'), so it is in ${bridge.name} only if Open vSwitch still remembers it. ${remedy}`,
        ),
    ];
}

/**
 * A port that its bridge does not list works at boot and is lost at the next save in the GUI. `allow-BRIDGE` is the
 * older way to list it.
 */
export function ovsUnlistedPorts(subject: Subject): Finding[] {
    const byName = namesOf(subject);
    const lists = new Map<Interface, ReadonlySet<string>>();
    const listOf = (bridge: Interface) => {
        let list = lists.get(bridge);
        if (!list) lists.set(bridge, (list = new Set(values(bridge, "ovs-ports").map(({ text }) => text))));
        return list;
    };
    return subject.interfaces.flatMap((port) => {
        const [named] = values(port, "ovs-bridge");
        const bridge = named && byName.get(named.text);
        if (!bridge || ovsType(bridge) !== "OVSBridge" || port.allow.includes(bridge.name)) return [];
        if ([port.name, "glob", "regex"].some((word) => listOf(bridge).has(word))) return [];
        return [
            finding(
                "ovs-port-unlisted",
                "warning",
                named,
                `${bridge.name} does not list ${port.name} in ovs_ports: a reload takes the port off for a moment, and Proxmox's GUI drops it. Add it there.`,
            ),
        ];
    });
}

/**
 * Columns of a bridge that ifupdown2 clears when the bridge is there already, in the same command and after it has set
 * `ovs_options` (its addon openvswitch.py): so those hold from a boot until the first reload. `ovs_extra` comes after
 * that.
 */
const cleared =
    /^(?:auto_attach|controller|external[-_]ids|fail_mode|flood_vlans|ipfix|mirrors|netflow|other[-_]config|protocols|sflow)(?=[:=])/;

export function ovsClearedOptions({ interfaces }: Subject): Finding[] {
    return interfaces
        .filter((iface) => ovsType(iface) === "OVSBridge")
        .flatMap((bridge) => {
            const lost = values(bridge, "ovs-options").filter(({ text }) => cleared.test(text));
            if (!lost[0]) return [];
            const columns = lost.map(({ text }) => text).join(" ");
            return [
                finding(
                    "ovs-bridge-options",
                    "warning",
                    lost[0],
                    `ifupdown2 clears this at every reload, so it holds from a boot until then. Write 'ovs_extra set bridge ${bridge.name} ${columns}' instead.`,
                ),
            ];
        });
}

/** Each type needs options without which ifupdown2 raises an exception or skips the interface. */
export function ovsRequirements({ interfaces }: Subject): Finding[] {
    return interfaces.flatMap((iface) => {
        const [type] = values(iface, "ovs-type");
        if (!type) {
            const [option] = optionsNamed(iface, "ovs-ports", "ovs-bridge", "ovs-bonds");
            return option
                ? [
                      finding(
                          "ovs-type",
                          "error",
                          option.keyword,
                          `${iface.name} has no 'ovs_type', so ifupdown2 skips it. Add 'ovs_type ${impliedType(option.name)}'.`,
                      ),
                  ]
                : [];
        }
        return (required.get(type.text) ?? [])
            .filter((name) => optionsNamed(iface, name).length === 0)
            .map((name) => {
                const option = name.replaceAll("-", "_");
                return finding(
                    "ovs-type",
                    "error",
                    type,
                    `${iface.name} is an ${type.text} without '${option}', so ifupdown2 does not set it up. Add '${option}'.`,
                );
            });
    });
}

const required: ReadonlyMap<string, readonly string[]> = new Map([
    ["OVSPort", ["ovs-bridge"]],
    ["OVSIntPort", ["ovs-bridge"]],
    ["OVSBond", ["ovs-bridge", "ovs-bonds"]],
    ["OVSPatchPort", ["ovs-bridge", "ovs-patch-peer"]],
    ["OVSTunnel", ["ovs-bridge", "ovs-tunnel-type", "ovs-tunnel-options"]],
]);

function impliedType(option: string): string {
    if (option === "ovs-ports") return "OVSBridge";
    return option === "ovs-bonds" ? "OVSBond" : "OVSPort";
}

/** The first of each name: this file's own before a sourced file's. */
function namesOf(subject: Subject): ReadonlyMap<string, Interface> {
    return new Map([...allInterfaces(subject)].reverse().map((iface) => [iface.name, iface]));
}

function ovsType(iface: Interface): string | undefined {
    return values(iface, "ovs-type")[0]?.text;
}

function values(iface: Interface, option: string): Token[] {
    return optionsNamed(iface, option).flatMap((found) => found.values);
}
