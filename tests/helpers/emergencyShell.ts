/**
 * Somebody at a virtual machine's console who has nothing but the node's own page: its kernel arguments, then its
 * commands one by one, in the emergency shell, until the boot goes on.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { formatFault, parseFleet, viewOf } from "../../components/fleet";
import { planNetworkGuard } from "../../components/networkGuard";
import { planRunbook } from "../../components/runbook";
import { nothingByDefault } from "../../components/table";
import type { BootReport, Lab, VmNode } from "../../lab";
import { writeLabStack } from "../../lab/stack";
import { lean, patient } from "../../scripts/replay/stage";
import { pushFileSet } from "./pushFileSet";
import { commandsOf, kernelArguments } from "./runbook";

/** What each command printed, by step of the page. */
export interface Walk {
    readonly greeting: string;
    readonly said: Readonly<Record<string, string>>;
    readonly boot: BootReport;
    /** From power-on to the shell, and from there to a started system. */
    readonly seconds: { readonly shell: number; readonly repair: number };
}

/** Page and network guard, as the lab's own stack has them. */
export async function pushRunbook(lab: Lab<VmNode>): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-vm-"));
    try {
        const file = join(folder, "Pulumi.lab.yaml");
        await writeLabStack(lab, file, { defaults: { ...nothingByDefault, networkGuard: true, runbook: true } });
        const stack = parse(await readFile(file, "utf8")) as { config: Readonly<Record<string, unknown>> };
        const { fleet, faults } = parseFleet(stack.config["holdfast:fleet"], () => "");
        if (!fleet) throw new Error(faults.map(formatFault).join("\n"));
        const { host, identity, networkGuard, runbook } = fleet.nodes[0]!;
        await pushFileSet(lab, planNetworkGuard({ host, node: identity, settings: networkGuard! }));
        await pushFileSet(lab, planRunbook({ host, node: identity, settings: runbook, fleet: viewOf(fleet) }));
    } finally {
        await rm(folder, { recursive: true });
    }
}

/**
 * A machine that is off. @param meanwhile what happens before a step: a further fault that this step has to mend
 * @throws where a command of the page does not end with status 0
 */
export async function walkByPage(
    node: VmNode,
    page: string,
    meanwhile: Readonly<Record<string, string>> = {},
): Promise<Walk> {
    const started = Date.now();
    await node.powerOn(`${lean} ${patient} ${kernelArguments(page)[0]!}`);
    const console = await node.openConsole();
    const said: Record<string, string> = {};
    let shell: number;
    try {
        const [greeting] = await console.expect(
            /^.*runbook\.md.*$[^]*?Press Enter for (?:system )?maintenance[^]*?: /m,
            600,
        );
        console.type("");
        await console.expect(/# /, 60);
        shell = Date.now();
        // Of a terminal that is as wide as the page's lines.
        await console.run("stty columns 500");
        for (const step of ["A shell", "last boot", "/etc/hosts", "Mounts", "Network by hand", "pmxcfs"]) {
            if (meanwhile[step] !== undefined) await console.run(meanwhile[step]);
            said[step] = "";
            // Without the remark at its end, behind which the console's own question would be one too.
            for (const line of commandsOf(page, step).map((each) => each.replace(/ # .*$/, "")))
                said[step] += `# ${line}\n${plain(await console.run(line, 180))}\n`;
        }
        const last = commandsOf(page, "Go on with the boot");
        for (const line of last.slice(0, -1)) await console.run(line);
        console.type(last.at(-1)!);
        const boot = await node.waitUntilUp(600);
        const seconds = { shell: (shell - started) / 1000, repair: (Date.now() - shell) / 1000 };
        return { greeting, said, boot, seconds };
    } finally {
        console.close();
    }
}

/** Without the colours that `ip` gives a terminal. */
function plain(text: string): string {
    return text.replace(/\x1b\[[\d;]*m/g, "");
}
