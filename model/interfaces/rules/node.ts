/** Rules on the node as a whole: loopback, management address, default gateway, sourced files, names. */
import { canonicalAddress, familyOf, type Family } from "../../values/address";
import { finding, firstLine, type Finding } from "../../lint/finding";
import { addressesOf } from "../addresses";
import { hasWord, isBareNic, isDeclared, isLink, lowerLinks, portsOf, wordsOf } from "../links";
import { commandsOf, isUpAtBoot, optionsNamed, type Interface } from "../network";
import { gatewaysOf } from "./addresses";
import { allInterfaces, severityOfAbsence, type Subject } from "./subject";

/**
 * A warning: systemd brings `lo` up itself, and ifupdown2 spares it, so a node without the stanza boots. Hooks and
 * `ifup lo` miss it.
 */
export function missingLoopback(subject: Subject): Finding[] {
    if (subject.fragment || allInterfaces(subject).some(({ name }) => name === "lo")) return [];
    const severity = severityOfAbsence(subject, "warning");
    return [
        finding(
            "missing-loopback",
            severity,
            firstLine,
            `No stanza for the loopback interface${elsewhere(subject)}. Add 'auto lo' and 'iface lo inet loopback'.`,
        ),
    ];
}

export function missingManagementAddress(subject: Subject): Finding[] {
    const {
        context: { node },
        fragment,
    } = subject;
    if (fragment) return [];
    if (!node)
        return [
            finding(
                "management-address",
                "not checked",
                firstLine,
                "The node's address is not known here. Run the lint as part of 'pulumi preview'.",
            ),
        ];
    const all = allInterfaces(subject);
    return [node.address, node.address6]
        .filter((address) => address !== undefined)
        .flatMap((address) => {
            const wanted = canonicalAddress(address);
            const family = familyOf(wanted) ?? 4;
            if (
                all.flatMap(addressesOf).some((held) => held.address === wanted) ||
                all.some((iface) => sets(iface, address))
            )
                return [];
            // DHCP beside a static gateway is most likely another network's.
            const dynamic = isDynamic(all, family);
            if (dynamic && !all.some((iface) => gatewaysOf(iface).some((gateway) => gateway.family === family)))
                return [];
            if (dynamic || all.some((iface) => mentions(iface, address))) {
                const source = dynamic ? "DHCP or router advertisements" : "a command";
                return [
                    finding(
                        "management-address",
                        severityOfAbsence(subject, "warning"),
                        firstLine,
                        `No interface has ${address}, the declared address of ${node.name}, unless ${source} sets it. Add it, or correct the node's address in the stack.`,
                    ),
                ];
            }
            return [
                finding(
                    "management-address",
                    severityOfAbsence(subject, "error"),
                    firstLine,
                    `No interface has ${address}, the declared address of ${node.name}${elsewhere(subject)}. Add it, or correct the node's address in the stack.`,
                ),
            ];
        });
}

/** A warning: a management network without a way out is a choice some make, and FRR or a script may set the route. */
export function missingGateway(subject: Subject): Finding[] {
    if (subject.fragment) return [];
    const all = allInterfaces(subject);
    const set = all.some(
        (iface) =>
            gatewaysOf(iface).length > 0 ||
            optionsNamed(iface, "gateway").length > 0 ||
            commandsOf(iface).some(({ value }) => /\bdefault\b|\b0\.0\.0\.0\b|::\/0/.test(value)),
    );
    if (set || isDynamic(all, 4) || isDynamic(all, 6)) return [];
    return [
        finding(
            "missing-gateway",
            severityOfAbsence(subject, "warning"),
            firstLine,
            `No interface sets a default gateway${elsewhere(subject)}. Add 'gateway' to the interface that has the management address.`,
        ),
    ];
}

