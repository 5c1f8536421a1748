/** Diff, and what a preview says of a push: nobody has looked at the node. */
import { isUnknown, UNKNOWN } from "../model/contract/engineWords";
import type { FileSetArgs } from "../model/contract/fileSet";
import { compare, differenceAt, type Difference } from "./compare";
import type { FileSetState } from "./fileState";
import type { Log } from "./log";
import { firstPushSoonOf, mayBeAnother } from "./machine";
import type { Operation } from "./operation";
import { renameInWords } from "./peerNames";
import { isRecord } from "./wire";

const UNSEEN = (name: string) =>
    `${name}: a first push, and this preview has not looked at the node: where a file stands there that no package, no installer and not Holdfast brought, \`up\` shows the difference and stops. Import what stands there first, or set takeOver: true for the node`;

/** What an Update would have to do. Nothing under maintenance: the state stays, and the difference waits. */
export async function diff(
    operation: Operation,
    actual: FileSetState,
    expected: FileSetArgs,
    log: Log,
): Promise<Difference[]> {
    const unknown = Object.keys(expected).filter((key) => isUnknown(expected[key as keyof FileSetArgs]));
    const known = {
        ...expected,
        ...Object.fromEntries(unknown.map((key) => [key, actual[key as keyof FileSetState]])),
    };
    const differences = [...compare(actual, known), ...unknown.map((key) => differenceAt([key], "update"))];
    if (differences.length === 0) return differences;
    // In a refresh `expected` is what the last `up` left in state, and that maintenance may be over.
    if (!(await operation.reach(expected)).maintenance) {
        const say = (message: string) => operation.sayOnce(message, (once) => log.info(once));
        if (mayBeAnother(actual, expected.host)) say(firstPushSoonOf(expected.host.name));
        for (const name of await operation.newNames(actual, known))
            if (name.instead.length > 0) say(renameInWords(name));
        return differences;
    }
    log.warning(
        `${expected.host.name}: skipped, it is under maintenance; pending: ${differences.map(({ path }) => path).join(", ")}`,
    );
    return [];
}

/** As `preview`, and says once what a first push will do where it finds somebody's file. */
export function previewCreate(operation: Operation, expected: FileSetArgs, log: Log): object {
    const { host, maintenance, takeOver } = expected;
    const name: unknown = isRecord(host) ? host.name : undefined;
    if (!maintenance && !takeOver && typeof name === "string" && !isUnknown(name))
        operation.sayOnce(UNSEEN(name), (message) => log.info(message));
    return preview(expected);
}

/** Only a look at the node tells what stands there, and a preview does not look. */
export function preview(expected: FileSetArgs): object {
    return { ...expected, observed: UNKNOWN };
}
