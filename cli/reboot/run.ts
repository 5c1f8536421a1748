/** One run of `holdfast reboot`, from the names that were typed to the exit status. */
import { hostname, userInfo } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { Machine } from "../../components/fleet";
import { showControls } from "../../model/lint/controls";
import { chosen } from "../stackFleet";
import { stackNodes } from "../stackNodes";
import { openJournal } from "./journal";
import { rebootNode } from "./node";
import type { RebootOptions } from "./options";
import { rebootAll, type Verdict } from "./sequence";

const exitStatus = { ok: 0, bad: 2, unknown: 1 } as const satisfies Readonly<Record<Verdict, number>>;

/**
 * @throws Error where a name is none of the stack's, or the stack cannot be read: nothing was asked of any node then
 */
export async function runReboot(
    names: readonly string[],
    options: RebootOptions,
    say: (text: string) => void,
): Promise<number> {
    const stack = await stackNodes(options.stack);
    const machines = inOrder(names, chosen(stack, names));
    const away = machines.filter(({ maintenance }) => maintenance);
    for (const { identity } of away)
        say(
            `${identity.name}: look: bad: is under maintenance (nodes.${identity.name}.maintenance: true), so it is not contacted; take that out first`,
        );
    if (away.length > 0) return exitStatus.bad;
    const journal = openJournal();
    const verdict = await rebootAll(
        machines.map((machine) => rebootNode(machine.identity.name, () => stack.clientOf(machine))),
        {
            options,
            clock: { now: () => performance.now(), wait: (milliseconds) => delay(milliseconds) },
            by: `${userInfo().username}@${hostname()}`,
            tell: (node, step, state, text) => {
                journal.note(node, step, state, text);
                say(showControls(`${node}: ${step}: ${state === "ok" ? "" : `${state}: `}${text}`));
            },
        },
    );
    say(`log: ${journal.file}`);
    return exitStatus[verdict];
}

/** As they were typed. @throws Error where one is named twice */
export function inOrder(names: readonly string[], machines: readonly Machine[]): Machine[] {
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw new Error(`${twice} is named twice`);
    return names.flatMap((name) => machines.filter(({ identity }) => identity.name === name));
}
