/**
 * Commands that wait for a unit which waits for networking.service, in whose start they run: the boot waits for ever.
 */
import { finding, type Finding, type Severity } from "../../lint/finding";
import { commandsOf, isUpAtBoot } from "../network";
import type { Option } from "../parse";
import type { Subject } from "./subject";

const atStart = new Set(["up", "pre-up", "post-up"]);
const waitingVerbs = /^(?:start|restart|try-restart|condrestart|reload-or-restart|reload-or-try-restart|force-reload)$/;

/** The commands that start units; the node has the same list (NAMES_UNITS in host/node/look/facts.py). */
const callers = "systemctl|service|invoke-rc\\.d";
const anyCaller = new RegExp(String.raw`\b(?:${callers})\b`);
const caller = new RegExp(String.raw`^(?:\/usr)?(?:\/s?bin\/)?(?:${callers})$`);

/** Whether it is worth asking a node which units wait for its network: without that word no command does. */
export function namesUnits(text: string): boolean {
    return anyCaller.test(text);
}

/**
 * Tried in a booting node: networking.service waits for the unit's job, the unit for networking.service, which has no
 * time limit.
 */
export function restartsAtBoot({ interfaces, context: { facts } }: Subject): Finding[] {
    const commands = interfaces.filter(isUpAtBoot).flatMap(commandsOf);
    return commands
        .filter(({ name }) => atStart.has(name))
        .flatMap((command) =>
            startedUnits(command).flatMap((unit) => {
                const units = facts?.units;
                if (units?.loaded.includes(unit) && !units.afterNetworking.includes(unit)) return [];
                const isProved = units?.afterNetworking.includes(unit) === true;
                const severity: Severity = isProved ? "error" : "warning";
                const when = isProved
                    ? "is ordered after networking.service, as the node says, so that the boot waits for ever"
                    : "may be ordered after networking.service, and then the boot waits for ever";
                return [
                    finding(
                        "waits-for-unit",
                        severity,
                        command.values[0] ?? command.keyword,
                        `This command waits for ${unit}, which ${when}. Write 'systemctl --no-block …'.`,
                    ),
                ];
            }),
        );
}

/** Of a shell command the units that it starts and waits for. */
function startedUnits({ value }: Option): string[] {
    // `&` alone sends a command to the background, where it keeps nothing waiting.
    const parts = value.split(/(&&|\|\||[;|&])/);
    return parts.flatMap((part, index) => {
        if (index % 2 === 1 || parts[index + 1] === "&") return [];
        const words = part.trim().split(/\s+/);
        const at = words.findIndex((word) => caller.test(word));
        if (at === -1) return [];
        const [verb, ...names] = words.slice(at + 1).filter((word) => !word.startsWith("-"));
        if (words.includes("--no-block") || verb === undefined) return [];
        if (words[at]!.endsWith("systemctl"))
            return waitingVerbs.test(verb) ? names.filter(isUnitName).map(withSuffix) : [];
        return waitingVerbs.test(names[0] ?? "") && isUnitName(verb) ? [withSuffix(verb)] : [];
    });
}

/** Not a redirection, a variable or a quoted text. */
function isUnitName(word: string): boolean {
    return /^[A-Za-z0-9:_.@-]+$/.test(word);
}

function withSuffix(name: string): string {
    return /\.(?:service|socket|target|timer|path|mount)$/.test(name) ? name : `${name}.service`;
}