export function notUpAtBoot(subject: Subject): Finding[] {
    const started = startedByOthers(allInterfaces(subject));
    const address = subject.context.node?.address;
    return subject.interfaces.flatMap((iface) => {
        const management =
            address !== undefined && addressesOf(iface).some((held) => held.address === canonicalAddress(address));
        const [gateway] = gatewaysOf(iface);
        if ((!management && !gateway && !iface.late) || isUpAtBoot(iface) || iface.name === "lo" || started(iface))
            return [];
        const what = management ? "the management address" : gateway ? "the default gateway" : "a stanza";
        if (iface.late) {
            return [
                finding(
                    "not-up-at-boot",
                    "warning",
                    iface.late,
                    `${iface.name} has ${what} above this line, which ifupdown2 then does not heed: nothing brings it up at boot. Move the line above 'iface ${iface.name}'.`,
                ),
            ];
        }
        return [
            finding(
                "not-up-at-boot",
                "warning",
                iface.token,
                `${iface.name} has ${what}, and nothing brings it up at boot. Add 'auto ${iface.name}'.`,
            ),
        ];
    });
}

/** "no ifaces found matching given allow lists", where nothing else comes up; else ifupdown2 says nothing at all. */
export function undeclaredNames(subject: Subject): Finding[] {
    const { document, fragment, unresolved } = subject;
    const declared = new Set(
        allInterfaces(subject).flatMap(({ name, stanzas }) => [name, ...stanzas.map((stanza) => stanza.name?.text)]),
    );
    return document.items.flatMap((item) => {
        if (item.kind !== "auto" && item.kind !== "allow") return [];
        return item.names.flatMap((token) => {
            const { text } = token;
            const [, physical] = /^([^=]+)=.+$/.exec(text) ?? [];
            if (physical !== undefined)
                return [
                    finding(
                        "undeclared-name",
                        "error",
                        token,
                        `ifupdown2 knows no NAME=LOGICAL, so this brings nothing up. Write '${physical}'.`,
                    ),
                ];
            // Commas and quotes are another rule's; ranges are expanded elsewhere.
            if (text === "all" || text === "lo" || declared.has(text) || /[,;"'[#]/.test(text)) return [];
            if (fragment || unresolved.length > 0) return [];
            return [
                finding(
                    "undeclared-name",
                    "warning",
                    token,
                    `No stanza declares '${text}', so this brings nothing up. Add 'iface ${text} inet manual', or take the name off this line.`,
                ),
            ];
        });
    });
}

/** ifupdown2 makes no link for a NIC's bare stanza ("interface not recognized"), so its address is set nowhere. */
export function missingNics(subject: Subject): Finding[] {
    const {
        context: { node, facts },
    } = subject;
    if (!node || !facts) return [];
    const others = allInterfaces(subject).filter((iface) => !isBareNic(iface));
    const holders = subject.interfaces.filter(
        (iface) =>
            isBareNic(iface) && addressesOf(iface).some(({ address }) => address === canonicalAddress(node.address)),
    );
    return holders
        .filter(({ name }) => !isDeclared(name, others) && !isLink(name, facts.links))
        .map(({ name, token }) => {
            return finding(
                "missing-nic",
                severityOfAbsence(subject, "error"),
                token,
                `${name} has the management address and does not exist on the node. Correct the name: 'ip -br link' shows the node's.`,
            );
        });
}

/**
 * As the kernel checks them in dev_valid_name: IFNAMSIZ is 16, the closing NUL included. The name of a PPP stanza is no
 * link's.
 */
export function linkNames({ interfaces }: Subject): Finding[] {
    const links = interfaces.filter(
        ({ stanzas }) => !stanzas.some(({ method }) => method !== undefined && ["ppp", "wvdial"].includes(method.text)),
    );
    return links.flatMap(({ name, token }) => {
        if (name.length > 15)
            return [
                finding(
                    "long-name",
                    "error",
                    token,
                    `'${name}' has ${name.length} characters, and the kernel takes 15. Choose a shorter name.`,
                ),
            ];
        if (!name.includes("/") && name !== "." && name !== "..") return [];
        return [
            finding(
                "bad-name",
                "error",
                token,
                `The kernel takes no link named '${name}'. Choose a name without a slash.`,
            ),
        ];
    });
}

/** ifupdown2 reads both and mixes their options; Proxmox's SDN writes interfaces.d/sdn anew at each change. */
export function namesInSourcedFiles({ interfaces, sourced }: Subject): Finding[] {
    const byName = new Map(interfaces.map((iface) => [iface.name, iface]));
    return [...sourced].flatMap(([path, others]) =>
        others.flatMap(({ name }) => {
            const own = byName.get(name);
            if (!own) return [];
            return [
                finding(
                    "declared-in-sourced-file",
                    name === "lo" ? "warning" : "error",
                    own.token,
                    `${name} is declared in ${path} too, and the two are mixed. Keep one of the two stanzas.`,
                ),
            ];
        }),
    );
}

export function unresolvedSources({ unresolved }: Subject): Finding[] {
    const [first] = unresolved;
    if (!first) return [];
    const shown = unresolved.slice(0, 5).map(({ pattern }) => pattern);
    const patterns = [...shown, ...(unresolved.length > 5 ? [`${unresolved.length - 5} more`] : [])].join(", ");
    return [
        finding(
            "sourced-file",
            "not checked",
            first.token,
            `What ${patterns} bring${unresolved.length === 1 ? "s" : ""} is not known here. Run the lint where the node's files are known, and lint those files too.`,
        ),
    ];
}

function elsewhere({ unresolved }: Subject): string {
    return unresolved.length > 0 ? ", unless a sourced file has it" : "";
}

/** Whether an address of the family comes from the network: DHCP, or router advertisements. */
function isDynamic(interfaces: readonly Interface[], family: Family): boolean {
    const methods = family === 4 ? ["dhcp", "ppp", "bootp", "wvdial"] : ["dhcp", "dhcp6", "auto", "ppp"];
    return interfaces.some(
        (iface) =>
            iface.stanzas.some(({ family: name, method }) => {
                return (
                    method !== undefined && methods.includes(method.text) && (name?.text === "inet6") === (family === 6)
                );
            }) ||
            (family === 6 && optionsNamed(iface, "accept-ra", "autoconf").some(({ value }) => value !== "0")),
    );
}

/** What follows `ip` to set an address, in every abbreviation that iproute2 takes. */
const ipAddress = /\sa(?:d(?:d(?:r(?:e(?:s(?:s)?)?)?)?)?)?\s+(?:a(?:dd?)?|r(?:e(?:place)?)?|c(?:h(?:ange)?)?)\s/;

function setsAddress(command: string): boolean {
    const ip = command.search(/\bip\b/);
    return (ip !== -1 && ipAddress.test(command.slice(ip + 2))) || /\bifconfig\s/.test(command);
}

function sets(iface: Interface, address: string): boolean {
    return commandsOf(iface).some(({ value }) => setsAddress(value) && hasWord(value, address));
}

function mentions(iface: Interface, address: string): boolean {
    return commandsOf(iface).some(({ value }) => hasWord(value, address));
}

/** ifupdown2 brings up what an `auto` interface stands on, and a command may run ifup. */
function startedByOthers(all: readonly Interface[]): (iface: Interface) => boolean {
    const starters = new Map<string, Interface | "several">();
    for (const other of all.filter(isUpAtBoot)) {
        const commands = commandsOf(other).filter(({ value }) => /\bifup\b/.test(value));
        const started = [
            ...[...lowerLinks(other), ...portsOf(other, "ovs-bridge")].map(({ token }) => token.text),
            ...commands.flatMap(({ value }) => wordsOf(value)),
        ];
        for (const name of started) {
            const before = starters.get(name);
            starters.set(name, before === undefined || before === other ? other : "several");
        }
    }
    return (iface) => {
        const starter = starters.get(iface.name);
        return starter !== undefined && starter !== iface;
    };
}
