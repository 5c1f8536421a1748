/** One case: booted, watched, switched off. */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Accelerator } from "../../vm/accelerator";
import { baseArguments } from "../../vm/baseArguments";
import { hasTripped } from "../../vm/console";
import { namedByLetter, type Blueprint } from "./blueprint";
import type { Case } from "./cases";
import { commandLine, deviceArguments } from "./hardware";
import type { Commands } from "./interrupt";
import { foundLetters, lastLines, misplacedLetters, progressOf } from "./judge";
import { lettersOf, slotsOf, spare, type DiskPlan } from "./plan";
import type { CaseResult } from "./render";
import type { Stage } from "./stage";

export interface Machine {
    readonly blueprint: Blueprint;
    readonly plans: readonly DiskPlan[];
    /** Images by the disks' names. */
    readonly images: Readonly<Record<string, string>>;
    readonly kernel: string;
    readonly initrd: string;
    readonly folder: string;
    readonly accelerator: Accelerator;
    /** MiB. */
    readonly memory: number;
    /** Seconds. */
    readonly timeout: number;
}

/** Seconds of a silent console, after multi-user, in which sshd may still come. While jobs are waited for, it talks. */
const sshPatience = 60;
/** A kernel that names disks in another order than the case wants, or an emulation that fails it, is tried so often. */
const tries = 3;

export async function bootCase(commands: Commands, stage: Stage, machine: Machine, oneCase: Case): Promise<CaseResult> {
    for (let attempt = 1; ; attempt++) {
        const { again, ...result } = await bootOnce(commands, stage, machine, oneCase);
        if (again === undefined) return result;
        if (attempt === tries) return { ...result, state: "unknown", text: `${again}, ${tries} times in a row` };
    }
}

interface Once extends CaseResult {
    /** Why this boot says nothing of the case. */
    readonly again?: string;
}

async function bootOnce(commands: Commands, stage: Stage, machine: Machine, oneCase: Case): Promise<Once> {
    const { blueprint, folder, images, kernel, initrd, memory, accelerator } = machine;
    const consoleLog = join(folder, "console.log");
    await rm(consoleLog, { force: true });
    const slots = slotsOf(blueprint, oneCase);
    const overlays = Object.fromEntries(slots.map(({ name }) => [name, join(folder, `${name}.qcow2`)]));
    for (const { name } of slots) {
        const backing = images[name] === undefined ? [] : ["-F", "raw", "-b", images[name]];
        const size = images[name] === undefined ? [String(spare.size)] : [];
        await commands.run("qemu-img", ["create", "-q", "-f", "qcow2", ...backing, overlays[name]!, ...size]);
    }
    const base = { name: `rehearsal-${blueprint.node}`, kernel, initrd, memory };
    const started = Date.now();
    const qemu = commands.run(
        "nsenter",
        [
            ...stage.inside,
            "qemu-system-x86_64",
            ...baseArguments({ ...base, commandLine: commandLine(blueprint.kernelArguments) }, accelerator),
            ...deviceArguments(blueprint, oneCase, overlays, consoleLog),
        ],
        { reject: false, stdin: "ignore" },
    );
    const power = { on: true };
    const ended = qemu.then((result) => {
        power.on = false;
        return result;
    });
    try {
        const seen = await watch();
        if (power.on || seen.state === "reached" || (await said()).trim() !== "") return seen;
        const { stderr } = await ended;
        commands.goOn();
        return { ...seen, state: "unknown", text: `QEMU ended at once: ${stderr.trim().slice(-500)}` };
    } finally {
        qemu.kill("SIGKILL");
        await ended;
        for (const file of Object.values(overlays)) await rm(file, { force: true });
    }

    function said(): Promise<string> {
        return readFile(consoleLog, "latin1").catch((error: unknown) => {
            if ((error as NodeJS.ErrnoException).code === "ENOENT") return ""; // QEMU is on its way
            throw error;
        });
    }

    async function watch(): Promise<Once> {
        let multiUserAt: number | undefined;
        let talk = { length: 0, at: 0 };
        for (;;) {
            commands.goOn();
            const text = await said();
            const progress = progressOf(text);
            const seconds = (Date.now() - started) / 1000;
            if (progress.multiUser) multiUserAt ??= seconds;
            if (text.length !== talk.length) talk = { length: text.length, at: seconds };
            const told = { case: oneCase.name, what: oneCase.what, seconds, failed: progress.failed, console: [] };
            const stuck = (why: string): Once => ({
                ...told,
                state: "stuck",
                text: why,
                console: lastLines(text),
                ...wrongOrder(text),
            });
            if (hasTripped(text))
                return { ...told, state: "unknown", text: "", again: "QEMU's emulation let the kernel trip" };
            if (progress.stuck !== undefined) return stuck(progress.stuck);
            if (multiUserAt !== undefined) {
                const reached: Once = { ...told, state: "reached", text: "", ...wrongOrder(text) };
                if (oneCase.noWayIn)
                    return { ...reached, text: "multi-user; without that card nothing leads to its SSH" };
                if (stage.deaf !== undefined)
                    return {
                        ...reached,
                        state: "unknown",
                        text: `multi-user, and SSH could not be asked: ${stage.deaf}`,
                    };
                if (await answersSsh()) return { ...reached, seconds: (Date.now() - started) / 1000 };
                if (seconds - Math.max(multiUserAt, talk.at) > sshPatience)
                    return stuck(
                        `multi-user after ${Math.round(multiUserAt)} s, and no SSH at ${blueprint.way.address} port ${blueprint.way.port}`,
                    );
            }
            if (!power.on) return stuck("the machine went off while it booted");
            if (seconds > machine.timeout)
                return stuck(
                    `${multiUserAt === undefined ? "multi-user is not reached" : "SSH does not answer"} within ${machine.timeout} s`,
                );
            await delay(500);
        }
    }

    /** Of the disks that a file names by their letter: where each of the others is does not matter. */
    function wrongOrder(text: string): { again?: string } {
        const wanted = lettersOf(slots);
        const found = foundLetters(text, machine.plans, spare.size);
        const misplaced = misplacedLetters(namedByLetter(blueprint), wanted, found);
        if (misplaced.length === 0) return {};
        return { again: `the kernel found the disks as ${found.join(", ")}, and the case is ${wanted.join(", ")}` };
    }

    async function answersSsh(): Promise<boolean> {
        const { address, port } = blueprint.way;
        const asked = await commands.run(
            "nsenter",
            [...stage.inside, "ssh-keyscan", "-T", "5", "-t", "ed25519,ecdsa,rsa", "-p", String(port), address],
            { reject: false, all: true, timeout: 10_000 },
        );
        return /SSH-\d/.test(asked.all ?? "");
    }
}
